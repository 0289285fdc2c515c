import { describe, expect, it } from 'vitest';
import type { BudgetPeriod, CalendarUnit } from '../../../../server/contract/periods.ts';
import { windowAfter, windowAt, windowBefore, windowsBack } from '../../../../server/domain/calendar.ts';

const hourMs = 3_600_000;

function calendar(unit: CalendarUnit, timeZone = 'UTC'): BudgetPeriod {
  return { kind: 'calendar', unit, timeZone };
}

function boundsAt(period: BudgetPeriod, at: string): [string, string | null] {
  const { fromMs, toMs } = windowAt(period, Date.parse(at));
  return [short(fromMs), toMs === null ? null : short(toMs)];
}

function short(ms: number): string {
  return new Date(ms).toISOString().replace(/:00\.000Z$/, 'Z');
}

describe('the window of a period', () => {
  it.each([
    ['hour', 'UTC', '2026-11-23T14:59:59.999Z', '2026-11-23T14:00Z', '2026-11-23T15:00Z'],
    ['day', 'Europe/Berlin', '2026-11-23T23:30:00Z', '2026-11-23T23:00Z', '2026-11-24T23:00Z'],
    ['week', 'UTC', '2026-11-22T23:59:59Z', '2026-11-16T00:00Z', '2026-11-23T00:00Z'],
    ['week', 'UTC', '2026-11-23T00:00:00Z', '2026-11-23T00:00Z', '2026-11-30T00:00Z'],
    ['month', 'America/New_York', '2026-12-01T04:59:59Z', '2026-11-01T04:00Z', '2026-12-01T05:00Z'],
    ['month', 'UTC', '2028-02-29T12:00:00Z', '2028-02-01T00:00Z', '2028-03-01T00:00Z'],
    ['quarter', 'Asia/Kolkata', '2026-11-23T00:00:00Z', '2026-09-30T18:30Z', '2026-12-31T18:30Z'],
    ['year', 'Pacific/Auckland', '2026-12-31T11:00:00Z', '2026-12-31T11:00Z', '2027-12-31T11:00Z'],
  ] as const)('is a %s in %s at %s', (unit, zone, at, from, to) => {
    expect(boundsAt(calendar(unit, zone), at)).toEqual([from, to]);
  });

  it.each([
    ['the day in spring has 23 hours', 'Europe/Berlin', '2026-03-29T10:00:00Z', 23],
    ['the day in autumn has 25 hours', 'Europe/Berlin', '2026-10-25T10:00:00Z', 25],
    ['a day without midnight begins at one', 'America/Santiago', '2026-09-06T12:00:00Z', 23],
    ['half an hour is moved', 'Australia/Lord_Howe', '2026-10-04T00:00:00Z', 23.5],
  ])('%s', (_, zone, at, hours) => {
    const { fromMs, toMs } = windowAt(calendar('day', zone), Date.parse(at));
    expect(((toMs ?? 0) - fromMs) / hourMs).toBe(hours);
  });

  it('counts the hour that comes twice as two', () => {
    expect(boundsAt(calendar('hour', 'Europe/Berlin'), '2026-10-25T00:30:00Z')).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T01:00Z',
    ]);
    expect(boundsAt(calendar('hour', 'Europe/Berlin'), '2026-10-25T01:30:00Z')).toEqual([
      '2026-10-25T01:00Z',
      '2026-10-25T02:00Z',
    ]);
  });

  it('goes on without an end when it is rolling or total', () => {
    const atMs = Date.parse('2026-11-23T12:34:56Z');
    expect(windowAt({ kind: 'rolling', hours: 24 }, atMs)).toEqual({
      ...{ key: 'rolling', fromMs: atMs - 24 * hourMs, toMs: null },
    });
    expect(windowAt({ kind: 'total' }, atMs)).toEqual({ key: 'total', fromMs: 0, toMs: null });
    expect(windowBefore({ kind: 'total' }, windowAt({ kind: 'total' }, atMs))).toBeUndefined();
    expect(windowBefore({ kind: 'rolling', hours: 24 }, windowAt({ kind: 'rolling', hours: 24 }, atMs))).toEqual({
      ...{ key: 'rolling', fromMs: atMs - 48 * hourMs, toMs: atMs - 24 * hourMs },
    });
  });

  it.each([
    ['hour', 'Europe/Berlin', '2026-10-25T02:10:00Z', 30],
    ['hour', 'Australia/Lord_Howe', '2026-04-05T02:10:00Z', 30],
    ['hour', 'Australia/Lord_Howe', '2026-10-04T02:10:00Z', 30],
    ['day', 'America/Havana', '2026-11-23T02:10:00Z', 400],
    ['day', 'America/Santiago', '2026-11-23T02:10:00Z', 400],
    ['week', 'Europe/London', '2026-11-23T02:10:00Z', 60],
    ['month', 'America/Sao_Paulo', '2026-11-23T02:10:00Z', 40],
    ['quarter', 'Asia/Kathmandu', '2026-11-23T02:10:00Z', 12],
    ['year', 'Africa/Casablanca', '2026-11-23T02:10:00Z', 8],
  ] as const)('lies beside the ones before and after it: %s in %s', (unit, zone, at, count) => {
    const period = calendar(unit, zone);
    const windows = windowsBack(period, Date.parse(at), count);
    expect(windows).toHaveLength(count);
    expect(new Set(windows.map(({ key }) => key)).size).toBe(count);
    for (const [i, window] of windows.entries()) {
      const { fromMs, toMs } = window;
      expect(windowAt(period, fromMs)).toEqual(window);
      expect(windowAt(period, (toMs ?? 0) - 1)).toEqual(window);
      if (i > 0) expect(windowAfter(period, window)).toEqual(windows[i - 1]);
    }
  });
});
