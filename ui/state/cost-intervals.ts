import { utcDay, utcHour, utcMonth } from 'd3';
import type { CostInterval } from '../api/types.ts';

const intervals = { hour: utcHour, day: utcDay, month: utcMonth };

/** The starts and ends of all intervals (UTC) that a window touches. */
export function listIntervals(
  interval: CostInterval,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): { startMs: number; endMs: number }[] {
  const unit = intervals[interval];
  const starts = unit.range(unit.floor(new Date(fromMs)), new Date(toMs));
  return starts.map((start) => ({ startMs: start.getTime(), endMs: unit.offset(start, 1).getTime() }));
}
