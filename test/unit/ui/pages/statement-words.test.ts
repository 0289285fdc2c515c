import { expect, test } from 'vitest';
import {
  describeStep,
  differenceOf,
  formatCents,
  nameMonth,
  stepMonth,
} from '../../../../ui/pages/costs/statement/statement-words.ts';

test('months have names, and are stepped through over years', () => {
  expect(nameMonth('2026-10')).toBe('October 2026');
  expect([stepMonth('2026-01', -1), stepMonth('2026-12', 1), stepMonth('2026-11', -23)]).toEqual([
    ...['2025-12', '2027-01', '2024-12'],
  ]);
});

test.each([
  ['0.00', '$0.00'],
  ['1234567.80', '$1,234,567.80'],
  ['-3.05', '−$3.05'],
])('%s is %s', (usd, text) => {
  expect(formatCents(usd)).toBe(text);
});

test.each([
  ['1.10', '1.00', '+10.0 %', '+$0.10'],
  ['0.90', '1.00', '−10.0 %', '−$0.10'],
  ['1.00', '1.00', '0 %', '$0.00'],
  ['1.00', '0.00', 'new', '+$1.00'],
  ['1000000.01', '1000000.00', '+< 0.1 %', '+$0.01'],
])('%s after %s is %s, %s', (now, before, step, difference) => {
  expect([describeStep(now, before), differenceOf(now, before)]).toEqual([step, difference]);
});
