import { describe, expect, test } from 'vitest';
import { fromPico, multiplyPerMillion, sumUsd, toPico } from '../../../../ui/components/exact-usd.ts';

describe('exact dollars', () => {
  test('are read and written to the twelfth decimal', () => {
    expect(toPico('0.000000000001')).toBe(1n);
    expect(fromPico(toPico('1204.50'))).toBe('1204.5');
    expect(fromPico(-1n)).toBe('-0.000000000001');
    expect(() => toPico('1e-7')).toThrow('is not an amount');
  });

  test('are added without the error of binary fractions', () => {
    expect(sumUsd(['0.1', '0.2'])).toBe('0.3');
    expect(sumUsd(['999999.999999999999', '0.000000000001'])).toBe('1000000');
  });

  test('are unknown only where none is known', () => {
    expect(sumUsd([null, '0.5', null])).toBe('0.5');
    expect(sumUsd([null, null])).toBe(null);
    expect(sumUsd([])).toBe(null);
  });

  test('of tokens times a unit price lose no digit', () => {
    expect(multiplyPerMillion(1_462, '1.25')).toBe('0.0018275');
    expect(multiplyPerMillion(3, '0.0000001')).toBe('0.0000000000003');
    expect(multiplyPerMillion(0, '10')).toBe('0');
    expect(multiplyPerMillion(2_000_000, '3')).toBe('6');
  });
});
