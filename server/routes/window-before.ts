import type { TimeWindow } from '../domain/filters.ts';
import { msPerDay, nsPerMs, shift } from '../domain/time.ts';

/** What a window is compared with: as long, just before, or the same seven days earlier. */
export function windowBefore({ from, to }: TimeWindow, against: 'previous' | 'week'): TimeWindow {
  if (against === 'previous') return { from: shift(from, -Number((to - from) / nsPerMs)), to: from };
  return { from: shift(from, -7 * msPerDay), to: shift(to, -7 * msPerDay) };
}
