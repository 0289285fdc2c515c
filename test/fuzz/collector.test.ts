import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClickHouseClient } from '@clickhouse/client';
import { tables } from '../../migrations/schema.ts';
import { connectDatabase, newProjectId, useDatabase } from '../support/database.ts';
import { mutatedBodies, type MutatedBody } from '../support/mutated-bodies.ts';
import { decodeMessage, encodings, tracesOf } from '../support/otlp-encode.ts';
import { environmentOf } from '../support/pipeline.ts';
import { type Program, startProgram } from '../support/program.ts';
import { newSpan } from '../integration/collector/live-collector.ts';
import { onceFailed } from './once-failed.ts';
import { emptyTally, type Failure, survive } from './survive.ts';
import { createTakeBody } from './take-body.ts';

/** The long run is `node test/fuzz/run.ts`; a seed and an index name a body here and there. */
const seed = Number(process.env['FUZZ_SEED'] ?? 1);
console.log(`FUZZ_SEED=${seed}`);

const replies = {
  traces: { type: 'ExportTraceServiceResponse', field: 'rejectedSpans' },
  logs: { type: 'ExportLogsServiceResponse', field: 'rejectedLogRecords' },
} as const;

/** How many items the reply says were not stored. */
function rejectedIn({ signal, encoding }: MutatedBody, reply: Buffer): number {
  const { type, field } = replies[signal];
  const decoded = encoding === 'json' ? (JSON.parse(reply.toString()) as object) : decodeMessage(type, reply);
  const { partialSuccess } = decoded as { partialSuccess?: Record<string, string> };
  return Number(partialSuccess?.[field] ?? 0);
}

describe('decoding and mapping', () => {
  it.each(onceFailed)('survives %s', async (_what, body, good) => {
    expect(await createTakeBody()(body)).toMatchObject({ status: 200, rows: good });
  });

  it('survives spoilt bodies, and so does a good span beside them', async () => {
    const takeBody = createTakeBody();
    const tally = { ...emptyTally };
    const failures: Failure[] = [];
    for (let index = 0; index < 4_000; index += 1) {
      const failure = await survive(takeBody, { seed, index, tally });
      if (failure !== undefined) failures.push(failure);
    }
    expect(failures).toEqual([]);
    for (const [how, count] of Object.entries(tally)) if (how !== 'oversized') expect(count, how).toBeGreaterThan(0);
  });
});

describe('a collector', () => {
  let collector: Program;
  let reader: ClickHouseClient;
  beforeAll(async () => {
    reader = connectDatabase(useDatabase());
    collector = await startProgram('collector/main.ts', environmentOf(useDatabase()));
  });
  afterAll(() => Promise.all([collector.stop(), reader.close()]));

  it('never fails on spoilt bodies, stores what it accepts, and what stands beside them', async () => {
    const spoilt = newProjectId();
    const neighbours = newProjectId();
    const takeBody = createTakeBody(Date.now());
    const accepted = { traces: 0, logs: 0 };
    const bodies = [...mutatedBodies(seed, { count: 1_500 })];
    // Many at a time share their inserts.
    while (bodies.length > 0) await Promise.all(bodies.splice(0, 100).map(sendBoth));

    async function sendBoth(body: MutatedBody): Promise<void> {
      const { status, rows, rejected } = await takeBody(body);
      const [reply, beside] = await Promise.all([send(body, spoilt), sendGood(neighbours)]);
      expect([beside, reply.status], body.name).toEqual([200, status]);
      if (status === 200) expect(rejectedIn(body, reply.body), body.name).toBe(rejected);
      accepted[body.signal] += rows;
    }

    console.log(`accepted ${JSON.stringify(accepted)}`);
    expect(await countRows(tables.spans, neighbours)).toBe(1_500);
    expect({ traces: await countRows(tables.spans, spoilt), logs: await countRows(tables.spanEvents, spoilt) }).toEqual(
      accepted,
    );
    expect(accepted.traces).toBeGreaterThan(500);
    expect(collector.output()).not.toMatch(/request failed|not stored/);
  });

  async function send({ signal, encoding, bytes }: MutatedBody, project: string) {
    const reply = await fetch(`${collector.url}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': encodings[encoding].contentType, 'x-sightglass-project': project },
      body: new Uint8Array(bytes),
    });
    return { status: reply.status, body: Buffer.from(await reply.arrayBuffer()) };
  }

  async function sendGood(project: string): Promise<number> {
    const bytes = encodings.protobuf.encode(tracesOf([newSpan()]));
    return (await send({ name: '', signal: 'traces', encoding: 'protobuf', bytes }, project)).status;
  }

  async function countRows(table: string, project: string): Promise<number> {
    const query = `SELECT toString(count()) AS n FROM ${table} WHERE project_id = {project:String}`;
    const reply = await reader.query({ query, query_params: { project }, format: 'JSONEachRow' });
    const [row] = await reply.json<{ n: string }>();
    return Number(row?.n);
  }
});
