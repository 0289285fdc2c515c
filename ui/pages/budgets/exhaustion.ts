import type { BudgetAccount, BudgetProjection } from '../../api/types.ts';
import { exactUsd, formatUsd } from '../../components/format.ts';
import { formatAbsolute, formatMoment, formatRelative } from '../../components/time.ts';

interface Exhaustion {
  text: string;
  title: string;
  tone: 'danger' | 'warning' | 'muted';
}

/** When nothing will be left: `since 09:50`, `Thu 26 Nov, 14:00`, `not before it ends`. Null where nobody can tell. */
export function describeExhaustion(
  { account, projection }: { account: BudgetAccount | null; projection: BudgetProjection | null },
  nowMs: number,
): Exhaustion | null {
  if (account?.state === 'exhausted') return describeExhausted(projection, nowMs);
  if (projection === null) return null;
  const { exhaustedAt, usdAtEnd } = projection;
  if (exhaustedAt === null) {
    const atEnd = usdAtEnd === null ? '' : `; at this pace ${exactUsd(usdAtEnd)} when the period ends`;
    return { text: 'not at this pace', title: `It will not be used up before its period ends${atEnd}`, tone: 'muted' };
  }
  const atMs = Date.parse(exhaustedAt);
  return {
    text: formatMoment(atMs, nowMs),
    title: `${formatRelative(toNano(atMs), nowMs)}, ${formatAbsolute(toNano(atMs))}. ${describeRange(projection, nowMs)}`,
    tone: 'warning',
  };
}

/** Since when nothing is left, as far as the ledger tells. */
function describeExhausted(projection: BudgetProjection | null, nowMs: number): Exhaustion {
  const atMs = Date.parse(projection?.exhaustedAt ?? '');
  // What is reserved or not yet booked may have used it up before the ledger did.
  if (!(atMs <= nowMs)) return { text: 'now', title: 'Nothing is left of it', tone: 'danger' };
  return {
    text: `since ${formatMoment(atMs, nowMs)}`,
    title: `Used up ${formatAbsolute(toNano(atMs))}`,
    tone: 'danger',
  };
}

/** `between 22 Nov, 10:00 and 23 Nov, 04:00`, or what is not known of it. */
export function describeRange({ earliestAt, latestAt }: BudgetProjection, nowMs: number): string {
  const moment = (time: string) => formatMoment(Date.parse(time), nowMs);
  if (earliestAt === null) return 'If it goes on as in this period so far.';
  if (latestAt === null) return `Not before ${moment(earliestAt)}, and perhaps not at all.`;
  return `Likely between ${moment(earliestAt)} and ${moment(latestAt)}.`;
}

/** What will have been spent when the period ends: `$120.00 – $180.00`; null where it does not end. */
export function describeEnd({ usdAtEnd, lowUsdAtEnd, highUsdAtEnd }: BudgetProjection): {
  text: string;
  title: string;
} | null {
  if (usdAtEnd === null) return null;
  const range =
    lowUsdAtEnd === null || highUsdAtEnd === null
      ? ''
      : `, likely ${exactUsd(lowUsdAtEnd)} to ${exactUsd(highUsdAtEnd)}`;
  return { text: formatUsd(usdAtEnd), title: `${exactUsd(usdAtEnd)} when the period ends, at this pace${range}` };
}

function toNano(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}
