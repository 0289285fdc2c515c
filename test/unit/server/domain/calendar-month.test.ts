import { describe, expect, it } from 'vitest';
import { findTimeZone, monthBefore, monthOf, windowOfMonth } from '../../../../server/domain/calendar-month.ts';

const iso = (ns: bigint) => new Date(Number(ns / 1_000_000n)).toISOString();

describe('a month', () => {
  it.each([
    ['2026-10', 'UTC', '2026-10-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'],
    // Summer time ends in it: one hour more than 31 days.
    ['2026-10', 'Europe/Berlin', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
    ['2026-12', 'Asia/Kolkata', '2026-11-30T18:30:00.000Z', '2026-12-31T18:30:00.000Z'],
    // Midnight does not exist on the first of that month: the day begins at one.
    ['2023-10', 'America/Asuncion', '2023-10-01T04:00:00.000Z', '2023-11-01T03:00:00.000Z'],
  ])('%s of %s is %s to %s', (month, timeZone, from, to) => {
    const window = windowOfMonth({ month, timeZone });
    expect([iso(window.from), iso(window.to)]).toEqual([from, to]);
  });

  it('is that of the zone', () => {
    const at = Date.parse('2026-10-31T23:30:00Z');
    expect(monthOf(at, 'UTC').month).toBe('2026-10');
    expect(monthOf(at, 'Europe/Berlin').month).toBe('2026-11');
    expect(monthBefore({ month: '2026-01', timeZone: 'UTC' }).month).toBe('2025-12');
  });
});

it.each([
  ['Europe/Berlin', 'Europe/Berlin'],
  ['UTC', 'UTC'],
  ['Mars/Olympus', undefined],
  ['', undefined],
])('the time zone %j is %j', (name, zone) => {
  expect(findTimeZone(name)).toBe(zone);
});
