import type { Budget, BudgetDriver, BudgetReply } from '../contract/budgets.ts';
import { ApiError } from '../contract/errors.ts';
import { describeSeries } from '../domain/budgets/series.ts';
import { type PeriodWindow, windowBefore } from '../domain/calendar.ts';
import { formatAmount, parseAmount } from '../domain/prices/amount.ts';
import { readDrivers } from '../queries/budget-course.ts';
import type { Db } from '../queries/db.ts';
import { findVerifiedTo } from '../queries/settlement-status.ts';
import { type Budgets, readOwners } from './budgets.ts';
import { readHeld } from './held.ts';
import { type BudgetContext, projectAccount, readAccounts, readCourse, readOneAccount } from './overview.ts';

/** One budget: its accounts, and how the one of `value` goes, or else the one in most need. Throws `budget_not_found`. */
export async function describeBudget(
  db: Db,
  budgets: Budgets,
  question: { projectId: string; budgetId: string; value: string | undefined; nowMs: number },
): Promise<BudgetReply> {
  const { projectId, value, nowMs } = question;
  const [budget, held, verifiedTo] = await Promise.all([
    budgets.get(db, question),
    readHeld(budgets.runtime, projectId),
    findVerifiedTo(db),
  ]);
  if (value !== undefined) requireValue(budget, value);
  const owners = await readOwners(db, projectId, [budget]);
  const context = { projectId, owners, held, nowMs };
  const { accounts, accountCount, window } = await readAccounts(db, budget, context);
  const [first] = accounts;
  const focused = value ?? first?.value;
  return {
    budget,
    accounts: accounts.map((account) => ({
      ...account,
      pausedSessions: held.countPaused((id) => id === account.accountId),
    })),
    accountCount,
    focus: focused === undefined ? null : await describeFocus(db, { budget, window, value: focused }, context),
    runtime: held.runtime,
    booked: { verifiedTo },
  };
}

function requireValue({ scope, value: own }: Budget, value: string): void {
  if (scope === 'project') throw new ApiError('invalid_request', '`value` is not for a budget of the whole project');
  if (own !== null && own !== value)
    throw new ApiError('invalid_request', `\`value\` must be ${own}: it is for that alone`);
}

async function describeFocus(
  db: Db,
  focus: { budget: Budget; window: PeriodWindow; value: string | null },
  context: BudgetContext,
): Promise<BudgetReply['focus']> {
  const { budget, window, value } = focus;
  const { projectId, owners, held, nowMs } = context;
  const previous = samePartBefore(budget, window, nowMs);
  const [account, series, drivers] = await Promise.all([
    readOneAccount(db, focus, context),
    readCourse(db, focus, context),
    readDrivers(db, { projectId, budget, window, owners, value, previous }),
  ]);
  const spent = parseAmount(account.spentUsd);
  return {
    account,
    projection: projectAccount(budget, window, series),
    series: series === undefined ? [] : describeSeries(series),
    drivers: drivers.map((one): BudgetDriver => ({
      dimension: one.dimension,
      value: one.value === '' ? null : one.value,
      usd: formatAmount(one.spent),
      share: spent === 0n ? 0 : Number((one.spent * 1_000_000n) / spent) / 1e6,
      previousUsd: previous === undefined ? null : formatAmount(one.previous),
    })),
    pausedSessions: held.runtime === 'unavailable' ? null : pausedOf(held.paused, account.accountId),
  };
}

/** As much of the window before as has passed of this one. */
function samePartBefore(
  { period }: Budget,
  window: PeriodWindow,
  nowMs: number,
): Pick<PeriodWindow, 'fromMs' | 'toMs'> | undefined {
  const before = windowBefore(period, window);
  if (before === undefined) return undefined;
  const toMs = Math.min(before.toMs ?? Infinity, before.fromMs + (nowMs - window.fromMs));
  return { fromMs: before.fromMs, toMs };
}

function pausedOf(
  paused: readonly { sessionId: string; accountId: string; agent: string | null; sinceMs: number | null }[],
  accountId: string,
) {
  return paused
    .filter((one) => one.accountId === accountId)
    .map(({ sessionId, agent, sinceMs }) => ({ sessionId, agent, sinceMs }));
}
