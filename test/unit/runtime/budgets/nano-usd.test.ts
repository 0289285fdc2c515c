import { expect, test } from 'vitest';
import { nanoDown, nanoOfSum, nanoUp, usdOf } from '../../../../runtime/budgets/store/nano-usd.ts';

test.each([
  ['0', 0n],
  ['1', 1_000_000_000n],
  ['0.000000001', 1n],
  ['0.0000000001', 1n],
  ['0.000000001000000000001', 1n],
  ['2.000000001001', 2_000_000_002n],
  ['1000000000', 1_000_000_000_000_000_000n],
])('counts %s dollars up to whole nano-dollars', (usd, nanos) => {
  expect(nanoUp(usd)).toBe(nanos);
});

test('counts a limit down', () => {
  expect(nanoDown('0.0000000019')).toBe(1n);
  expect(nanoDown('0.25')).toBe(250_000_000n);
});

test('takes a sum below zero for nothing', () => {
  expect(nanoOfSum('-0.5')).toBe(0n);
  expect(nanoOfSum('0.5')).toBe(500_000_000n);
});

test('refuses what it cannot count', () => {
  expect(() => nanoUp('-0.5')).toThrow('-0.5 is below zero');
  expect(() => nanoDown('1000000000.000000001')).toThrow('more than 1000000000 US dollars');
  expect(() => nanoUp('1e3')).toThrow('1e3 is no decimal amount');
});

test('tells whole nano-dollars as dollars', () => {
  expect(usdOf('0000000001')).toBe('0.000000001');
  expect(usdOf('1000000000000000000')).toBe('1000000000');
  expect(usdOf(0)).toBe('0');
});
