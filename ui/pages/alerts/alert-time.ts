import { formatAbsolute, formatRelative } from '../../components/time.ts';

/** `3 min ago`, of a time in milliseconds. */
export function formatRelativeMs(atMs: number, nowMs: number): string {
  return formatRelative(toNano(atMs), nowMs);
}

/** The same with its date, to the millisecond, and its zone. */
export function formatAbsoluteMs(atMs: number): string {
  return formatAbsolute(toNano(atMs));
}

function toNano(atMs: number): bigint {
  return BigInt(Math.round(atMs)) * 1_000_000n;
}
