import { createIntake } from '../../collector/receive/intake.ts';
import { MappedBatch } from '../../collector/receive/mapped-batch.ts';
import type { BatchContent } from '../../collector/write/batch-content.ts';
import { KnownMessages } from '../../collector/write/known-messages.ts';
import { keepForeverDays } from '../support/database.ts';
import type { SeedBody } from '../support/mutated-bodies.ts';

/** What became of a body. */
export interface Taken {
  status: 200 | 400 | 413;
  rows: number;
  rejected: number;
}

/** Decodes and maps a body and encodes its rows. Throws where the sender would hear of a fault of ours. */
export type TakeBody = (body: SeedBody) => Promise<Taken>;

/** The captures are from November 2026. */
const afterCapturesMs = Date.UTC(2026, 11, 1);

/** As the collector does it; what stores the rows is left out. */
export function createTakeBody(nowMs = afterCapturesMs): TakeBody {
  const deps = { known: new KnownMessages(), retentionDays: keepForeverDays, nowMs: () => nowMs };
  return async ({ signal, encoding, bytes }) => {
    let rows = 0;
    const intake = createIntake({
      submit: (body) => {
        const content = new MappedBatch(deps);
        const appended = content.append(body);
        ({ rows } = appended);
        if (rows > 0) seal(content);
        return Promise.resolve({ outcome: { status: 'stored' }, told: appended.told });
      },
    });
    const answer = await intake.take({ signal, encoding, projectId: 'p', body: bytes });
    if (answer.status === 200) return { status: 200, rows, rejected: answer.partial?.rejected ?? 0 };
    if (answer.status === 400 || answer.status === 413) return { status: answer.status, rows: 0, rejected: 0 };
    throw new Error(`answered ${String(answer.status)}: ${answer.message}`);
  };
}

function seal(content: BatchContent<never, unknown>): void {
  const { messages, rest } = content.seal();
  if (rest.length !== 1) throw new Error(`${String(rest.length)} tables for rows of one`);
  if (messages?.data.length === 0) throw new Error('messages without bytes');
}
