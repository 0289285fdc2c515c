import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAmount, parseAmount } from '../../../../server/domain/prices/amount.ts';
import { formatCents, roundToCents, shareCents, sumAmounts } from '../../../../server/domain/round-cents.ts';

const amount = fc.bigInt({ min: 0n, max: 10n ** 15n }).map(formatAmount);

describe('whole cents', () => {
  it.each([
    ['0', '0.00'],
    ['0.004999999999', '0.00'],
    ['0.005', '0.01'],
    ['1.005', '1.01'],
    ['12345.678', '12345.68'],
  ])('of %s are %s', (usd, cents) => {
    expect(formatCents(roundToCents(usd))).toBe(cents);
  });

  it('of three thirds of ten dollars are ten dollars', () => {
    const third = '3.333333333333';
    expect(shareCents([third, third, '3.333333333334'], 1_000n)).toEqual([333n, 333n, 334n]);
  });

  it('go to the parts that lost most, of equal ones to the first', () => {
    expect(shareCents(['0.006', '0.009', '0.006'], 2n)).toEqual([1n, 1n, 0n]);
    expect(shareCents(['0.004', '0.004'], 1n)).toEqual([1n, 0n]);
    expect(shareCents(['0', '0.002'], 0n)).toEqual([0n, 0n]);
  });

  it('add up to the rounded total, and none is a cent or more away from its amount', () => {
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 40 }), (parts) => {
        const total = roundToCents(sumAmounts(parts) ?? '0');
        const cents = shareCents(parts, total);
        expect(cents.reduce((sum, one) => sum + one, 0n)).toBe(total);
        for (const [i, part] of parts.entries()) {
          const off = (cents[i] ?? 0n) * 10n ** 10n - parseAmount(part);
          expect(off > -(10n ** 10n) && off < 10n ** 10n).toBe(true);
        }
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  it('of what is nothing are nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('0'), amount), { maxLength: 30 }), (parts) => {
        const cents = shareCents(parts, roundToCents(sumAmounts(parts) ?? '0'));
        for (const [i, part] of parts.entries()) if (part === '0') expect(cents[i]).toBe(0n);
      }),
      { numRuns: 500, seed: 4 },
    );
  });
});

it('a sum of what is not known is not known', () => {
  expect(sumAmounts([null, null])).toBe(null);
  expect(sumAmounts([])).toBe(null);
  expect(sumAmounts(['0.1', null, '0.2'])).toBe('0.3');
});
