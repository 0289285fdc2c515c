import { encodings, tracesOf } from '../support/otlp-encode.ts';
import { mutatedBody, type SeedBody } from '../support/mutated-bodies.ts';
import type { TakeBody } from './take-body.ts';

/** A body that did what no body may do. */
export interface Failure {
  name: string;
  reason: string;
}

/** How many bodies were answered how. */
export interface Tally {
  taken: number;
  inPart: number;
  empty: number;
  rejected: number;
  malformed: number;
  oversized: number;
}

export const emptyTally: Readonly<Tally> = { taken: 0, inPart: 0, empty: 0, rejected: 0, malformed: 0, oversized: 0 };

/** Takes the body with this index, alone and beside a good span; answers what is wrong with what came of it. */
export async function survive(
  takeBody: TakeBody,
  { seed, index, tally }: { seed: number; index: number; tally: Tally },
): Promise<Failure | undefined> {
  const body = mutatedBody(seed, index);
  try {
    const { status, rows, rejected } = await takeBody(body);
    if (status === 413) tally.oversized += 1;
    else if (status === 400) tally.malformed += 1;
    else if (rows === 0) tally[rejected === 0 ? 'empty' : 'rejected'] += 1;
    else tally[rejected === 0 ? 'taken' : 'inPart'] += 1;
    if (Object.keys(Object.prototype).length > 0) return { name: body.name, reason: 'every object has a new property' };
    const shared = status === 200 ? withNeighbour(body) : undefined;
    if (shared === undefined) return undefined;
    const together = await takeBody(shared);
    if (together.rows === rows + 1 && together.rejected === rejected) return undefined;
    return { name: body.name, reason: `a good span beside it made of ${rows} rows ${together.rows}` };
  } catch (error) {
    return { name: body.name, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const good = encodings.protobuf.encode(
  tracesOf([{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), startTimeUnixNano: '1795376864718189541' }]),
);

/** One message of protobuf behind another is both in one. */
function withNeighbour(body: SeedBody): SeedBody | undefined {
  if (body.signal !== 'traces' || body.encoding !== 'protobuf') return undefined;
  return { ...body, bytes: Buffer.concat([body.bytes, good]) };
}
