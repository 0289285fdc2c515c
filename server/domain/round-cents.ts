import { formatAmount, parseAmount } from './prices/amount.ts';

/** A cent in 10^-12 dollars. */
const cent = 10n ** 10n;

/** Half a cent and more is a whole one. Whole cents. */
export function roundToCents(usd: string): bigint {
  return floorDiv(parseAmount(usd) + cent / 2n, cent);
}

/**
 * Parts in whole cents that add up to `total`, which is their rounded sum or what a rounding like this one made of it: each is
 * cut to cents, and the cents that are missing go to the parts that lost most, of equal ones to the first (largest remainder).
 */
export function shareCents(parts: readonly string[], total: bigint): bigint[] {
  const amounts = parts.map(parseAmount);
  const cut = amounts.map((amount) => floorDiv(amount, cent));
  const missing = Number(total - cut.reduce((sum, one) => sum + one, 0n));
  const lost = amounts.map((amount, i) => ({ i, rest: amount - (cut[i] ?? 0n) * cent }));
  const chosen = lost.toSorted((a, b) => (a.rest === b.rest ? a.i - b.i : a.rest > b.rest ? -1 : 1)).slice(0, missing);
  const raised = new Set(chosen.map(({ i }) => i));
  return cut.map((cents, i) => (raised.has(i) ? cents + 1n : cents));
}

/** `1234.50`. */
export function formatCents(cents: bigint): string {
  const size = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${size.slice(0, -2)}.${size.slice(-2)}`;
}

/** The exact sum of what is known; null where nothing is. */
export function sumAmounts(amounts: readonly (string | null)[]): string | null {
  const known = amounts.filter((one) => one !== null);
  return known.length === 0 ? null : formatAmount(known.reduce((sum, one) => sum + parseAmount(one), 0n));
}

function floorDiv(a: bigint, b: bigint): bigint {
  return a >= 0n || a % b === 0n ? a / b : a / b - 1n;
}
