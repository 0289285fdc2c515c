import type { BudgetAccount } from '../../api/types.ts';
import { exactUsd, formatUsd } from '../../components/format.ts';
import { fromPico, toPico } from '../../components/exact-usd.ts';

type Amounts = Pick<BudgetAccount, 'amountUsd' | 'spentUsd' | 'pendingUsd' | 'reservedUsd'>;

/** An account as it is drawn: shares are of the amount, 1 is all of it. */
export interface AccountFigures {
  /** Booked, not yet booked, and held for calls that run. */
  usedUsd: string;
  /** Negative where more was spent than there was. */
  leftUsd: string;
  spentShare: number;
  pendingShare: number;
  reservedShare: number;
  usedShare: number;
}

export function measureAccount({ amountUsd, spentUsd, pendingUsd, reservedUsd }: Amounts): AccountFigures {
  const amount = toPico(amountUsd);
  const used = toPico(spentUsd) + toPico(pendingUsd) + toPico(reservedUsd);
  return {
    usedUsd: fromPico(used),
    leftUsd: fromPico(amount - used),
    spentShare: shareOf(toPico(spentUsd), amount),
    pendingShare: shareOf(toPico(pendingUsd), amount),
    reservedShare: shareOf(toPico(reservedUsd), amount),
    usedShare: shareOf(used, amount),
  };
}

/** `part` of `whole` as a number; a part of nothing is all of it. */
export function shareOf(part: bigint, whole: bigint): number {
  if (whole <= 0n) return part > 0n ? 1 : 0;
  // Twelve decimals of money fit a double's 53 bits up to nine thousand dollars; a share needs six digits.
  return Number((part * 1_000_000n) / whole) / 1_000_000;
}

/** `82 %`, `0.4 %`, `< 0.1 %`, `217 %`: cut, never rounded up to a limit that is not reached. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '< 0.1 %';
  const digits = percent < 10 ? 10 : 1;
  return `${Math.floor(percent * digits + 1e-9) / digits} %`;
}

/** What of it is spent, on its way and held, exactly: for titles and for who cannot see the bar. */
export function describeUse({ spentUsd, pendingUsd, reservedUsd, amountUsd }: Amounts): string {
  const parts = [
    `${exactUsd(spentUsd)} spent`,
    ...(toPico(pendingUsd) === 0n ? [] : [`${exactUsd(pendingUsd)} not yet booked`]),
    ...(toPico(reservedUsd) === 0n ? [] : [`${exactUsd(reservedUsd)} reserved for calls that run`]),
  ];
  return `${parts.join(', ')} of ${exactUsd(amountUsd)}`;
}

/** `$160.00 left`, `$12.00 over`. */
export function describeLeft(leftUsd: string): { text: string; isOver: boolean } {
  const left = toPico(leftUsd);
  return left < 0n
    ? { text: `${formatUsd(fromPico(-left))} over`, isOver: true }
    : { text: `${formatUsd(leftUsd)} left`, isOver: false };
}

/** `percent` of an amount, to the last digit. */
export function partOf(amountUsd: string, percent: number): string {
  // Percentages have at most a few decimals; thousandths of a percent are kept.
  return fromPico((toPico(amountUsd) * BigInt(Math.round(percent * 1_000))) / 100_000n);
}

/** A word of a percentage, as a part of the bar on a narrow screen. */
const wordShare = 0.13;

/** The percentages that are written below a bar, so many that they do not touch; 100 and the highest come first. */
export function pickWords(percents: readonly number[], full: number): number[] {
  const picked: number[] = [];
  for (const percent of percents.toSorted((a, b) => Number(b === 100) - Number(a === 100) || b - a)) {
    if (picked.every((one) => Math.abs(one - percent) / 100 / full >= wordShare)) picked.push(percent);
  }
  return picked.toSorted((a, b) => a - b);
}

/** A word's half, as a part of the bar on a narrow screen: nearer to an end it would be cut. */
const endShare = 0.1;

/** Where a word stands at its place below a bar, so that all of it is on the screen. */
export function placeWord(percent: number, full: number): 'start' | 'middle' | 'end' {
  const share = percent / 100 / full;
  if (share < endShare) return 'start';
  return share > 1 - endShare ? 'end' : 'middle';
}
