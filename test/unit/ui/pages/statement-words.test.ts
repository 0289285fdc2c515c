import { expect, test } from 'vitest';
import {
  describeStep,
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

const known = (usd: string | null) => ({ usd, pricedCalls: usd === null ? 0 : 1, unpricedCalls: 0 });
const unpriced = { usd: null, pricedCalls: 0, unpricedCalls: 2 };

test.each([
  ['1.10', '1.00', '+10.0 %', '+$0.10'],
  ['0.90', '1.00', '−10.0 %', '−$0.10'],
  ['0.00', '1.00', '−100.0 %', '−$1.00'],
  ['1.00', '1.00', '0 %', '$0.00'],
  ['1000000.01', '1000000.00', '+< 0.1 %', '+$0.01'],
])('%s after %s is %s, %s', (now, before, text, difference) => {
  const step = { cost: known(now), amountUsd: now, previousCost: known(before), previousAmountUsd: before };
  expect(describeStep(step)).toMatchObject({ text, difference });
});

test('what had no calls in the month before is new', () => {
  const step = { cost: known('1'), amountUsd: '1.00', previousCost: known(null), previousAmountUsd: '0.00' };
  expect(describeStep(step)).toEqual({ difference: '+$1.00', text: 'new', title: 'No calls in the month before' });
});

test('what cost less than a cent is compared by the exact sums', () => {
  const step = { cost: known('0.006'), amountUsd: '0.01', previousCost: known('0.004'), previousAmountUsd: '0.00' };
  expect(describeStep(step)).toMatchObject({ difference: '+$0.01', text: '+50.0 %' });
  expect(describeStep({ ...step, previousCost: known('0') })).toMatchObject({ difference: '+$0.01', text: '–' });
});

test('a change of what has no price is not known, and of what partly has none says so', () => {
  const step = { cost: known('2'), amountUsd: '2.00', previousCost: unpriced, previousAmountUsd: '0.00' };
  expect(describeStep(step)).toEqual({
    ...{ difference: null, text: '–' },
    title: 'What it cost in the month before is not known: no call has a price.',
  });
  expect(describeStep({ ...step, cost: unpriced, previousCost: known('1') }).title).toContain('in this month is not');
  const partly = { usd: '1', pricedCalls: 1, unpricedCalls: 2 };
  expect(describeStep({ ...step, previousCost: partly, previousAmountUsd: '1.00' })).toMatchObject({
    ...{ difference: '+$1.00', text: '+100.0 %' },
    title: '+$1.00 after $1.00 in the month before, without 2 calls that had no price',
  });
});
