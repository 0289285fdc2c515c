import { expect, test } from 'vitest';
import {
  describeLeft,
  describeUse,
  formatShare,
  measureAccount,
  partOf,
  pickWords,
  placeWord,
} from '../../../../../ui/pages/budgets/budget-figures.ts';
import { makeAccount } from './budget-fixture.ts';

test('what is used is spent, on its way and reserved together, to the last digit', () => {
  const figures = measureAccount(
    makeAccount({ spentUsd: '4.000000000001', pendingUsd: '0.5', reservedUsd: '0.25', amountUsd: '10' }),
  );
  expect(figures).toMatchObject({ usedUsd: '4.750000000001', leftUsd: '5.249999999999', usedShare: 0.475 });
  expect(figures.spentShare).toBe(0.4);
  expect(figures.reservedShare).toBe(0.025);
});

test('more than there was leaves less than nothing', () => {
  const figures = measureAccount(makeAccount({ spentUsd: '217', pendingUsd: '0', reservedUsd: '0' }));
  expect(figures.leftUsd).toBe('-207');
  expect(describeLeft(figures.leftUsd)).toEqual({ text: '$207.00 over', isOver: true });
  expect(formatShare(figures.usedShare)).toBe('2170 %');
});

test('a share is cut, so that 100 % means all of it', () => {
  expect([0, 0.0004, 0.004567, 0.0829, 0.5, 0.9999, 1].map(formatShare)).toEqual([
    ...['0 %', '< 0.1 %', '0.4 %', '8.2 %', '50 %', '99 %', '100 %'],
  ]);
});

test('the bar says in words what it is made of, and leaves out what is nothing', () => {
  expect(describeUse(makeAccount())).toBe('$4 spent, $0.5 not yet booked, $0.25 reserved for calls that run of $10');
  expect(describeUse(makeAccount({ pendingUsd: '0', reservedUsd: '0.000' }))).toBe('$4 spent of $10');
});

test('a part of an amount is exact', () => {
  expect(partOf('0.000000000003', 50)).toBe('0.000000000001');
  expect(partOf('12.50', 80)).toBe('10');
  expect(partOf('10', 12.5)).toBe('1.25');
});

test('below a bar the words of an amount that was far overspent do not touch, and are not cut', () => {
  // Fifty times the amount: all thresholds are at the left end.
  expect(pickWords([50, 80, 100], 50)).toEqual([100]);
  expect(placeWord(100, 50)).toBe('start');
  expect(pickWords([50, 80, 100], 1)).toEqual([50, 80, 100]);
  expect([50, 80, 100].map((percent) => placeWord(percent, 1))).toEqual(['middle', 'middle', 'end']);
});
