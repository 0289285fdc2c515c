import { budgetLimits, type DriverDimension, driverDimensions } from '../contract/budgets.ts';
import { type SeriesSteps, type SpendSeries, toSeries } from '../domain/budgets/series.ts';
import { toTimeWindow } from '../domain/budgets/spend-window.ts';
import type { PeriodWindow } from '../domain/calendar.ts';
import { type CostPiece, planCosts } from '../domain/cost-plan.ts';
import { parseAmount } from '../domain/prices/amount.ts';
import { msPerHour } from '../domain/time.ts';
import { tables } from '../../migrations/schema.ts';
import { budgetScopeSql, driverColumns } from './budget-scope.ts';
import type { BudgetSpendRequest } from './budget-spend.ts';
import type { Db } from './db.ts';
import { type SpendSelect, spendParameters, spendSelects } from './spend-sql.ts';

/** One account of a budget in a window. */
export type AccountRequest = BudgetSpendRequest & { value: string | null };

/** What an account spent in each step of its window. */
export async function readSpendSeries(db: Db, request: AccountRequest, steps: SeriesSteps): Promise<SpendSeries> {
  const select: SpendSelect = { ...accountSelect(request, 's', piecesOf(request, steps)), buckets: steps };
  const rows = await db.rows<{ stepStartMs: string; spentUsd: string }>(
    `SELECT ms AS stepStartMs, toString(sum(usd)) AS spentUsd
     FROM (
       ${spendSelects(select).join('\n       UNION ALL\n       ')}
     )
     GROUP BY ms
     LIMIT {limit:UInt32}`,
    // Calls whose clock is ahead lie in steps of their own; they are few.
    { ...accountParameters(request, select), limit: 100 * budgetLimits.seriesPointsMax },
  );
  return toSeries(
    steps,
    rows.map(({ stepStartMs, spentUsd }) => ({ ms: Number(stepStartMs), amount: parseAmount(spentUsd) })),
  );
}

/** When the first call of an account started; undefined: there is none. Reads the times of all its rows. */
export async function findFirstSpendMs(db: Db, request: AccountRequest): Promise<number | undefined> {
  const select = accountSelect(request, 's', []);
  const [row] = await db.rows<{ firstMs: string }>(
    `SELECT toUnixTimestamp64Milli(min(start_time)) AS firstMs
     FROM ${tables.ledger}
     WHERE ${['project_id = {projectId:String}', 'costed_rows != 0', ...select.conditions].join(' AND ')}
     HAVING count() > 0
     LIMIT 1`,
    accountParameters(request, select),
  );
  return row === undefined ? undefined : Number(row.firstMs);
}

/** One value of a dimension and what it spent, 10^-12 dollars. */
export interface Driver {
  dimension: DriverDimension;
  value: string;
  spent: bigint;
  previous: bigint;
}

type DriverRequest = AccountRequest & { previous: Pick<PeriodWindow, 'fromMs' | 'toMs'> | undefined };

/** The costliest values of each dimension that the account does not fix, and what they spent in the window before. */
export async function readDrivers(db: Db, request: DriverRequest): Promise<Driver[]> {
  const { budget } = request;
  const open = driverDimensions.filter((name) => name !== budget.scope && !(name === 'agent' && budget.agent !== null));
  const ofEach = await Promise.all(open.map((dimension) => readDriversOf(db, request, dimension)));
  return ofEach.flat();
}

/** The window before is asked for these few values alone: most of it need not be read. */
async function readDriversOf(db: Db, request: DriverRequest, dimension: DriverDimension): Promise<Driver[]> {
  const costliest = await readValues(db, request, { dimension, values: undefined });
  const { previous } = request;
  const before =
    previous === undefined || costliest.length === 0
      ? []
      : await readValues(
          db,
          { ...request, window: previous },
          { dimension, values: costliest.map(({ value }) => value) },
        );
  const beforeOf = new Map(before.map(({ value, spentUsd }) => [value, parseAmount(spentUsd)]));
  return costliest.map(({ value, spentUsd }) => ({
    ...{ dimension, value, spent: parseAmount(spentUsd), previous: beforeOf.get(value) ?? 0n },
  }));
}

/** What values of a dimension spent, costliest first; the first few of all, or these. */
async function readValues(
  db: Db,
  request: AccountRequest,
  { dimension, values }: { dimension: DriverDimension; values: readonly string[] | undefined },
): Promise<{ value: string; spentUsd: string }[]> {
  const dimensions = [...scopeOf(request, 'd').dimensions, dimension];
  const pieces = planCosts({ window: toTimeWindow(request.window), interval: undefined, dimensions });
  const ofAccount = accountSelect(request, 'd', pieces);
  const column = driverColumns[dimension];
  const select: SpendSelect = {
    ...ofAccount,
    keys: [{ sql: column, name: 'value' }],
    conditions: [...ofAccount.conditions, ...(values === undefined ? [] : [`${column} IN {values:Array(String)}`])],
  };
  return db.rows<{ value: string; spentUsd: string }>(
    `SELECT value, toString(sum(usd)) AS spentUsd
     FROM (
       ${spendSelects(select).join('\n       UNION ALL\n       ')}
     )
     GROUP BY value
     HAVING sum(usd) != 0
     ORDER BY sum(usd) DESC, value
     LIMIT {limit:UInt32}`,
    { ...accountParameters(request, select), values: values ?? [], limit: budgetLimits.driversMax },
  );
}

/** Rollups answer where steps are whole hours that begin with one; a step of a day may begin at any hour. */
function piecesOf(request: AccountRequest, { fromMs, stepMs }: SeriesSteps): CostPiece[] {
  const window = toTimeWindow(request.window);
  const isWholeHours = stepMs % msPerHour === 0 && fromMs % msPerHour === 0;
  if (!isWholeHours) return [{ source: 'rows', windows: [window] }];
  return planCosts({ window, interval: 'hour', dimensions: scopeOf(request, 's').dimensions });
}

function accountSelect(request: AccountRequest, prefix: string, pieces: readonly CostPiece[]): SpendSelect {
  const { value, conditions } = scopeOf(request, prefix);
  const ofValue = request.value === null ? [] : [`${value} = {${prefix}Value:String}`];
  return { pieces, conditions: [...conditions, ...ofValue], keys: [], prefix };
}

function accountParameters(request: AccountRequest, select: SpendSelect) {
  const { prefix } = select;
  return {
    projectId: request.projectId,
    ...scopeOf(request, prefix).parameters,
    ...spendParameters(select),
    ...(request.value === null ? {} : { [`${prefix}Value`]: request.value }),
  };
}

function scopeOf({ budget, owners }: AccountRequest, prefix: string) {
  return budgetScopeSql(budget, { owners, prefix });
}
