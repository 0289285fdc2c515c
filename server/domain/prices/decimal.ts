/** An exact decimal number that is not negative: `digits` × 10^-`scale`. */
export interface Decimal {
  digits: bigint;
  scale: number;
}

const shape = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/i;

/** From text such as `0.25` or `8e-7`, or from a number by its shortest spelling; throws on anything else. */
export function parseDecimal(value: string | number): Decimal {
  const [, whole, fraction = '', exponent = '0'] = shape.exec(String(value)) ?? [];
  if (whole === undefined) throw new Error(`${value} is not a decimal number`);
  return trim({ digits: BigInt(whole + fraction), scale: fraction.length - Number(exponent) });
}

/** Without exponent and needless zeros: `0.25`. */
export function formatDecimal(value: Decimal): string {
  const { digits, scale } = trim(value);
  const text = digits.toString().padStart(scale + 1, '0');
  return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale };
}

export function divideByPowerOfTen({ digits, scale }: Decimal, power: number): Decimal {
  return { digits, scale: scale + power };
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: digitsAt(a, scale) + digitsAt(b, scale), scale };
}

/** As a whole number of 10^-`scale`; half a unit and more counts as a whole one. */
export function roundHalfUp(value: Decimal, scale: number): bigint {
  if (value.scale <= scale) return digitsAt(value, scale);
  const divisor = 10n ** BigInt(value.scale - scale);
  return (value.digits * 2n + divisor) / (divisor * 2n);
}

function digitsAt({ digits, scale }: Decimal, wanted: number): bigint {
  return scale === wanted ? digits : digits * 10n ** BigInt(wanted - scale);
}

/** The same number with the smallest scale from 0 up. */
function trim({ digits, scale }: Decimal): Decimal {
  if (scale < 0) return { digits: digits * 10n ** BigInt(-scale), scale: 0 };
  while (scale > 0 && digits % 10n === 0n) {
    digits /= 10n;
    scale -= 1;
  }
  return { digits, scale };
}
