import { tables } from '../../migrations/schema.ts';
import type { Budget } from '../contract/budgets.ts';
import { accountIdOf, type Spend } from '../domain/budgets/account.ts';
import type { AccountOf } from '../domain/budgets/applicable.ts';
import { toTimeWindow } from '../domain/budgets/spend-window.ts';
import { type PeriodWindow, windowAt } from '../domain/calendar.ts';
import { planCosts } from '../domain/cost-plan.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import { parseAmount } from '../domain/prices/amount.ts';
import { splitForBinding } from './bound-lists.ts';
import { budgetScopeSql } from './budget-scope.ts';
import type { Db, QueryParameters } from './db.ts';
import { type SpendSelect, spendParameters, spendSelects } from './spend-sql.ts';

/** A model call by the ids of its span, hex. */
export interface CallId {
  traceId: string;
  spanId: string;
}

/** What one read of the ledger says: every sum and every known call is of the same moment. */
export interface LedgerMoment {
  /** The window that was summed of an account that was asked for, and what was spent in it. */
  find: (budgetId: string, value: string | null) => { window: PeriodWindow; spend: Spend } | undefined;
  bookedCalls: CallId[];
  /** The database's clock when it was read, milliseconds since 1970. */
  nowMs: number;
}

interface MomentRow {
  part: string;
  value: string;
  spentUsd: string;
  unpricedCalls: string;
  spanId: string;
  readAtMs: string;
}

const callsPart = -1;

/**
 * The sums of these accounts in the windows of `nowMs`, and which of the calls the ledger has: one SELECT over one state of
 * the table, so that what is said to be booked is in the sums. A call is booked when a decision on its span is in force, also
 * one that does not count.
 */
export async function readLedgerMoment(
  db: Db,
  request: {
    projectId: string;
    accounts: readonly AccountOf[];
    calls: readonly CallId[];
    owners: readonly OwnerMatcher[];
    nowMs: number;
  },
): Promise<LedgerMoment> {
  const { projectId, accounts, calls, owners, nowMs } = request;
  const parts = partsOf(accounts, { owners, nowMs });
  const parameters: QueryParameters = {
    ...{ projectId, limit: accounts.length + calls.length + 1 },
    ...{ traceIds: calls.map(({ traceId }) => traceId), spanIds: calls.map(({ spanId }) => spanId) },
    ...Object.fromEntries(parts.flatMap((part) => Object.entries(part.parameters))),
  };
  const rows = await db.rows<MomentRow>(
    momentSql(
      parts.map((part) => part.spend),
      calls.length > 0,
    ),
    parameters,
  );
  const spends = new Map<string, { window: PeriodWindow; spend: Spend }>();
  for (const { budget, window, values } of parts) {
    for (const value of values) {
      const spend = { value, spent: 0n, unpricedCalls: 0 };
      spends.set(accountIdOf(budget.budgetId, value), { window, spend });
    }
  }
  for (const { part, value, spentUsd, unpricedCalls } of rows) {
    const budget = parts[Number(part)]?.budget;
    if (budget === undefined) continue;
    const found = spends.get(accountIdOf(budget.budgetId, value === '' ? null : value));
    if (found === undefined) continue;
    found.spend.spent = parseAmount(spentUsd);
    found.spend.unpricedCalls = Number(unpricedCalls);
  }
  return {
    find: (budgetId, value) => spends.get(accountIdOf(budgetId, value)),
    bookedCalls: rows
      .filter(({ part, spanId }) => Number(part) === callsPart && spanId !== '')
      .map(({ value, spanId }) => ({ traceId: value, spanId })),
    nowMs: Number(rows[0]?.readAtMs ?? nowMs),
  };
}

interface Part {
  budget: Budget;
  window: PeriodWindow;
  values: (string | null)[];
  spend: SpendSelect;
  parameters: QueryParameters;
}

/** The accounts of one budget are one part: a GROUP BY over their values. */
function partsOf(
  accounts: readonly AccountOf[],
  { owners, nowMs }: { owners: readonly OwnerMatcher[]; nowMs: number },
): Part[] {
  const byBudget = Map.groupBy(accounts, ({ budget }) => budget.budgetId);
  const groups = [...byBudget.values()].flatMap((ofOne) => splitForBinding(ofOne, ({ value }) => [value ?? '']));
  return groups.flatMap((ofOne, i) => {
    const [first] = ofOne;
    if (first === undefined) return [];
    const { budget } = first;
    const [prefix, window] = [`p${i}`, windowAt(budget.period, nowMs)];
    const scope = budgetScopeSql(budget, { owners, prefix });
    const isByValue = budget.scope !== 'project';
    const values = ofOne.map(({ value }) => value);
    const spend: SpendSelect = {
      pieces: planCosts({ window: toTimeWindow(window), interval: undefined, dimensions: scope.dimensions }),
      constants: [`${i} AS part`, ...(isByValue ? [] : ["'' AS value"])],
      keys: isByValue ? [{ sql: scope.value, name: 'value' }] : [],
      conditions: [...scope.conditions, ...(isByValue ? [`${scope.value} IN {${prefix}Values:Array(String)}`] : [])],
      prefix,
    };
    const bound = isByValue ? { [`${prefix}Values`]: values.map((value) => value ?? '') } : {};
    return [
      { budget, window, values, spend, parameters: { ...scope.parameters, ...spendParameters(spend), ...bound } },
    ];
  });
}

/**
 * A row for each account that has bookings, one for each booked call, and one that is always there and has the time. Calls are
 * looked for on the days on which their traces lie.
 */
export function momentSql(parts: readonly SpendSelect[], hasCalls: boolean): string {
  const sums = parts.flatMap(spendSelects);
  const selects = [
    `SELECT ${callsPart} AS part, '' AS value, 0::Decimal(38, 12) AS spent, 0 AS unpriced, '' AS spanId`,
    ...(sums.length === 0
      ? []
      : [
          `SELECT part, value, sum(usd) AS spent, sum(unpriced) AS unpriced, '' AS spanId
       FROM (
       ${sums.join('\n       UNION ALL\n       ')}
       )
       GROUP BY part, value`,
        ]),
    ...(hasCalls ? [callsSql] : []),
  ];
  return `SELECT part, value, toString(spent) AS spentUsd, unpriced AS unpricedCalls, spanId,
       toUnixTimestamp64Milli(now64(3)) AS readAtMs
     FROM (
       ${selects.join('\n       UNION ALL\n       ')}
     )
     LIMIT {limit:UInt32}`;
}

const callsSql = `SELECT ${callsPart} AS part, lower(hex(trace_id)) AS value, 0::Decimal(38, 12) AS spent, 0 AS unpriced,
         lower(hex(span_id)) AS spanId
       FROM ${tables.ledger}
       WHERE project_id = {projectId:String}
         AND toDate(start_time) IN (
           SELECT arrayJoin(days) FROM ${tables.tracePlaces}
           WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))
         )
         AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))
         AND (trace_id, span_id) IN (
           SELECT toFixedString(unhex(call.1), 16), toFixedString(unhex(call.2), 8)
           FROM (SELECT arrayJoin(arrayZip({traceIds:Array(String)}, {spanIds:Array(String)})) AS call)
         )
       GROUP BY trace_id, span_id
       HAVING sum(sign) > 0`;
