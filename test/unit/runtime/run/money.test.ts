import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addUsd, formatUsd, parseUsd, reachesUsd } from '../../../../runtime/run/money.ts';

test.each([
  [[], '0'],
  [['0.1', '0.2'], '0.3'],
  [['0.000000000001', '999999999999999'], '999999999999999.000000000001'],
  [['1.50', undefined, '0.50'], '2'],
  [['0.25', '-0.5'], '-0.25'],
  [['0.0000000000019'], '0.000000000001'],
])('%j add up to %s', (amounts, sum) => {
  expect(addUsd(amounts)).toBe(sum);
});

test.each([
  ['0.3', '0.3', true],
  ['0.30', '0.3', true],
  ['0.299999999999', '0.3', false],
  ['10', '9.99', true],
])('%s reaches %s: %s', (spent, limit, isReached) => {
  expect(reachesUsd(spent, limit)).toBe(isReached);
});

test.each(['', '1e-7', '1,5', '.5', '5.', 'NaN', '0x1', ' 1', '1234567890123456'])('%j is no amount', (text) => {
  expect(() => parseUsd(text)).toThrow(`${text} is no decimal amount`);
});

test('sums are exact, whatever the order', () => {
  const amount = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
  fc.assert(
    fc.property(fc.array(amount), (amounts) => {
      const sum = amounts.reduce((total, one) => total + one, 0n);
      expect(parseUsd(addUsd(amounts.map(formatUsd)))).toBe(sum);
      expect(addUsd(amounts.map(formatUsd))).toBe(addUsd(amounts.toReversed().map(formatUsd)));
    }),
  );
});
