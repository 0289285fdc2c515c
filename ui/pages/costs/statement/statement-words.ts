import type { StatementReply } from '../../../api/types.ts';

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

/** `+12.3 %`, `new`, `–`: of two amounts in whole cents. */
export function describeStep(now: string, before: string): string {
  const [is, was] = [Number(now), Number(before)];
  if (is === was) return '0 %';
  if (was === 0) return 'new';
  const percent = (Math.abs(is - was) / was) * 100;
  return `${is > was ? '+' : '−'}${percent < 0.1 ? '< 0.1' : percent.toFixed(1)} %`;
}

/** `+$12.30`: the difference of two amounts in whole cents. */
export function differenceOf(now: string, before: string): string {
  const cents = Math.round(Number(now) * 100) - Math.round(Number(before) * 100);
  if (cents === 0) return '$0.00';
  return `${cents > 0 ? '+' : '−'}${formatCents((Math.abs(cents) / 100).toFixed(2))}`;
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
