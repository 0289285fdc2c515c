import { formatAmount } from './amount.ts';
import { add, divideByPowerOfTen, multiply, parseDecimal, roundHalfUp } from './decimal.ts';
import { amountScale } from './price-call.ts';
import { type UnitPrices, unitPrice } from './unit-prices.ts';

/**
 * The most that a call costs at these prices, in dollars: all of its input new, all of the output it may make. Undefined where a
 * price is missing for either.
 */
export function estimateCall(
  prices: UnitPrices,
  { inputTokens, maxOutputTokens }: { inputTokens: number; maxOutputTokens: number },
): string | undefined {
  const size = BigInt(inputTokens);
  const input = unitPrice(prices, 'input', size);
  const output = unitPrice(prices, 'output', size);
  if (input === undefined || output === undefined || prices.uncounted.length > 0) return undefined;
  const reasoning = unitPrice(prices, 'reasoning', size) ?? output;
  const counts = (tokens: number) => ({ digits: BigInt(tokens), scale: 0 });
  const ofOutput = [output, reasoning].map((unit) => multiply(counts(maxOutputTokens), unit));
  const costliest = ofOutput.reduce((a, b) => (roundHalfUp(b, amountScale) > roundHalfUp(a, amountScale) ? b : a));
  const ofTokens = divideByPowerOfTen(add(multiply(counts(inputTokens), input), costliest), 6);
  const exact = add(ofTokens, prices.perRequest ?? parseDecimal(0));
  const billed = prices.multiplier === undefined ? exact : multiply(exact, prices.multiplier);
  return formatAmount(roundHalfUp(billed, amountScale));
}
