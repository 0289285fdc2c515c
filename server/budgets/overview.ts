import { type Budget, type BudgetAccount, budgetLimits, type BudgetsReply } from '../contract/budgets.ts';
import { accountIdOf, describeAccount, readAccountId, type Spend } from '../domain/budgets/account.ts';
import { projectSpend } from '../domain/budgets/projection.ts';
import { type SpendSeries, seriesSteps } from '../domain/budgets/series.ts';
import { type PeriodWindow, windowAt } from '../domain/calendar.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import { parseAmount } from '../domain/prices/amount.ts';
import { findFirstSpendMs, readSpendSeries } from '../queries/budget-course.ts';
import { type BudgetSpends, readAccountSpend, readBudgetSpends } from '../queries/budget-spend.ts';
import type { Db } from '../queries/db.ts';
import { findVerifiedTo } from '../queries/settlement-status.ts';
import { type Budgets, readOwners } from './budgets.ts';
import { type HeldAccounts, readHeld } from './held.ts';
import { mapSome } from './map-some.ts';

/** What all that is said of a budget needs. */
export interface BudgetContext {
  projectId: string;
  owners: readonly OwnerMatcher[];
  held: HeldAccounts;
  nowMs: number;
}

/** Every budget of a project with the account of it that is in most need. */
export async function describeBudgets(
  db: Db,
  budgets: Budgets,
  { projectId, nowMs }: { projectId: string; nowMs: number },
): Promise<BudgetsReply> {
  const [all, held, verifiedTo] = await Promise.all([
    budgets.list(db, { projectId, nowMs }),
    readHeld(budgets.runtime, projectId),
    findVerifiedTo(db),
  ]);
  const owners = await readOwners(db, projectId, all);
  const described = await mapSome(all, (budget) => describeOne(db, budget, { projectId, owners, held, nowMs }));
  return { budgets: described, runtime: held.runtime, booked: { verifiedTo } };
}

async function describeOne(db: Db, budget: Budget, context: BudgetContext): Promise<BudgetsReply['budgets'][number]> {
  const { accounts, window, ...counts } = await readAccounts(db, budget, context);
  const [account] = accounts;
  return {
    ...budget,
    account: account ?? null,
    ...counts,
    pausedSessions: context.held.countPaused((id) => readAccountId(id).budgetId === budget.budgetId),
    projection:
      account === undefined
        ? null
        : projectAccount(budget, window, await readCourse(db, { budget, window, value: account.value }, context)),
  };
}

/** The accounts of a budget with what the runtime holds, those that have used most first. */
export async function readAccounts(
  db: Db,
  budget: Budget,
  { projectId, owners, held, nowMs }: BudgetContext,
): Promise<{ accounts: BudgetAccount[]; window: PeriodWindow } & Omit<BudgetSpends, 'spends'>> {
  const window = windowAt(budget.period, nowMs);
  const request = { projectId, budget, window, owners };
  const { spends, ...counts } = await readBudgetSpends(db, { ...request, limit: budgetLimits.accountsMax });
  // What calls hold of an account may come before anything of it is booked.
  const known = new Set(spends.map(({ value }) => accountIdOf(budget.budgetId, value)));
  const unbooked = held
    .ofBudget(budget.budgetId, window.key)
    .filter((accountId) => !known.has(accountId))
    .slice(0, Math.max(0, budgetLimits.accountsMax - spends.length));
  const isComplete = spends.length === counts.accountCount;
  const added = isComplete ? unbooked.map((accountId) => emptySpend(readAccountId(accountId).value)) : [];
  const accounts = [...spends, ...added].map((spend) => {
    const accountId = accountIdOf(budget.budgetId, spend.value);
    return describeAccount(budget, { window, spend, held: held.find(accountId, window.key) });
  });
  return {
    accounts: accounts.toSorted((a, b) => compareAmounts(usedOf(b), usedOf(a))),
    window,
    ...counts,
    accountCount: counts.accountCount + added.length,
  };
}

/** One account, also when it is not among the costliest. */
export async function readOneAccount(
  db: Db,
  { budget, window, value }: { budget: Budget; window: PeriodWindow; value: string | null },
  { projectId, owners, held }: BudgetContext,
): Promise<BudgetAccount> {
  const spend = await readAccountSpend(db, { projectId, budget, window, owners, value });
  const found = held.find(accountIdOf(budget.budgetId, value), window.key);
  return describeAccount(budget, { window, spend, held: found });
}

/** What an account spent step by step; of a budget without a period, since its first call. Undefined: nothing yet. */
export async function readCourse(
  db: Db,
  { budget, window, value }: { budget: Budget; window: PeriodWindow; value: string | null },
  { projectId, owners, nowMs }: BudgetContext,
): Promise<SpendSeries | undefined> {
  const request = { projectId, budget, window, owners, value };
  if (budget.period.kind !== 'total') return readSpendSeries(db, request, seriesSteps(window, nowMs));
  const fromMs = await findFirstSpendMs(db, request);
  if (fromMs === undefined || fromMs > nowMs) return undefined;
  return readSpendSeries(db, request, seriesSteps({ fromMs, toMs: null }, nowMs));
}

export function projectAccount({ amountUsd, period }: Budget, { toMs }: PeriodWindow, series: SpendSeries | undefined) {
  if (series === undefined) return null;
  return projectSpend(series, { amount: parseAmount(amountUsd), toMs, isRolling: period.kind === 'rolling' });
}

function emptySpend(value: string | null): Spend {
  return { value, spent: 0n, unpricedCalls: 0 };
}

function usedOf({ spentUsd, pendingUsd }: BudgetAccount): bigint {
  return parseAmount(spentUsd) + parseAmount(pendingUsd);
}

function compareAmounts(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
