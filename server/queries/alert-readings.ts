import { ClickHouseError } from '@clickhouse/client';
import { ApiError } from '../contract/errors.ts';
import { measureOf } from '../domain/alerts/metrics.ts';
import { emptyReading, type Reading } from '../domain/alerts/reading.ts';
import { parseAmount } from '../domain/prices/amount.ts';
import { moneyCells } from './alert-money-cells.ts';
import { rowCells } from './alert-row-cells.ts';
import type { ReadingRequest } from './alert-cells.ts';
import type { RowMeasure } from './alert-sources.ts';
import type { Db, QueryParameters } from './db.ts';

/** Parts and single samples of one answer, some 100 bytes each. */
const cellsMax = 500_000;
/** ClickHouse's FUNCTION_THROW_IF_VALUE_IS_NON_ZERO. */
const thrownIf = '395';

export interface Readings {
  /** By group key. */
  groups: ReadonlyMap<string, readonly Reading[]>;
  /** That the window has, and how many of them were left out. */
  groupCount: number;
  omittedGroups: number;
}

type Pairs = [string[], string[]] | [number[], string[]];
type Cell = [
  atMs: string,
  usd: string,
  whole: string,
  part: string,
  lastMs: string,
  bins: Pairs,
  keys: Pairs,
  items: [string, string, string, string][],
];

interface GroupRow {
  grp: string;
  groupCount: string;
  cells: Cell[];
}

/**
 * What the largest groups of a rule had in each part of a window, in one SELECT. Throws `query_too_large` where that is more
 * than can be held. Rules over budgets have no rows of their own.
 */
export async function readReadings(db: Db, request: ReadingRequest): Promise<Readings> {
  const { rule } = request;
  const measure = measureOf(rule);
  if (measure === 'budgets') throw new Error('accounts of budgets are read by their own query');
  const rows = await readRows(db, request, measure);
  const groups = rows.map(({ grp, cells }): [string, Reading[]] => [
    rule.groupBy === null ? '' : `=${grp}`,
    cells.map(toReading),
  ]);
  const groupCount = Number(rows[0]?.groupCount ?? 0);
  return { groups: new Map(groups), groupCount, omittedGroups: groupCount - rows.length };
}

async function readRows(db: Db, request: ReadingRequest, measure: RowMeasure): Promise<GroupRow[]> {
  try {
    return await db.rows<GroupRow>(...readingsSql(request, measure));
  } catch (error) {
    if (!(error instanceof ClickHouseError) || error.code !== thrownIf) throw error;
    const message = `this rule looks at more than ${cellsMax} single values; fewer days, fewer groups, a longer window or a filter help`;
    throw new ApiError('query_too_large', message, { cause: error });
  }
}

function readingsSql(request: ReadingRequest, measure: RowMeasure): [sql: string, parameters: QueryParameters] {
  const { projectId, rule, read, keep } = request;
  const cells = moneyCells(request) ?? rowCells(request, measure);
  const sql = `SELECT grp, groupCount, cells, throwIf(sum(size) OVER () > {cellsMax:UInt64}) AS isTooMuch
     FROM (
       SELECT grp, count() OVER () AS groupCount, sum(weight) AS groupWeight,
         groupArray((atMs, toString(usd), whole, part, lastMs, bins, keyCounts, items)) AS cells,
         sum(1 + length(items) + length(keyCounts.1)) AS size
       FROM (
         ${cells.sql}
       )
       GROUP BY grp
       ORDER BY has({keep:Array(String)}, grp) DESC, groupWeight DESC, grp
       LIMIT {limit:UInt32}
     )
     ORDER BY grp
     LIMIT {limit:UInt32}`;
  const common = { projectId, fromMs: read.fromMs, toMs: read.toMs, keep, cellsMax, limit: rule.maxGroups };
  return [sql, { ...common, ...cells.parameters }];
}

function toReading([atMs, usd, whole, part, lastMs, bins, keys, items]: Cell): Reading {
  return {
    ...emptyReading,
    ...{ atMs: Number(atMs), usd: parseAmount(usd), whole: Number(whole), part: Number(part), lastMs: Number(lastMs) },
    bins: bins[0].map((one, i) => [Number(one), Number(bins[1][i])] as const),
    keys: keys[0].map((one, i) => [String(one), Number(keys[1][i])] as const),
    items: items.map(([key, turn, atUs, amount]) => ({
      ...{ key, part: turn, atUs: Number(atUs), amount: Number(amount) },
    })),
  };
}
