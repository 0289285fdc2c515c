import type { TimeWindow } from './filters.ts';
import { earliest, latest, msPerDay, msPerHour, shift } from './time.ts';

/** The first slice of a list is small because most pages fit into it; a search costs much even in a small one. */
const sliceMs = [msPerHour, 5 * msPerHour, 18 * msPerHour, 3 * msPerDay, 10 * msPerDay, 30 * msPerDay];
const costlySliceMs = [msPerDay, 6 * msPerDay, 30 * msPerDay];

/** Cuts a window into growing slices from one end to the other; the last takes all that is left. */
export function slicesOf(window: TimeWindow, options: { newestFirst: boolean; isCostly: boolean }): TimeWindow[] {
  const slices: TimeWindow[] = [];
  let rest = window;
  for (const ms of options.isCostly ? costlySliceMs : sliceMs) {
    if (rest.from >= rest.to) break;
    if (options.newestFirst) {
      const cut = latest(rest.from, shift(rest.to, -ms));
      slices.push({ from: cut, to: rest.to });
      rest = { from: rest.from, to: cut };
    } else {
      const cut = earliest(rest.to, shift(rest.from, ms));
      slices.push({ from: rest.from, to: cut });
      rest = { from: cut, to: rest.to };
    }
  }
  if (rest.from < rest.to) slices.push(rest);
  return slices;
}
