const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** Waits before the second try and those behind it: a receiver may be away for a night. */
export const retryDelaysMs: readonly number[] = [
  5 * secondMs,
  30 * secondMs,
  2 * minuteMs,
  10 * minuteMs,
  30 * minuteMs,
  hourMs,
  2 * hourMs,
  4 * hourMs,
  8 * hourMs,
];
/** What a receiver may ask for at most: it must not be able to put an alert off for days. */
const retryAfterMaxMs = hourMs;
/** By chance, so that what failed together is not repeated together. */
const jitterShare = 0.2;

/** The wait after so many tries, not shorter than the receiver asks for; undefined: that was the last one. */
export function retryDelay(options: {
  /** 1 after the first try. */
  tries: number;
  retryAfterMs: number | undefined;
  random: () => number;
  delaysMs?: readonly number[] | undefined;
}): number | undefined {
  const delay = (options.delaysMs ?? retryDelaysMs)[options.tries - 1];
  if (delay === undefined) return undefined;
  const asked = Math.min(options.retryAfterMs ?? 0, retryAfterMaxMs);
  return Math.max(asked, delay * (1 + jitterShare * options.random()));
}

/** The `Retry-After` header: seconds or a date. */
export function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * secondMs;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
