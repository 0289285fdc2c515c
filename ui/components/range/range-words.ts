import { formatMoment } from '../time.ts';
import { nameCalendarPreset } from './calendar-presets.ts';
import { type TimeRange, describeLast } from './time-range.ts';

/** Behind what happened: `in the last 24 hours`, `this month`, `from 12:00 to 14:00`. */
export function whenOf(range: TimeRange, nowMs: number): string {
  if (range.kind === 'last') return `in the ${describeLast(range)}`;
  if (range.preset !== undefined) return nameCalendarPreset(range.preset).toLowerCase();
  return `from ${formatMoment(range.fromMs, nowMs)} to ${formatMoment(range.toMs, nowMs)}`;
}
