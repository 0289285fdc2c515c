/** US dollars as decimals of up to twelve digits after the point, summed without rounding. */

const digits = 12;
const unit = 10n ** BigInt(digits);

/** `0.25` + `0.000001`; absent amounts are unknown and left out. */
export function addUsd(amounts: readonly (string | undefined)[]): string {
  return formatUsd(amounts.reduce((sum, one) => sum + (one === undefined ? 0n : parseUsd(one)), 0n));
}

/** Whether a reaches b. */
export function reachesUsd(a: string, b: string): boolean {
  return parseUsd(a) >= parseUsd(b);
}

/** In units of 10^-12; what is finer is cut off. Throws for what is no decimal. */
export function parseUsd(text: string): bigint {
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,30}))?$/.exec(text);
  if (match === null) throw new Error(`${text} is no decimal amount`);
  const [, sign, whole = '', fraction = ''] = match;
  const amount = BigInt(whole) * unit + BigInt(fraction.slice(0, digits).padEnd(digits, '0'));
  return sign === '-' ? -amount : amount;
}

/** Shortest form: `0.25`, `3`. */
export function formatUsd(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  const fraction = (size % unit).toString().padStart(digits, '0').replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${size / unit}${fraction === '' ? '' : `.${fraction}`}`;
}
