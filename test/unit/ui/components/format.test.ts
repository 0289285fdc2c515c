import { describe, expect, test } from 'vitest';
import {
  countOf,
  exactDuration,
  exactTokens,
  exactUsd,
  formatBytes,
  formatCount,
  formatDuration,
  formatTokens,
  formatUsd,
  shortId,
} from '../../../../ui/components/format.ts';

describe('durations', () => {
  test.each([
    ['0', '0 ms'],
    ['512', '512 ns'],
    ['12000', '12.0 µs'],
    ['999499', '999 µs'],
    ['999500', '1.00 ms'],
    ['1240000', '1.24 ms'],
    ['348000000', '348 ms'],
    ['999499999', '999 ms'],
    ['999500000', '1.00 s'],
    ['1240531000', '1.24 s'],
    ['12400000000', '12.4 s'],
    ['59949999999', '59.9 s'],
    ['59950000000', '1 min 00 s'],
    ['124000000000', '2 min 04 s'],
    ['11520000000000', '3 h 12 min'],
    ['180000000000000', '2 d 2 h'],
    ['-348000000', '−348 ms'],
  ])('%s ns reads %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  test('the exact twin loses no digit', () => {
    expect(exactDuration('1240531001')).toBe('1.240531001 s');
    expect(exactDuration('3600000000000')).toBe('3,600 s');
    expect(exactDuration(-1n)).toBe('−0.000000001 s');
  });
});

describe('counts', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1.00 k'],
    [12_431, '12.4 k'],
    [999_499, '999 k'],
    [999_500, '1.00 M'],
    [3_100_000_000, '3.10 G'],
  ])('%d reads %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  test('tokens carry their unit and an exact twin', () => {
    expect(formatTokens(12_431)).toBe('12.4 k tok');
    expect(exactTokens(12_431)).toBe('12,431 tokens');
    expect(exactTokens(1)).toBe('1 token');
    expect(countOf(2, 'index', 'indices')).toBe('2 indices');
  });

  test.each([
    [1_023, '1023 B'],
    [1_536, '1.50 KiB'],
    [67_108_864, '64.0 MiB'],
    [5_368_709_120, '5.00 GiB'],
  ])('%d bytes read %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('money', () => {
  test.each([
    ['0', '$0'],
    ['0.000000000000', '$0'],
    ['0.013200450000', '$0.0132'],
    ['0.081', '$0.081'],
    ['0.007245', '$0.00725'],
    ['0.995', '$0.995'],
    ['1.005', '$1.01'],
    ['0.5', '$0.50'],
    ['0.00000123456', '$0.00000123'],
    ['12.3', '$12.30'],
    ['1204.5', '$1,204.50'],
    ['1234567.891', '$1,234,567.89'],
    ['-0.0132', '−$0.0132'],
  ])('%s dollars read %s', (usd, text) => {
    expect(formatUsd(usd)).toBe(text);
  });

  test('what is no number is unknown, never $0', () => {
    expect(formatUsd('n/a')).toBe('–');
  });

  test('the exact twin keeps every digit that says something', () => {
    expect(exactUsd('1204.013200450000')).toBe('$1,204.01320045');
    expect(exactUsd('3.000')).toBe('$3');
    expect(exactUsd('100')).toBe('$100');
  });
});

test('a long id shows its first eight digits, a short one all', () => {
  expect(shortId('4bf92f3577b34da6a3ce929d0e0e4736')).toBe('4bf92f35…');
  expect(shortId('session-12')).toBe('session-12');
});
