import { formatAbsolute, formatRelative } from '../../components/time.ts';

/** A time of the runtime (RFC 3339) for people: relative, and exactly. */
export function formatIso(time: string, nowMs: number): { text: string; title: string } {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) return { text: time, title: time };
  const unixNano = BigInt(ms) * 1_000_000n;
  return { text: formatRelative(unixNano, nowMs), title: formatAbsolute(unixNano) };
}
