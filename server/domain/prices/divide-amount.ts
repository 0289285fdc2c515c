import { formatAmount, parseAmount } from './amount.ts';

/** Dollars for each of `count`, rounded half up to the twelve digits that amounts have; null for none. */
export function divideAmount(usd: string, count: number): string | null {
  if (count === 0) return null;
  const divisor = BigInt(count);
  return formatAmount((parseAmount(usd) * 2n + divisor) / (divisor * 2n));
}
