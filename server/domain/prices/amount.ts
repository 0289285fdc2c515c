/** Money in rows is `Decimal(18, 12)`: in code a whole number of 10^-12 dollars. */
const amountDigits = 12;

/** From ClickHouse's spelling of a decimal, such as `0.0125` or `-3`; digits beyond the twelfth are cut. */
export function parseAmount(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const amount = BigInt(whole + fraction.slice(0, amountDigits).padEnd(amountDigits, '0'));
  return text.startsWith('-') ? -amount : amount;
}

/** Dollars without needless zeros: `0.0125`, `3`, `-0.5`. */
export function formatAmount(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(amountDigits + 1, '0');
  const fraction = digits.slice(-amountDigits).replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -amountDigits)}${fraction === '' ? '' : `.${fraction}`}`;
}
