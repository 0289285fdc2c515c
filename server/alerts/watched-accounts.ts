import type { Budgets } from '../budgets/budgets.ts';
import type { Budget } from '../contract/budgets.ts';
import type { WatchedAccount } from '../domain/alerts/budget-thresholds.ts';
import type { CauseRequest } from '../queries/alert-causes.ts';
import type { Db } from '../queries/db.ts';

/** Accounts of a project that are looked at: those that have used the largest share of their amount. */
const accountsMax = 2_000;

export interface AccountOfBudget {
  budget: Budget;
  account: WatchedAccount;
}

/** What the accounts of a project have spent, by the ledger. */
export async function readAccounts(
  { db, budgets, atMs }: { db: Db; budgets: Pick<Budgets, 'listAccounts'>; atMs: number },
  projectId: string,
): Promise<AccountOfBudget[]> {
  const found = await budgets.listAccounts(db, { projectId, nowMs: atMs, limit: accountsMax });
  return found.map(({ budget, account }) => ({
    budget,
    account: {
      ...{ projectId, budgetId: budget.budgetId, name: budget.name, action: account.action },
      ...{ channelIds: budget.channelIds, accountId: account.accountId, value: account.value },
      ...{ thresholds: account.thresholds, amountUsd: account.amountUsd, spentUsd: account.spentUsd },
      window: {
        key: account.window.key,
        fromMs: Date.parse(account.window.from),
        toMs: account.window.to === null ? null : Date.parse(account.window.to),
      },
    },
  }));
}

/** The part of the ledger that an account counts, as rules name it. */
export function scopeOf({ budget, account }: AccountOfBudget): Pick<CauseRequest, 'filters' | 'group'> {
  const filters = budget.agent === null ? {} : { agent: budget.agent };
  if (budget.scope === 'project' || account.value === null) return { filters, group: undefined };
  const name = budget.scope === 'label' ? `label:${budget.labelKey ?? ''}` : budget.scope;
  return { filters, group: { name, value: account.value } };
}
