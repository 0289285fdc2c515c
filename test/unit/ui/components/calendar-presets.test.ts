import { describe, expect, test } from 'vitest';
import {
  type CalendarPreset,
  calendarPresets,
  resolveCalendarPreset,
} from '../../../../ui/components/range/calendar-presets.ts';
import { whenOf } from '../../../../ui/components/range/range-words.ts';
import {
  endsNow,
  parseRangeText,
  readCalendarToken,
  resolveRange,
} from '../../../../ui/components/range/time-range.ts';
import { readTraceQuery, writeRange } from '../../../../ui/state/trace-query.ts';

/** A Wednesday. The tests' zone is UTC. */
const nowMs = Date.parse('2026-11-18T10:30:00Z');
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16);

describe('a range by the calendar', () => {
  test.each<[CalendarPreset, string, string]>([
    ['today', '2026-11-18T00:00', '2026-11-18T10:30'],
    ['yesterday', '2026-11-17T00:00', '2026-11-18T00:00'],
    ['this-week', '2026-11-16T00:00', '2026-11-18T10:30'],
    ['last-week', '2026-11-09T00:00', '2026-11-16T00:00'],
    ['this-month', '2026-11-01T00:00', '2026-11-18T10:30'],
    ['last-month', '2026-10-01T00:00', '2026-11-01T00:00'],
    ['this-quarter', '2026-10-01T00:00', '2026-11-18T10:30'],
    ['last-quarter', '2026-07-01T00:00', '2026-10-01T00:00'],
  ])('%s is %s to %s', (token, from, to) => {
    const { fromMs, toMs } = resolveCalendarPreset(token, nowMs);
    expect([iso(fromMs), iso(toMs)]).toEqual([from, to]);
  });

  test('is never empty, and of a Sunday the week is the one before Monday', () => {
    for (const { token } of calendarPresets) {
      const { fromMs, toMs } = resolveCalendarPreset(token, Date.parse('2026-01-01T00:00:00Z'));
      expect(toMs).toBeGreaterThan(fromMs);
    }
    expect(iso(resolveCalendarPreset('this-week', Date.parse('2026-11-22T12:00:00Z')).fromMs)).toBe('2026-11-16T00:00');
    expect(iso(resolveCalendarPreset('last-month', Date.parse('2026-01-15T00:00:00Z')).fromMs)).toBe(
      '2025-12-01T00:00',
    );
  });

  test('stands in the address by its name, and moves on with time', () => {
    const range = readCalendarToken('this-month', nowMs);
    if (range === undefined) throw new Error('no range');
    expect(writeRange(range)).toEqual({ range: 'this-month', from: null, to: null });
    const read = readTraceQuery(new URLSearchParams('range=this-month'));
    expect([read.problems, read.query.range]).toEqual([[], expect.objectContaining({ preset: 'this-month' })]);
    const later = resolveRange(range, Date.parse('2026-12-02T00:00:00Z'));
    expect([iso(later.fromMs), iso(later.toMs)]).toEqual(['2026-12-01T00:00', '2026-12-02T00:00']);
  });

  test('can be typed, except the last week, which is seven days', () => {
    expect(parseRangeText('this month', nowMs)).toMatchObject({ range: { preset: 'this-month' } });
    expect(parseRangeText('Last quarter', nowMs)).toMatchObject({ range: { preset: 'last-quarter' } });
    expect(parseRangeText('last week', nowMs)).toMatchObject({ range: { kind: 'last' } });
  });

  test('says whether it ends now, and what it is called', () => {
    const [month, before] = [readCalendarToken('this-month', nowMs), readCalendarToken('last-month', nowMs)];
    if (month === undefined || before === undefined) throw new Error('no range');
    expect([endsNow(month), endsNow(before)]).toEqual([true, false]);
    expect(whenOf(month, nowMs)).toBe('this month');
    expect(readCalendarToken('next-month', nowMs)).toBe(undefined);
  });
});
