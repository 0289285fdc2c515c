import type { CalendarUnit, RuleForm } from './rule-form.ts';
import { nameWidth } from './rule-words.ts';

const rollingMinutes = [5, 15, 30, 60, 180, 360, 720, 1_440, 4_320, 10_080, 20_160, 43_200];
const calendarWords: Readonly<Record<CalendarUnit, string>> = {
  day: 'today, from midnight',
  week: 'this week, from Monday',
  month: 'this month, from the 1st',
};

/** Every window that can be chosen, and the one of the form where it is another. */
export function windowChoices(form: RuleForm): { value: string; label: string }[] {
  const own = form.windowKind === 'rolling' ? [Number(form.minutes)] : [];
  const minutes = [...new Set([...rollingMinutes, ...own])].toSorted((a, b) => a - b);
  return [
    ...minutes.map((width) => ({ value: String(width), label: `the last ${nameWidth(width)}` })),
    ...Object.entries(calendarWords).map(([value, label]) => ({ value, label })),
  ];
}

/** Which of them the form has. */
export function windowChoice({ windowKind, minutes, unit }: RuleForm): string {
  return windowKind === 'rolling' ? minutes : unit;
}

/** The fields of a choice. */
export function chooseWindow(choice: string): Partial<RuleForm> {
  if (choice === 'day' || choice === 'week' || choice === 'month') return { windowKind: 'calendar', unit: choice };
  return { windowKind: 'rolling', minutes: choice };
}
