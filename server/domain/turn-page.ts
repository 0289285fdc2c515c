import type { SessionTurn } from './settlement/turns.ts';

/** Where a page of turns ended: the last turn's start and first trace, and how many turns began there. */
export interface TurnPosition {
  startNs: bigint;
  traceId: string;
  count: number;
}

/** The turns after a position; a session that has grown since keeps its place. */
export function turnsAfter(turns: readonly SessionTurn[], position: TurnPosition | undefined): readonly SessionTurn[] {
  if (position === undefined) return turns;
  const order = (turn: SessionTurn) =>
    compare(turn.startNs, position.startNs) || compare(traceOf(turn), position.traceId);
  const begun = turns.filter((turn) => order(turn) < 0).length;
  const there = turns.filter((turn) => order(turn) === 0).length;
  return turns.slice(begun + Math.min(there, position.count));
}

/** The position of the last of some turns among all; undefined of none. */
export function positionAfter(page: readonly SessionTurn[], turns: readonly SessionTurn[]): TurnPosition | undefined {
  const last = page.at(-1);
  if (last === undefined) return undefined;
  const until = turns.slice(0, turns.indexOf(last) + 1);
  const count = until.filter((turn) => turn.startNs === last.startNs && traceOf(turn) === traceOf(last)).length;
  return { startNs: last.startNs, traceId: traceOf(last), count };
}

/**
 * As many turns as fit on a page: at most `limit`, and no more than the first whose traces together exceed a budget of spans
 * or traces. Always one, so that there is an end.
 */
export function fitTurns(
  turns: readonly SessionTurn[],
  spanCountOf: (traceId: string) => number,
  limits: { limit: number; spansMax: number; tracesMax: number },
): readonly SessionTurn[] {
  const traceIds = new Set<string>();
  let spans = 0;
  for (const [at, turn] of turns.entries()) {
    if (at >= limits.limit) return turns.slice(0, at);
    for (const { traceId } of turn.parts) {
      if (!traceIds.has(traceId)) spans += spanCountOf(traceId);
      traceIds.add(traceId);
    }
    if (at > 0 && (spans > limits.spansMax || traceIds.size > limits.tracesMax)) return turns.slice(0, at);
  }
  return turns;
}

function traceOf(turn: SessionTurn): string {
  return turn.parts[0]?.traceId ?? '';
}

function compare<Value extends bigint | string>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
