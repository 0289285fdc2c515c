import type { Budget } from '../../contract/budgets.ts';
import type { Owner } from '../owners/owner-rule.ts';
import { readAccountId } from './account.ts';

/** Whose call it is. Null, and '' of the owner: nobody that is known. */
export interface Caller {
  agent: string | null;
  user: string | null;
  session: string | null;
  labels: Readonly<Record<string, string>>;
  owner: Owner;
}

/** One account of a budget. */
export interface AccountOf {
  budget: Budget;
  /** Null of the whole project. */
  value: string | null;
}

/** The accounts that a call falls on, at most one of each budget. */
export function accountsOfCall(budgets: readonly Budget[], caller: Caller): AccountOf[] {
  return budgets.flatMap((budget): AccountOf[] => {
    if (budget.agent !== null && budget.agent !== caller.agent) return [];
    if (budget.scope === 'project') return [{ budget, value: null }];
    const value = valueOf(budget, caller);
    if (value === null || value === '') return [];
    return budget.value === null || budget.value === value ? [{ budget, value }] : [];
  });
}

/** The accounts that these ids name, each once; ids of no budget, or of a value that the budget is not for, are left out. */
export function accountsByIds(budgets: readonly Budget[], accountIds: readonly string[]): AccountOf[] {
  const byId = new Map(budgets.map((budget) => [budget.budgetId, budget]));
  return [...new Set(accountIds)].flatMap((accountId) => {
    const { budgetId, value } = readAccountId(accountId);
    const budget = byId.get(budgetId);
    if (budget === undefined || (budget.scope === 'project') !== (value === null)) return [];
    return budget.value === null || budget.value === value ? [{ budget, value }] : [];
  });
}

function valueOf({ scope, labelKey }: Budget, { agent, user, session, labels, owner }: Caller): string | null {
  switch (scope) {
    case 'project':
      return null;
    case 'agent':
      return agent;
    case 'user':
      return user;
    case 'session':
      return session;
    case 'label':
      return labelKey !== null && Object.hasOwn(labels, labelKey) ? (labels[labelKey] ?? null) : null;
    case 'costCentre':
      return owner.costCentre;
    case 'team':
      return owner.team;
  }
}
