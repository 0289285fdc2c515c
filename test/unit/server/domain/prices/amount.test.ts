import { expect, it } from 'vitest';
import { formatAmount, parseAmount } from '../../../../../server/domain/prices/amount.ts';

it.each([
  ['0', 0n],
  ['3', 3_000_000_000_000n],
  ['0.0125', 12_500_000_000n],
  ['-0.5', -500_000_000_000n],
  ['0.000000000001', 1n],
  ['999999.999999999999', 999_999_999_999_999_999n],
])('reads and writes %s dollars', (text, amount) => {
  expect(parseAmount(text)).toBe(amount);
  expect(formatAmount(amount)).toBe(text);
});
