import type { PeriodWindow } from '../calendar.ts';
import type { TimeWindow } from '../filters.ts';
import { msPerDay, unixNanoOfMs } from '../time.ts';

/** The last day of a ClickHouse `Date`, 2149-06-06: a window without an end takes what lies before it. */
const lastDay = 65_535;

/** What a window takes of the ledger: one that goes on also takes calls whose clock is ahead. */
export function toTimeWindow({ fromMs, toMs }: Pick<PeriodWindow, 'fromMs' | 'toMs'>): TimeWindow {
  return { from: unixNanoOfMs(Math.max(0, fromMs)), to: unixNanoOfMs(toMs ?? lastDay * msPerDay) };
}
