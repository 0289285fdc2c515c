const firstDelayMs = 500;
const delayMaxMs = 10_000;
/** A server that wants to be left alone for longer is not asked again by the same call. */
const retryAfterMaxMs = 30_000;

/** The wait before a call is repeated: doubling, half of it by chance; not shorter than the server asks for. Undefined: give up. */
export function retryDelay(options: {
  /** 1 after the first try. */
  attempts: number;
  retryAfterMs: number | undefined;
  random: () => number;
}): number | undefined {
  if (options.retryAfterMs !== undefined && options.retryAfterMs > retryAfterMaxMs) return undefined;
  const full = Math.min(firstDelayMs * 2 ** (options.attempts - 1), delayMaxMs);
  return Math.max(options.retryAfterMs ?? 0, full / 2 + (full / 2) * options.random());
}

/** The `Retry-After` header: seconds or a date. */
export function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
