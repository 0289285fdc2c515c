import type { BudgetPeriod, CalendarUnit } from '../contract/periods.ts';
import { msPerHour } from './time.ts';

/** From inclusive, to exclusive, milliseconds since 1970; no end: it goes on. */
export interface PeriodWindow {
  /** Another one when a new period has begun, or the period was changed. */
  key: string;
  fromMs: number;
  toMs: number | null;
}

/**
 * The window of a period at a moment. Calendar windows of a zone lie side by side without a gap, also where clocks change;
 * a day may have 23 or 25 hours, and begins at its first moment where there is no midnight.
 */
export function windowAt(period: BudgetPeriod, atMs: number): PeriodWindow {
  switch (period.kind) {
    case 'total':
      return { key: 'total', fromMs: 0, toMs: null };
    case 'rolling':
      return { key: 'rolling', fromMs: atMs - period.hours * msPerHour, toMs: null };
    case 'calendar': {
      const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(period.timeZone);
      const { fromMs, toMs } = period.unit === 'hour' ? hourOf(at) : daysOf(at, period.unit);
      return { key: `${period.unit}:${new Date(fromMs).toISOString()}`, fromMs, toMs };
    }
  }
}

/** The window that ends where this one begins; undefined where there is none. */
export function windowBefore(period: BudgetPeriod, window: PeriodWindow): PeriodWindow | undefined {
  switch (period.kind) {
    case 'total':
      return undefined;
    case 'rolling':
      return { key: 'rolling', fromMs: window.fromMs - period.hours * msPerHour, toMs: window.fromMs };
    case 'calendar':
      return windowAt(period, window.fromMs - 1);
  }
}

/** The window that begins where this one ends; undefined where it does not end. */
export function windowAfter(period: BudgetPeriod, window: PeriodWindow): PeriodWindow | undefined {
  return period.kind === 'calendar' && window.toMs !== null ? windowAt(period, window.toMs) : undefined;
}

/** The window at a moment and those before it, newest first, `count` at most. */
export function windowsBack(period: BudgetPeriod, atMs: number, count: number): PeriodWindow[] {
  const windows: PeriodWindow[] = [];
  let window: PeriodWindow | undefined = windowAt(period, atMs);
  while (window !== undefined && windows.length < count) {
    windows.push(window);
    window = windowBefore(period, window);
  }
  return windows;
}

interface Bounds {
  fromMs: number;
  toMs: number;
}

/** An hour of the wall clock; cut where clocks change by half an hour, so that no moment is in two. */
function hourOf(at: Temporal.ZonedDateTime): Bounds {
  const offsetMs = at.offsetNanoseconds / 1e6;
  const floorMs = Math.floor((at.epochMilliseconds + offsetMs) / msPerHour) * msPerHour - offsetMs;
  // Also a change at this very moment.
  const before = at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')?.epochMilliseconds ?? floorMs;
  const after = at.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity;
  return { fromMs: Math.max(floorMs, before), toMs: Math.min(floorMs + msPerHour, after) };
}

function daysOf(at: Temporal.ZonedDateTime, unit: Exclude<CalendarUnit, 'hour'>): Bounds {
  const first = firstDay(at.toPlainDate(), unit);
  const end = first.add(lengths[unit]);
  const startOf = (day: Temporal.PlainDate) => day.toZonedDateTime(at.timeZoneId).epochMilliseconds;
  return { fromMs: startOf(first), toMs: startOf(end) };
}

const lengths: Readonly<Record<Exclude<CalendarUnit, 'hour'>, Temporal.DurationLike>> = {
  day: { days: 1 },
  week: { days: 7 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { years: 1 },
};

function firstDay(day: Temporal.PlainDate, unit: Exclude<CalendarUnit, 'hour'>): Temporal.PlainDate {
  switch (unit) {
    case 'day':
      return day;
    case 'week':
      return day.subtract({ days: day.dayOfWeek - 1 });
    case 'month':
      return day.with({ day: 1 });
    case 'quarter':
      return day.with({ month: Math.floor((day.month - 1) / 3) * 3 + 1, day: 1 });
    case 'year':
      return day.with({ month: 1, day: 1 });
  }
}
