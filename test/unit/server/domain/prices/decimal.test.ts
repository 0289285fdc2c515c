import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal, roundHalfUp } from '../../../../../server/domain/prices/decimal.ts';

describe('exact decimals', () => {
  it.each([
    ['2.50', '2.5'],
    ['0', '0'],
    ['007', '7'],
    [0.1, '0.1'],
    [0.08333333333333334, '0.08333333333333334'],
    [8e-7, '0.0000008'],
    ['1.5e3', '1500'],
    [1e21, '1000000000000000000000'],
    ['10.000', '10'],
  ])('%s is %s', (given, text) => {
    expect(formatDecimal(parseDecimal(given))).toBe(text);
  });

  it.each(['', '-1', '1,5', '.5', 'NaN', '0x10', '1e400'])('`%s` is none', (text) => {
    expect(() => parseDecimal(text)).toThrow('is not a decimal number');
  });

  it('keep every number as it is spelled', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.nat(18), (digits, scale) => {
        const text = formatDecimal({ digits, scale });
        const again = parseDecimal(text);
        expect(again.digits * 10n ** BigInt(scale)).toBe(digits * 10n ** BigInt(again.scale));
      }),
    );
  });

  it.each([
    ['0.4', 0, 0n],
    ['0.5', 0, 1n],
    ['1.499999999999999999', 0, 1n],
    ['0.0000000000005', 12, 1n],
    ['0.00000000000049', 12, 0n],
    ['3', 2, 300n],
  ])('%s rounds half up at %i decimals', (text, scale, rounded) => {
    expect(roundHalfUp(parseDecimal(text), scale)).toBe(rounded);
  });
});
