import type { Params } from '../../api/client.ts';
import type { Budget, BudgetPeriod, CostRow, CostsReply } from '../../api/types.ts';
import { sumUsd, toPico } from '../../components/exact-usd.ts';
import { countOf, formatUsd } from '../../components/format.ts';
import { formatShare, shareOf } from './budget-figures.ts';
import { describeHours, nameTargetOf, nameValues } from './budget-words.ts';

/** Values that are compared with an amount; the costliest are among them. */
export const valuesMax = 1_000;

const hoursOf = { hour: 1, day: 24, week: 168, month: 720, quarter: 2_184, year: 8_760 } as const;

/** As long as one period, ending now: what a new budget would have met. */
export function lastPeriod(period: BudgetPeriod): { hours: number; words: string } {
  const hours =
    period.kind === 'calendar' ? hoursOf[period.unit] : period.kind === 'rolling' ? period.hours : hoursOf.year;
  return { hours, words: hours === 1 ? 'the last hour' : `the last ${describeHours(hours)}` };
}

/** What asks for it: by value of the scope, the costliest first. Null where the scope is not yet said. */
export function toSpentParams(
  target: Pick<Budget, 'scope' | 'labelKey'>,
  { project, hours, nowMs }: { project: string; hours: number; nowMs: number },
): Params | null {
  const groupBy = dimensionOf(target);
  if (groupBy === null) return null;
  const from = new Date(nowMs - hours * 3_600_000).toISOString();
  return { project, from, to: new Date(nowMs).toISOString(), groupBy, limit: valuesMax };
}

/** As the API groups costs; '' for all of it. */
function dimensionOf({ scope, labelKey }: Pick<Budget, 'scope' | 'labelKey'>): string | null {
  if (scope === 'project') return '';
  if (scope !== 'label') return scope;
  return labelKey === null || labelKey === '' ? null : `label:${labelKey}`;
}

/** What each value spent, costliest first; calls that name none are left out, and so is what has no price. */
export function listSpent(
  target: Pick<Budget, 'scope' | 'labelKey'>,
  reply: Pick<CostsReply, 'rows'>,
): { value: string; usd: string; unpricedCalls: number }[] {
  return reply.rows.flatMap((row) => {
    const value = valueOf(target, row);
    return value === null ? [] : [{ value, usd: row.cost.usd ?? '0', unpricedCalls: row.cost.unpricedCalls }];
  });
}

function valueOf({ scope, labelKey }: Pick<Budget, 'scope' | 'labelKey'>, row: CostRow): string | null {
  if (scope === 'project') return '';
  if (scope === 'label') return row.labels?.[labelKey ?? ''] ?? null;
  return row[scope] ?? null;
}

/** What was spent, and how that compares with an amount; the amount may not be known yet. */
export function describeSpent(
  target: Pick<Budget, 'scope' | 'labelKey' | 'value'>,
  { reply, amountUsd, words }: { reply: CostsReply; amountUsd: string | null; words: string },
): string {
  const all = listSpent(target, reply);
  const isEach = target.scope !== 'project' && target.value === null;
  const own = isEach || target.scope === 'project' ? all : all.filter(({ value }) => value === target.value);
  const missing = own.reduce((sum, { unpricedCalls }) => sum + unpricedCalls, 0);
  const gap =
    missing === 0 ? '' : ` ${countOf(missing, 'call')} without a price ${missing === 1 ? 'is' : 'are'} not in it.`;
  const spent = sumUsd(own.map(({ usd }) => usd)) ?? '0';
  if (isEach)
    return `${describeEach(target, { own, spent, amountUsd, words, isCut: reply.groupCount > reply.rows.length })}${gap}`;
  const share =
    amountUsd === null ? '' : `: ${formatShare(shareOf(toPico(spent), toPico(amountUsd)))} of ${formatUsd(amountUsd)}`;
  return `In ${words} ${nameTargetOf(target)} spent ${formatUsd(spent)}${share}.${gap}`;
}

function describeEach(
  target: Pick<Budget, 'scope' | 'labelKey'>,
  spending: {
    own: readonly { value: string; usd: string }[];
    spent: string;
    amountUsd: string | null;
    words: string;
    isCut: boolean;
  },
): string {
  const { own, spent, amountUsd, words, isCut } = spending;
  const { singular, plural } = nameValues(target);
  const top = own[0];
  if (top === undefined) return `In ${words} no ${singular} spent anything.`;
  const count = `${isCut ? 'at least ' : ''}${countOf(own.length, singular, plural)}`;
  const most = `most ${top.value} with ${formatUsd(top.usd)}`;
  if (amountUsd === null) return `In ${words} ${count} spent ${formatUsd(spent)}, ${most}.`;
  const over = own.filter(({ usd }) => toPico(usd) >= toPico(amountUsd)).length;
  const isEveryOver = isCut && over === own.length;
  const met = over === 0 ? 'none of them' : isEveryOver ? `at least ${over} of them` : `${over} of them`;
  return `In ${words} ${count} spent ${formatUsd(spent)}, ${met} ${formatUsd(amountUsd)} or more; ${most}.`;
}
