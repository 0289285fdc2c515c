import type { Budget } from '../contract/budgets.ts';
import { type Spend, warnedFrom } from '../domain/budgets/account.ts';
import { toTimeWindow } from '../domain/budgets/spend-window.ts';
import type { PeriodWindow } from '../domain/calendar.ts';
import { planCosts } from '../domain/cost-plan.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import { formatAmount, parseAmount } from '../domain/prices/amount.ts';
import { budgetScopeSql } from './budget-scope.ts';
import type { Db } from './db.ts';
import { type SpendSelect, spendParameters, spendSelects } from './spend-sql.ts';

export interface BudgetSpendRequest {
  projectId: string;
  budget: Budget;
  window: Pick<PeriodWindow, 'fromMs' | 'toMs'>;
  /** Rules of the project; only cost centres and teams ask them. */
  owners: readonly OwnerMatcher[];
}

/** The costliest accounts of a budget, and of how many. */
export interface BudgetSpends {
  spends: Spend[];
  accountCount: number;
  /** By the ledger: warned ones that are not exhausted. */
  warnedCount: number;
  exhaustedCount: number;
}

interface ValueRow {
  value: string;
  spentUsd: string;
  unpricedCalls: string;
}

/**
 * What the accounts of a budget spent in a window, costliest first, exactly. One that is for the whole project or one value
 * has that account also where nothing was spent; what has no value belongs to none. From rollups where they can answer.
 */
export async function readBudgetSpends(db: Db, request: BudgetSpendRequest & { limit: number }): Promise<BudgetSpends> {
  const { budget, limit } = request;
  if (budget.scope === 'project' || budget.value !== null) {
    const spend = await readAccountSpend(db, { ...request, value: budget.value });
    return { spends: [spend], accountCount: 1, ...countStates(budget, spend.spent) };
  }
  const { select, parameters } = selectOf(request, []);
  const amount = parseAmount(budget.amountUsd);
  const rows = await db.rows<ValueRow & Record<'accountCount' | 'warnedCount' | 'exhaustedCount', string>>(
    `SELECT value, toString(spent) AS spentUsd, unpricedCalls, count() OVER () AS accountCount,
       countIf(spent >= {warned:Decimal(38, 12)} AND spent < {amount:Decimal(38, 12)}) OVER () AS warnedCount,
       countIf(spent >= {amount:Decimal(38, 12)}) OVER () AS exhaustedCount
     FROM (
       SELECT value, sum(usd) AS spent, sum(unpriced) AS unpricedCalls
       FROM (
       ${select.join('\n       UNION ALL\n       ')}
       )
       GROUP BY value
       HAVING value != '' AND (spent != 0 OR unpricedCalls != 0)
     )
     ORDER BY spent DESC, value
     LIMIT {limit:UInt32}`,
    {
      ...parameters,
      amount: budget.amountUsd,
      warned: formatAmount(warnedFrom(amount, budget.thresholds) ?? amount),
      limit,
    },
  );
  const [first] = rows;
  return {
    spends: rows.map(toSpend),
    accountCount: Number(first?.accountCount ?? 0),
    warnedCount: Number(first?.warnedCount ?? 0),
    exhaustedCount: Number(first?.exhaustedCount ?? 0),
  };
}

/** What one account spent in a window; 0 where nothing is booked. `value` null: the whole project. */
export async function readAccountSpend(db: Db, request: BudgetSpendRequest & { value: string | null }): Promise<Spend> {
  const { value } = request;
  const { select, parameters } = selectOf(request, value === null ? [] : [value]);
  const [row] = await db.rows<Omit<ValueRow, 'value'>>(
    `SELECT toString(sum(usd)) AS spentUsd, sum(unpriced) AS unpricedCalls
     FROM (
       ${select.join('\n       UNION ALL\n       ')}
     )
     LIMIT 1`,
    parameters,
  );
  return { ...toSpend({ spentUsd: '0', unpricedCalls: '0', ...row, value: '' }), value };
}

function selectOf({ projectId, budget, window, owners }: BudgetSpendRequest, values: readonly string[]) {
  const scope = budgetScopeSql(budget, { owners, prefix: 'b' });
  const isByValue = budget.scope !== 'project';
  const spend: SpendSelect = {
    pieces: planCosts({ window: toTimeWindow(window), interval: undefined, dimensions: scope.dimensions }),
    conditions: [...scope.conditions, ...(values.length === 0 ? [] : [`${scope.value} IN {values:Array(String)}`])],
    keys: isByValue ? [{ sql: scope.value, name: 'value' }] : [],
    prefix: 'b',
  };
  const parameters = { projectId, values, ...scope.parameters, ...spendParameters(spend) };
  return { select: spendSelects(spend), parameters };
}

function countStates({ amountUsd, thresholds }: Budget, spent: bigint) {
  const amount = parseAmount(amountUsd);
  const isExhausted = spent >= amount;
  const isWarned = !isExhausted && spent >= (warnedFrom(amount, thresholds) ?? amount);
  return { warnedCount: isWarned ? 1 : 0, exhaustedCount: isExhausted ? 1 : 0 };
}

function toSpend({ value, spentUsd, unpricedCalls }: ValueRow): Spend {
  return { value, spent: parseAmount(spentUsd), unpricedCalls: Number(unpricedCalls) };
}
