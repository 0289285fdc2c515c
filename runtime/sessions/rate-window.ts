import type { RateLimits, RateTaken } from './store.ts';

/** What was begun in one second: its number since 1970, model calls, tokens. */
export type RateBucket = readonly [second: number, requests: number, tokens: number];

/**
 * A second counts until no moment of it lies within the last minute: in no 60 seconds, whenever they begin, is more begun than a limit
 * allows. The price is that a call may wait up to a second longer than it had to.
 */
export const secondsCounted = 61;

/** Those that count now; a clock that was set back left some in the future. */
export function countedBuckets(buckets: readonly RateBucket[], nowMs: number): RateBucket[] {
  const now = Math.floor(nowMs / 1000);
  return buckets.filter(([second]) => second > now - secondsCounted && second <= now + 1);
}

/** Takes one call with so many tokens out of what is left, or says how long it has to wait. The same is done in Lua for Redis. */
export function takeOfWindow(
  buckets: readonly RateBucket[],
  { nowMs, tokens, requestsPerMinute, tokensPerMinute }: RateLimits & { nowMs: number; tokens: number },
): { taken: RateTaken; buckets: readonly RateBucket[] } {
  const counted = countedBuckets(buckets, nowMs);
  const wanted = Math.min(tokens, tokensPerMinute ?? tokens);
  const waits = {
    requestsPerMinute: findWaitMs(counted, { place: 1, wanted: 1, limit: requestsPerMinute, nowMs }),
    tokensPerMinute: findWaitMs(counted, { place: 2, wanted, limit: tokensPerMinute, nowMs }),
  };
  const limit = waits.tokensPerMinute > waits.requestsPerMinute ? 'tokensPerMinute' : 'requestsPerMinute';
  if (waits[limit] > 0) return { taken: { status: 'full', limit, waitMs: waits[limit] }, buckets: counted };
  const second = Math.max(Math.floor(nowMs / 1000), counted.at(-1)?.[0] ?? 0);
  const [, requests = 0, used = 0] = counted.find((one) => one[0] === second) ?? [];
  const others = counted.filter((one) => one[0] !== second);
  return {
    taken: { status: 'taken', second, tokens: wanted },
    buckets: [...others, [second, requests + 1, used + wanted]],
  };
}

/** Adds to what was taken in a second; one that does not count any more stays as it was. */
export function correctWindow(
  buckets: readonly RateBucket[],
  { second, requests, tokens }: { second: number; requests: number; tokens: number },
): RateBucket[] {
  return buckets.map((one) =>
    one[0] === second ? [second, Math.max(0, one[1] + requests), Math.max(0, one[2] + tokens)] : one,
  );
}

/** Until the oldest seconds that are in the way do not count any more; 0: nothing is in the way. */
function findWaitMs(
  buckets: readonly RateBucket[],
  { place, wanted, limit, nowMs }: { place: 1 | 2; wanted: number; limit: number | undefined; nowMs: number },
): number {
  if (limit === undefined) return 0;
  let surplus = buckets.reduce((sum, one) => sum + one[place], wanted - limit);
  let waitMs = 0;
  for (const one of buckets) {
    if (surplus <= 0) break;
    surplus -= one[place];
    waitMs = (one[0] + secondsCounted) * 1000 - nowMs;
  }
  return waitMs;
}
