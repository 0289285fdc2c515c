import type { Turn, TurnEnd } from '../sessions/record.ts';

/** Why there is nothing to read of a turn. */
type Missing = 'deleted' | 'unreadable';

const ends: Readonly<Record<Missing, Pick<TurnEnd, 'state' | 'reason' | 'message'>>> = {
  deleted: { state: 'cancelled', reason: 'cancelled', message: 'The session was deleted.' },
  unreadable: {
    state: 'failed',
    reason: 'internal_error',
    message: 'The session cannot be worked on now, for a reason of ours.',
  },
};

/** For whoever waits for a turn of which there is nothing to read. */
export function turnWithoutRecord(sessionId: string, id: string, why: Missing): Turn {
  const input = { messages: [], system: [], variables: {}, labels: {}, user: null, traceparent: null };
  const end: TurnEnd = { ...ends[why], text: '', atMs: Date.now() };
  return {
    ...{ id, sessionId, number: 0, state: end.state, acceptedMs: end.atMs, startedMs: null, idempotencyKey: null },
    ...{ contentHash: '', input, entries: [], end, claims: 0 },
  };
}
