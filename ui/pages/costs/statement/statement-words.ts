import type { Cost, StatementCentre, StatementReply } from '../../../api/types.ts';
import { countOf } from '../../../components/format.ts';

/** `October 2026`. */
export function nameMonth(month: string): string {
  const format = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return format.format(Date.parse(`${month}-01T00:00:00Z`));
}

/** The month so many months later, `2026-11`. */
export function stepMonth(month: string, by: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
}

/** `$1,234.50`: whole cents, as a statement has them. */
export function formatCents(usd: string): string {
  const [whole = '', cents = ''] = usd.replace('-', '').split('.');
  return `${usd.startsWith('-') ? '−' : ''}$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`;
}

type Amounts = Pick<StatementCentre, 'cost' | 'amountUsd' | 'previousCost' | 'previousAmountUsd'>;

interface Step {
  /** `+$12.30`; null where it is not known. */
  difference: string | null;
  /** `+12.3 %`, `new`, `–`. */
  text: string;
  title: string;
}

/** From the month before to this one. In per cent of whole cents, as they stand there; of less than a cent, of the exact sums. */
export function describeStep({ cost, amountUsd, previousCost, previousAmountUsd }: Amounts): Step {
  if (isUnknown(cost) || isUnknown(previousCost)) {
    const title = `What it cost in ${isUnknown(cost) ? 'this month' : 'the month before'} is not known: no call has a price.`;
    return { difference: null, text: '–', title };
  }
  const cents = Math.round(Number(amountUsd) * 100) - Math.round(Number(previousAmountUsd) * 100);
  const difference =
    cents === 0 ? '$0.00' : `${cents > 0 ? '+' : '−'}${formatCents((Math.abs(cents) / 100).toFixed(2))}`;
  const { unpricedCalls } = previousCost;
  const gap = unpricedCalls === 0 ? '' : `, without ${countOf(unpricedCalls, 'call')} that had no price`;
  const isNew = previousCost.pricedCalls + unpricedCalls === 0;
  return {
    difference,
    text: isNew && cents > 0 ? 'new' : describeRatio(cents, { cost, previousCost, previousAmountUsd }),
    title: isNew
      ? 'No calls in the month before'
      : `${difference} after ${formatCents(previousAmountUsd)} in the month before${gap}`,
  };
}

function describeRatio(cents: number, amounts: Omit<Amounts, 'amountUsd'>): string {
  if (cents === 0) return '0 %';
  const previousCents = Math.round(Number(amounts.previousAmountUsd) * 100);
  const [is, was] = [Number(amounts.cost.usd ?? '0'), Number(amounts.previousCost.usd ?? '0')];
  if (previousCents === 0 && was === 0) return '–';
  const ratio = previousCents === 0 ? (is - was) / was : cents / previousCents;
  const percent = Math.abs(ratio) * 100;
  return `${cents > 0 ? '+' : '−'}${percent < 0.1 ? '< 0.1' : percent.toFixed(1)} %`;
}

function isUnknown({ usd, unpricedCalls }: Cost): boolean {
  return usd === null && unpricedCalls > 0;
}

/** What there is still to say about the figures, a sentence each. */
export function listCaveats({ isFinal, total, centres, ownerRules }: StatementReply): string[] {
  const unallocated = centres.find(({ costCentre }) => costCentre === null);
  const { unpricedCalls } = total.cost;
  return [
    ...(isFinal ? [] : ['The month is not over, or not all of it is booked: these figures still grow.']),
    ...(unpricedCalls > 0
      ? [`${unpricedCalls.toLocaleString('en')} calls have no known price and are in no amount.`]
      : []),
    ...(ownerRules === 0 ? ['There are no owner rules: everything is unallocated.'] : []),
    ...(ownerRules > 0 && unallocated !== undefined && unallocated.usage.modelCalls > 0
      ? [`${formatCents(unallocated.amountUsd)} are allocated to nobody.`]
      : []),
  ];
}
