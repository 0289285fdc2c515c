import type { Budget, BudgetAccount, BudgetsReply } from '../../api/types.ts';
import { toPico } from '../../components/exact-usd.ts';
import type { BudgetOrder, BudgetsQuery } from '../../state/budgets-query.ts';
import { measureAccount } from './budget-figures.ts';
import { describeScope } from './budget-words.ts';

/** A line of the list. */
export type BudgetLine = BudgetsReply['budgets'][number];

const stateRanks: Record<BudgetAccount['state'], number> = { exhausted: 0, warned: 1, ok: 2 };

/** The state of a budget is that of the worst of its accounts. */
export function stateOf({ account }: Pick<BudgetLine, 'account'>): BudgetAccount['state'] {
  return account?.state ?? 'ok';
}

/** What matches the filters of the address. */
export function filterBudgets(budgets: readonly BudgetLine[], query: BudgetsQuery): BudgetLine[] {
  const words = query.text.toLowerCase().split(/\s+/).filter(Boolean);
  return budgets.filter((budget) => {
    if (query.scope !== null && budget.scope !== query.scope) return false;
    if (query.state !== null && stateOf(budget) !== query.state) return false;
    if (query.action !== null && budget.action !== query.action) return false;
    if (query.agent !== null && !concernsAgent(budget, query.agent)) return false;
    const text = `${budget.name} ${describeScope(budget)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Its calls are held against the budget: it is of the agent, declared by it, or of each agent. */
export function concernsAgent(
  { scope, value, agent }: Pick<Budget, 'scope' | 'value' | 'agent'>,
  name: string,
): boolean {
  if (agent !== null) return agent === name;
  return scope === 'agent' && (value === null || value === name);
}

/** Used up first, then warned, then what will be used up soonest, then what is used most. */
export function sortBudgets(budgets: readonly BudgetLine[], order: BudgetOrder): BudgetLine[] {
  const compare = comparisons[order];
  return budgets.toSorted((a, b) => compare(a, b) || a.name.localeCompare(b.name, 'en'));
}

type Compare = (a: BudgetLine, b: BudgetLine) => number;

const comparisons: Record<BudgetOrder, Compare> = {
  need: (a, b) =>
    stateRanks[stateOf(a)] - stateRanks[stateOf(b)] || compareExhaustion(a, b) || shareUsed(b) - shareUsed(a),
  name: () => 0,
  used: (a, b) => shareUsed(b) - shareUsed(a),
  left: (a, b) => compareMoney(leftOf(a), leftOf(b)),
  exhausted: compareExhaustion,
};

function compareExhaustion(a: BudgetLine, b: BudgetLine): number {
  return exhaustedMs(a) - exhaustedMs(b) || 0;
}

/** What is never used up comes last; the largest date, because infinities cannot be subtracted. */
function exhaustedMs({ projection }: BudgetLine): number {
  const at = projection?.exhaustedAt ?? null;
  return at === null ? 8.64e15 : Date.parse(at);
}

function shareUsed({ account }: BudgetLine): number {
  return account === null ? 0 : measureAccount(account).usedShare;
}

function leftOf({ account, amountUsd }: BudgetLine): bigint {
  return account === null ? toPico(amountUsd) : toPico(measureAccount(account).leftUsd);
}

function compareMoney(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
