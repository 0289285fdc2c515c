/*
 * Ranges by the calendar of the local zone. Weeks begin on Mondays. What is not over yet ends now, so that the period before is
 * one of the same length.
 */

export const calendarPresets = [
  { token: 'today', label: 'Today', unit: 'day', back: 0 },
  { token: 'yesterday', label: 'Yesterday', unit: 'day', back: 1 },
  { token: 'this-week', label: 'This week', unit: 'week', back: 0 },
  { token: 'last-week', label: 'Last week', unit: 'week', back: 1 },
  { token: 'this-month', label: 'This month', unit: 'month', back: 0 },
  { token: 'last-month', label: 'Last month', unit: 'month', back: 1 },
  { token: 'this-quarter', label: 'This quarter', unit: 'quarter', back: 0 },
  { token: 'last-quarter', label: 'Last quarter', unit: 'quarter', back: 1 },
] as const;
export type CalendarPreset = (typeof calendarPresets)[number]['token'];
type Unit = (typeof calendarPresets)[number]['unit'];

/** Undefined for any other text. */
export function findCalendarPreset(token: string): CalendarPreset | undefined {
  return calendarPresets.find((preset) => preset.token === token)?.token;
}

/** `This month`. */
export function nameCalendarPreset(token: CalendarPreset): string {
  return calendarPresets.find((preset) => preset.token === token)?.label ?? token;
}

/** It ends now, and grows. */
export function isUntilNow(token: CalendarPreset): boolean {
  return calendarPresets.some((preset) => preset.token === token && preset.back === 0);
}

/** The moments of it, `toMs` exclusive. A day of 23 or 25 hours is one day. */
export function resolveCalendarPreset(token: CalendarPreset, nowMs: number): { fromMs: number; toMs: number } {
  const { unit, back } = calendarPresets.find((preset) => preset.token === token) ?? calendarPresets[0];
  const current = startOf(unit, nowMs);
  if (back === 0) return { fromMs: current, toMs: Math.max(nowMs, current + 1) };
  return { fromMs: startOf(unit, current - 1), toMs: current };
}

function startOf(unit: Unit, ms: number): number {
  const date = new Date(ms);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  if (unit === 'day') return new Date(year, month, day).getTime();
  if (unit === 'week') return new Date(year, month, day - ((date.getDay() + 6) % 7)).getTime();
  return new Date(year, unit === 'month' ? month : month - (month % 3), 1).getTime();
}
