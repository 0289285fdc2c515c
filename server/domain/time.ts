/** Nanoseconds since 1970-01-01 UTC. */
export type UnixNano = bigint & { readonly unit: 'unix nanoseconds' };

export const nsPerMs = 1_000_000n;
export const msPerHour = 3_600_000;
export const msPerDay = 24 * msPerHour;
const nsPerDay = BigInt(msPerDay) * nsPerMs;

/** The largest time a ClickHouse `DateTime64(9)` holds: 2262-04-11. */
const latestNs = 2n ** 63n - 1n;

/** An RFC 3339 time with all its fractional digits up to the ninth; undefined outside of 1970 to 2262. */
export function parseRfc3339(text: string): UnixNano | undefined {
  const [, seconds = '', fraction = '', zone = ''] = /^(.{10}[Tt]\d\d:\d\d:\d\d)(?:\.(\d+))?(.+)$/.exec(text) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms)) return undefined;
  const ns = BigInt(ms) * nsPerMs + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return ns >= 0n && ns <= latestNs ? (ns as UnixNano) : undefined;
}

export function unixNano(value: bigint | string): UnixNano {
  return BigInt(value) as UnixNano;
}

export function unixNanoOfMs(ms: number): UnixNano {
  return (BigInt(Math.trunc(ms)) * nsPerMs) as UnixNano;
}

/** Moved by milliseconds, kept within what ClickHouse can hold. */
export function shift(time: UnixNano, ms: number): UnixNano {
  const moved = time + BigInt(ms) * nsPerMs;
  return (moved < 0n ? 0n : moved > latestNs ? latestNs : moved) as UnixNano;
}

export function earliest(a: UnixNano, b: UnixNano): UnixNano {
  return a < b ? a : b;
}

export function latest(a: UnixNano, b: UnixNano): UnixNano {
  return a > b ? a : b;
}

/** Days since 1970 (UTC). */
export function dayOf(time: UnixNano): number {
  return Number(time / nsPerDay);
}
