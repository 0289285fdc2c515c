import type { AlertUnit } from '../../contract/alert-values.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Of a small amount of money; below a cent two decimals would show nothing. */
const significantDigits = 2;

/** A figure of an alert with its unit, short: `$41.20`, `82.4 %`, `1.25 s`. */
export function formatFigure(value: number, unit: AlertUnit): string {
  switch (unit) {
    case 'usd':
      return formatUsd(value);
    case 'percent':
      return `${decimal(value, 1)} %`;
    case 'ms':
      return value < secondMs ? `${decimal(value, 0)} ms` : formatDuration(value);
    case 'minutes':
      return formatDuration(value * minuteMs);
    case 'tokens':
      return `${decimal(value, 0)} tokens`;
    case 'count':
      return decimal(value, 2);
  }
}

/** Two decimals; of less than a cent the first digits that are not zero. */
export function formatUsd(value: number): string {
  const size = Math.abs(value);
  const text =
    size > 0 && size < 0.01
      ? size.toLocaleString('en', { maximumSignificantDigits: significantDigits, maximumFractionDigits: 12 })
      : size.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${value < 0 ? '−' : ''}$${text}`;
}

/** The two largest units: `2 h 5 min`, `3 d`, `1.25 s`. */
export function formatDuration(ms: number): string {
  if (ms < minuteMs) return `${decimal(Math.max(0, ms) / secondMs, 2)} s`;
  const units = [
    ['d', dayMs],
    ['h', hourMs],
    ['min', minuteMs],
    ['s', secondMs],
  ] as const;
  const first = units.findIndex(([, length]) => ms >= length);
  let rest = ms;
  const parts = units.slice(first, first + 2).flatMap(([name, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  return parts.join(' ');
}

/** How much of how much: `82.4 %`; undefined where a share says nothing. */
export function formatShare(value: number, whole: number): string | undefined {
  if (!(whole > 0) || !Number.isFinite(value)) return undefined;
  return `${decimal((value / whole) * 100, 1)} %`;
}

/** `+35 %`, `−8 %`, `×12`: a multiple says more than thousands of per cent. */
export function formatChange(change: number): string {
  if (change >= multipleFrom) return `×${decimal(change + 1, 1)}`;
  const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
  return `${sign}${decimal(Math.abs(change) * 100, Math.abs(change) < 0.1 ? 1 : 0)} %`;
}
const multipleFrom = 9;

function decimal(value: number, digits: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}
