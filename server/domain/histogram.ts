import type { TimeWindow } from './filters.ts';
import { msPerDay, msPerHour, nsPerMs, type UnixNano, unixNano } from './time.ts';

const bucketsMax = 60;
const minute = 60_000;

/** Intervals that divide clocks and calendars well; the last is for windows of decades. */
const intervalsMs = [
  ...[1_000, 5_000, 10_000, 15_000, 30_000],
  ...[minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute],
  ...[msPerHour, 3 * msPerHour, 6 * msPerHour, 12 * msPerHour],
  ...[msPerDay, 7 * msPerDay, 30 * msPerDay, 365 * msPerDay, 3_650 * msPerDay],
] as const;

export interface Buckets {
  intervalMs: number;
  /** Starts of all buckets that overlap the window, oldest first; multiples of the interval since 1970. */
  starts: UnixNano[];
}

/** Cuts a window into about sixty buckets at round times (UTC). An empty window has none. */
export function bucketsOf(window: TimeWindow): Buckets {
  const lengthMs = Number((window.to - window.from) / nsPerMs);
  const intervalMs = intervalsMs.find((interval) => lengthMs <= interval * bucketsMax) ?? 3_650 * msPerDay;
  const intervalNs = BigInt(intervalMs) * nsPerMs;
  const starts: UnixNano[] = [];
  if (window.from >= window.to) return { intervalMs, starts };
  for (let start = window.from - (window.from % intervalNs); start < window.to; start += intervalNs) {
    starts.push(unixNano(start));
  }
  return { intervalMs, starts };
}
