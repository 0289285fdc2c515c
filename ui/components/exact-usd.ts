/*
 * Sums of dollars without a lost digit: whole numbers of 10^-12, as the ledger books them. What is drawn may be rounded;
 * what is written or copied may not.
 */

const decimals = 12;
const unit = 10n ** BigInt(decimals);

/** `0.0132` as 13200000000n. Digits beyond the twelfth are not booked and not read. */
export function toPico(usd: string): bigint {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(usd) ?? [];
  if (whole === '') throw new Error(`“${usd}” is not an amount`);
  const size = BigInt(whole) * unit + BigInt(fraction.slice(0, decimals).padEnd(decimals, '0'));
  return sign === '' ? size : -size;
}

/** 13200000000n as `0.0132`. */
export function fromPico(pico: bigint): string {
  const size = pico < 0n ? -pico : pico;
  const fraction = (size % unit).toString().padStart(decimals, '0').replace(/0+$/, '');
  const whole = (size / unit).toString();
  return `${pico < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The sum of what is known; null where nothing is. */
export function sumUsd(amounts: Iterable<string | null>): string | null {
  let sum: bigint | null = null;
  for (const amount of amounts) if (amount !== null) sum = (sum ?? 0n) + toPico(amount);
  return sum === null ? null : fromPico(sum);
}

/** `tokens` × dollars per million, to the last digit: a decimal string, however long the unit price is. */
export function multiplyPerMillion(tokens: number, perMillionUsd: string): string {
  const [whole = '0', fraction = ''] = perMillionUsd.split('.');
  const digits = (BigInt(tokens) * BigInt(`${whole}${fraction}`)).toString();
  const scale = fraction.length + 6;
  const padded = digits.padStart(scale + 1, '0');
  const rest = padded.slice(-scale).replace(/0+$/, '');
  return `${padded.slice(0, -scale)}${rest === '' ? '' : `.${rest}`}`;
}
