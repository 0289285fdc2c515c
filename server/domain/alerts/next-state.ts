import { type StoredAttempt, type StoredDelivery, withAttempt } from './delivery.ts';
import type { Verdict } from './judge-answer.ts';
import { retryDelay } from './retry-schedule.ts';

export interface Repetition {
  repeat: Verdict['repeat'];
  retryAfterMs: number | undefined;
}

/**
 * Where a delivery is after a try: delivered, to be tried again, or dead. Every try counts, also one that was interrupted, so that
 * no message is tried for ever. A test is tried once.
 */
export function afterAttempt(
  delivery: StoredDelivery,
  attempt: StoredAttempt,
  options: Repetition & { nowMs: number; random: () => number; delaysMs?: readonly number[] | undefined },
): Pick<StoredDelivery, 'state' | 'isPosted' | 'tries' | 'attempts' | 'nextAtMs'> {
  const { repeat, retryAfterMs, nowMs, random, delaysMs } = options;
  const counted = { ...withAttempt(delivery, attempt), isPosted: false };
  const over = { ...counted, nextAtMs: nowMs };
  if (repeat === 'no') return { ...over, state: 'delivered' };
  const delay = retryDelay({ tries: counted.tries, retryAfterMs, random, delaysMs });
  if (repeat === 'never' || delivery.isTest || delay === undefined) return { ...over, state: 'dead' };
  return { ...counted, state: 'failed', nextAtMs: nowMs + (repeat === 'plain' ? 0 : delay) };
}
