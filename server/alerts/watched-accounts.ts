import { type Budgets, readOwners } from '../budgets/budgets.ts';
import { type HeldAccounts, readHeld } from '../budgets/held.ts';
import { mapSome } from '../budgets/map-some.ts';
import { readAccounts as readAccountsOf } from '../budgets/overview.ts';
import type { Budget, BudgetAccount } from '../contract/budgets.ts';
import type { WatchedAccount } from '../domain/alerts/budget-thresholds.ts';
import { formatAmount, parseAmount } from '../domain/prices/amount.ts';
import type { CauseRequest } from '../queries/alert-causes.ts';
import type { Db } from '../queries/db.ts';

/** Accounts of a project that are looked at: those that have used the largest share of their amount. */
const accountsMax = 2_000;
/** A rolling budget that refused no call for so long has room again. */
const refusingMs = 15 * 60_000;

export interface AccountOfBudget {
  budget: Budget;
  account: WatchedAccount;
}

/** What the accounts of a project have spent, in the ledger and on its way there; also those of which it is all on its way. */
export async function readAccounts(
  { db, budgets, atMs }: { db: Db; budgets: Pick<Budgets, 'list' | 'runtime'>; atMs: number },
  projectId: string,
): Promise<AccountOfBudget[]> {
  // The runtime is asked first: what is booked meanwhile is found in the ledger.
  const [all, held] = await Promise.all([
    budgets.list(db, { projectId, nowMs: atMs }),
    readHeld(budgets.runtime, projectId),
  ]);
  const owners = await readOwners(db, projectId, all);
  const found = await mapSome(all, async (budget) => {
    const { accounts } = await readAccountsOf(db, budget, { projectId, owners, held, nowMs: atMs });
    return accounts.map((account) => ({ budget, account: toWatched(projectId, { budget, account, held, atMs }) }));
  });
  return found
    .flat()
    .toSorted((a, b) => shareOf(b.account) - shareOf(a.account))
    .slice(0, accountsMax);
}

/** What the runtime has not sent to the ledger yet counts, too; while it is away, the ledger alone. */
function toWatched(
  projectId: string,
  { budget, account, held, atMs }: { budget: Budget; account: BudgetAccount; held: HeldAccounts; atMs: number },
): WatchedAccount {
  const { pendingUsd } = account;
  return {
    ...{ projectId, budgetId: budget.budgetId, name: budget.name, action: account.action },
    ...{ channelIds: budget.channelIds, accountId: account.accountId, value: account.value },
    ...{ thresholds: account.thresholds, amountUsd: account.amountUsd, pendingUsd },
    spentUsd: formatAmount(parseAmount(account.spentUsd) + parseAmount(pendingUsd)),
    waitingSessions: held.countPaused((accountId) => accountId === account.accountId) ?? 0,
    isRefusing: isRefusing({ account, held, atMs }),
    isHeldKnown: held.runtime !== 'unavailable',
    window: {
      key: account.window.key,
      fromMs: Date.parse(account.window.from),
      toMs: account.window.to === null ? null : Date.parse(account.window.to),
    },
  };
}

/** A window of the calendar has room again when it is raised or over, a rolling one bit by bit. */
function isRefusing({ account, held, atMs }: { account: BudgetAccount; held: HeldAccounts; atMs: number }): boolean {
  const { accountId, amountUsd, window } = account;
  const refusedMs = held.findRefusal(accountId, { windowKey: window.key, amountUsd });
  if (refusedMs === undefined) return false;
  return window.key !== 'rolling' || atMs - refusedMs < refusingMs;
}

function shareOf({ spentUsd, amountUsd }: WatchedAccount): number {
  return Number(spentUsd) / Number(amountUsd);
}

/** The part of the ledger that an account counts, as rules name it. */
export function scopeOf({ budget, account }: AccountOfBudget): Pick<CauseRequest, 'filters' | 'group'> {
  const filters = budget.agent === null ? {} : { agent: budget.agent };
  if (budget.scope === 'project' || account.value === null) return { filters, group: undefined };
  const name = budget.scope === 'label' ? `label:${budget.labelKey ?? ''}` : budget.scope;
  return { filters, group: { name, value: account.value } };
}
