import { tickMs } from '../domain/alerts/back-test.ts';

/** What was sent before a tick is settled by then: the fast lane takes a second or two. */
const settleMs = 5_000;
/** While settlement is not further behind, what it has booked so far is taken as it is. */
const freshLagMs = 75_000;

/** The number of the tick that is due. */
export function tickAt(nowMs: number): number {
  return Math.floor((nowMs - settleMs) / tickMs);
}

/** When a tick is due. */
export function dueAtMs(tick: number): number {
  return tick * tickMs + settleMs;
}

/**
 * Where windows end at a tick: at the tick itself, or, where settlement is behind, where it has come to, so that what is not
 * booked yet is not taken for nothing. Never earlier than before. Undefined: nothing was ever settled.
 */
export function evaluatedTo(
  tick: number,
  { verifiedToMs, nowMs, beforeMs }: { verifiedToMs: number | undefined; nowMs: number; beforeMs: number },
): number | undefined {
  if (verifiedToMs === undefined) return undefined;
  const isFresh = nowMs - verifiedToMs <= freshLagMs;
  const endMs = isFresh ? tick * tickMs : Math.floor(verifiedToMs / tickMs) * tickMs;
  return Math.max(beforeMs, Math.min(endMs, tick * tickMs));
}
