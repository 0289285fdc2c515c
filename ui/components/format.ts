/*
 * Numbers for people: three significant digits, the unit always. Each has an exact twin for the
 * title and the clipboard.
 */

/** What stands where a value is not known. The reason belongs into the title. */
export const unknown = '–';

/** Decimals that the ledger books. */
const moneyDecimals = 12;
const nsPerUs = 1_000;
const nsPerMs = 1_000_000;
const nsPerS = 1_000_000_000;

/** `348 ms`, `1.24 s`, `2 min 04 s`, `3 h 12 min`. Nanoseconds as a bigint or a decimal string. */
export function formatDuration(durationNs: bigint | string): string {
  const exact = BigInt(durationNs);
  if (exact < 0n) return `−${formatDuration(-exact)}`;
  const ns = Number(exact);
  if (ns === 0) return '0 ms';
  if (ns < nsPerUs) return `${ns} ns`;
  if (ns < 999.5 * nsPerUs) return `${threeDigits(ns / nsPerUs)} µs`;
  if (ns < 999.5 * nsPerMs) return `${threeDigits(ns / nsPerMs)} ms`;
  if (ns < 59.95 * nsPerS) return `${threeDigits(ns / nsPerS)} s`;
  const seconds = Math.round(ns / nsPerS);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${twoPlaces(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${twoPlaces(minutes % 60)} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Every digit, in seconds: `1.240531000 s` loses only its trailing zeros. */
export function exactDuration(durationNs: bigint | string): string {
  const ns = BigInt(durationNs);
  const sign = ns < 0n ? '−' : '';
  const size = ns < 0n ? -ns : ns;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  const whole = groupThousands((size / 1_000_000_000n).toString());
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`} s`;
}

/** `84 tok`, `12.4 k tok`, `1.20 M tok`. */
export function formatTokens(tokens: number): string {
  return `${formatCount(tokens)} tok`;
}

/** `12,431 tokens`, `1 token`. */
export function exactTokens(tokens: number): string {
  return `${exactCount(tokens)} ${tokens === 1 ? 'token' : 'tokens'}`;
}

/** `84`, `1.20 k`, `12.4 k`, `3.10 M`. */
export function formatCount(count: number): string {
  if (Math.abs(count) < 1_000) return String(count);
  if (Math.abs(count) < 999_500) return `${threeDigits(count / 1_000)} k`;
  if (Math.abs(count) < 999_500_000) return `${threeDigits(count / 1_000_000)} M`;
  return `${threeDigits(count / 1_000_000_000)} G`;
}

/** `12,431`. */
export function exactCount(count: number): string {
  return groupThousands(String(count));
}

/** `1 trace`, `12,431 traces`. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${exactCount(count)} ${count === 1 ? singular : plural}`;
}

/** `$0.0132`, `$0.50`, `$12.30`, `$1,204.50`; a decimal string as the API sends it. */
export function formatUsd(usd: string): string {
  const value = Number(usd);
  if (!Number.isFinite(value)) return unknown;
  if (value === 0) return '$0';
  const size = Math.abs(value);
  const digits = size >= 1 ? 2 : Math.max(2, 2 - Math.floor(Math.log10(size)));
  const rounded = roundDecimal(usd, digits) ?? size.toFixed(Math.min(digits, 18));
  // Cents stay; digits beyond them only where they say something.
  const trimmed = rounded.replace(/(\.\d\d\d*?)0+$/, '$1');
  return `${value < 0 ? '−' : ''}$${groupThousands(trimmed)}`;
}

/** `$0.013200450000` as sent, without trailing zeros. */
export function exactUsd(usd: string): string {
  const text = usd.includes('.') ? usd.replace(/0+$/, '').replace(/\.$/, '') : usd;
  return `$${groupThousands(text)}`;
}

/** `512 B`, `1.50 KiB`, `64.0 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_024 ** 2) return `${threeDigits(bytes / 1_024)} KiB`;
  if (bytes < 1_024 ** 3) return `${threeDigits(bytes / 1_024 ** 2)} MiB`;
  return `${threeDigits(bytes / 1_024 ** 3)} GiB`;
}

/** The first and last four digits of an id that is too long for its place. */
export function shortId(id: string): string {
  return id.length <= 12 ? id : `${id.slice(0, 8)}…`;
}

/** Half up, as written: 0.007245 is not the binary fraction a little below it. Undefined for more decimals than money has. */
function roundDecimal(decimal: string, digits: number): string | undefined {
  const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(decimal) ?? [];
  if (whole === '' || digits > moneyDecimals) return undefined;
  const places = moneyDecimals - digits;
  const step = 10n ** BigInt(places);
  const size = BigInt(`${whole}${fraction.slice(0, moneyDecimals).padEnd(moneyDecimals, '0')}`);
  const text = ((size + step / 2n) / step).toString().padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Three significant digits, never an exponent: 1.24, 12.4, 124. */
function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
}

function twoPlaces(value: number): string {
  return String(value).padStart(2, '0');
}

function groupThousands(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
