import { createHash } from 'node:crypto';
import type { DeclaredBudget } from '../../contract/budget-calls.ts';
import { type Budget, budgetLimits } from '../../contract/budgets.ts';
import type { BudgetPeriod } from '../../contract/periods.ts';

const idDigits = 16;

/**
 * The budgets that an agent's definition declares; the channels that they name are still to be found. Their ids tell whose they are, what they count and when, not how much: who
 * raises one in the file raises the same one.
 */
export function toDeclaredBudgets(agent: string, declared: readonly DeclaredBudget[]): Budget[] {
  const seen = new Map<string, number>();
  return declared.map((one) => {
    const what = JSON.stringify([agent, one.scope, one.period, one.timezone]);
    const rank = seen.get(what) ?? 0;
    seen.set(what, rank + 1);
    return toBudget(agent, one, `def-${hash(rank === 0 ? what : `${what}${rank}`)}`);
  });
}

/** Finds the channels that declared budgets name; two of one name are both told. */
export function findChannels(
  budgets: readonly Budget[],
  channels: readonly { channelId: string; name: string }[],
): Budget[] {
  return budgets.map((budget) => {
    const named = channels.filter(({ name }) => budget.missingChannels.includes(name));
    return {
      ...budget,
      channelIds: named.map(({ channelId }) => channelId).slice(0, budgetLimits.channelsMax),
      missingChannels: budget.missingChannels.filter((one) => !named.some(({ name }) => name === one)),
    };
  });
}

function toBudget(agent: string, declared: DeclaredBudget, budgetId: string): Budget {
  const [scope, ...key] = declared.scope.split(':');
  const labelKey = scope === 'label' ? key.join(':') : null;
  return {
    budgetId,
    name: `${agent}: ${nameOf(declared)}`,
    scope: scope as 'agent' | 'user' | 'session' | 'label',
    labelKey,
    value: scope === 'agent' ? agent : null,
    amountUsd: declared.usd,
    period: periodOf(declared),
    thresholds: [...new Set(declared.notifyAt)].toSorted((a, b) => a - b),
    action: declared.action,
    ...{ channelIds: [], missingChannels: [...new Set(declared.notify)] },
    ...{ source: 'definition', agent, version: 0, createdAt: null, updatedAt: null },
  };
}

function periodOf({ period, timezone }: DeclaredBudget): BudgetPeriod {
  return period === 'total' ? { kind: 'total' } : { kind: 'calendar', unit: period, timeZone: timezone };
}

/** Such as `each user, day`. */
function nameOf({ scope, period }: DeclaredBudget): string {
  const what = scope === 'agent' ? 'all of it' : `each ${scope.replace(/^label:/, 'value of ')}`;
  return `${what}, ${period === 'total' ? 'in total' : period}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, idDigits);
}
