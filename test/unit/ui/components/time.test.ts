import { expect, test } from 'vitest';
import {
  formatAbsolute,
  formatMoment,
  formatRelative,
  formatWidth,
  toMs,
  zoneOffset,
} from '../../../../ui/components/time.ts';

const now = Date.UTC(2026, 10, 22, 12, 0, 0);
const before = (ms: number) => `${now - ms}000000`;

test.each([
  [4_000, 'just now'],
  [40_000, '40 s ago'],
  [180_000, '3 min ago'],
  [5 * 3_600_000, '5 h ago'],
  [2 * 86_400_000, '2 d ago'],
  [10 * 86_400_000, '12 Nov'],
  [400 * 86_400_000, '18 Oct 2025'],
  [-180_000, 'in 3 min'],
])('%d ms before now reads %s', (ms, text) => {
  expect(formatRelative(before(ms), now)).toBe(text);
});

test('the absolute time names its zone and keeps nanoseconds that are there', () => {
  expect(formatAbsolute('1795376862093000000')).toBe('22 Nov 2026, 19:47:42.093 (UTC)');
  expect(formatAbsolute('1795376862093000001')).toBe('22 Nov 2026, 19:47:42.093000001 (UTC)');
});

test('a moment of another day says its day', () => {
  expect(formatMoment(now - 3_600_000, now)).toBe('11:00');
  expect(formatMoment(now - 86_400_000, now)).toBe('21 Nov, 12:00');
});

test('widths of buckets read in their largest unit', () => {
  expect([500, 15_000, 900_000, 14_400_000, 86_400_000].map(formatWidth)).toEqual([
    '500 ms',
    '15 s',
    '15 min',
    '4 h',
    '1 d',
  ]);
});

test('milliseconds drop what a date cannot hold', () => {
  expect(toMs('1795376862093999999')).toBe(1_795_376_862_093);
});

test('the zone says its distance from UTC', () => {
  expect(zoneOffset(now)).toBe('UTC');
});
