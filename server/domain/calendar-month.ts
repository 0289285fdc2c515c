import type { TimeWindow } from './filters.ts';
import { unixNanoOfMs } from './time.ts';

/** `2026-11` in a time zone of the IANA table. */
export interface CalendarMonth {
  month: string;
  timeZone: string;
}

/** Undefined: there is no such zone. */
export function findTimeZone(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** From the first moment of the month to that of the next one; changes of the clock are in it. */
export function windowOfMonth({ month, timeZone }: CalendarMonth): TimeWindow {
  const first = Temporal.PlainYearMonth.from(month).toPlainDate({ day: 1 });
  const startOf = (day: Temporal.PlainDate) => unixNanoOfMs(day.toZonedDateTime(timeZone).epochMilliseconds);
  return { from: startOf(first), to: startOf(first.add({ months: 1 })) };
}

export function monthBefore({ month, timeZone }: CalendarMonth): CalendarMonth {
  return { month: Temporal.PlainYearMonth.from(month).subtract({ months: 1 }).toString(), timeZone };
}

/** The month that a moment falls into. */
export function monthOf(ms: number, timeZone: string): CalendarMonth {
  const month = Temporal.Instant.fromEpochMilliseconds(ms)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .toPlainYearMonth();
  return { month: month.toString(), timeZone };
}
