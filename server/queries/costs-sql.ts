import { tables } from '../../migrations/schema.ts';
import type { CostGroupName, CostInterval } from '../contract/costs.ts';
import { type CostFilters, filteredDimensions, labelKeyOf } from '../domain/cost-filters.ts';
import { type CostPiece, type CostSource, planCosts } from '../domain/cost-plan.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { msPerDay, nsPerMs } from '../domain/time.ts';
import { costConditions, costFilterParameters, dimensionSql } from './costs-filter.ts';
import type { QueryParameters } from './db.ts';

export interface CostRequest {
  projectId: string;
  window: TimeWindow;
  filters: CostFilters;
  groupBy: readonly CostGroupName[];
  interval: CostInterval | undefined;
  limit: number;
}

/** The sums that a row needs; every one is in every projection of the ledger. */
const sums = [
  ...['model_calls', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'reasoning_tokens'],
  ...['priced_calls', 'unpriced_calls', 'costed_rows', 'cost_usd'],
];

export const statusSums = `sumIf(model_calls, status = 'priced') AS priced,
       sumIf(model_calls, status = 'reported') AS reported,
       sumIf(model_calls, status = 'unpriced_model') AS unpricedModel,
       sumIf(model_calls, status = 'unpriced_usage') AS unpricedUsage`;

/** Parts of the window as the plan reads them, or all of it row by row. */
export function costPieces(request: CostRequest): CostPiece[] {
  const dimensions = [...request.groupBy, ...filteredDimensions(request.filters)];
  return planCosts({ ...request, dimensions });
}

/**
 * The sums of every group and, as totals, of all of them; the costliest `limit` groups come out. Rollup pieces say exactly
 * what their projection says, or ClickHouse reads rows instead. A group whose bookings were all taken back is none.
 * `withStatus` needs rows.
 */
export function costsSql(request: CostRequest, pieces: readonly CostPiece[], options: { withStatus: boolean }): string {
  const groups = groupNames(request);
  const keys = ['time', ...groups].join(', ');
  return `SELECT ${keys}, sum(model_calls) AS modelCalls, sum(input_tokens) AS inputTokens,
       sum(output_tokens) AS outputTokens, sum(cache_read_tokens) AS cacheReadTokens,
       sum(cache_write_tokens) AS cacheWriteTokens, sum(reasoning_tokens) AS reasoningTokens,
       sum(priced_calls) AS pricedCalls, sum(unpriced_calls) AS unpricedCalls,
       if(sum(costed_rows) = 0, NULL, toString(sum(cost_usd))) AS costUsd${options.withStatus ? `,\n       ${statusSums}` : ''}
     FROM (
       ${pieces.map((piece) => pieceSql(request, piece, options)).join('\n       UNION ALL\n       ')}
     )
     GROUP BY ${keys} WITH TOTALS
     HAVING ${sums.map((name) => `sum(${name}) != 0`).join(' OR ')}
     ORDER BY sum(cost_usd) DESC, inputTokens + outputTokens DESC, modelCalls DESC, ${keys}
     LIMIT {limit:UInt32}`;
}

/** How the counted calls of the window were booked: in no projection, so it reads rows. */
export function statusSql(request: CostRequest): string {
  return `SELECT ${statusSums}
     FROM ${tables.ledger}
     WHERE ${conditions(request, windowSql('rows', 'all'))}
     LIMIT 1`;
}

export function costParameters(request: CostRequest, pieces: readonly CostPiece[]): QueryParameters {
  const { projectId, window, filters, groupBy, limit } = request;
  const windows = pieces.flatMap(({ source, windows: parts }) =>
    parts.flatMap((part, i) => boundEntries(source, `${source}${i}`, part)),
  );
  return {
    ...{ projectId, limit },
    ...costFilterParameters(filters),
    ...Object.fromEntries(groupBy.map((name, i) => [`groupKey${i}`, labelKeyOf(name) ?? ''])),
    ...Object.fromEntries([...boundEntries('rows', 'all', window), ...windows]),
  };
}

/** The moment that a source groups by, and what of it the answer shows. */
const sourceTimes: Readonly<Record<CostSource, string>> = {
  day: 'toDate(start_time)',
  hour: 'toStartOfHour(start_time)',
  rows: 'start_time',
};
const intervalTimes: Readonly<Record<CostInterval, (time: string) => string>> = {
  hour: (time) => (time === sourceTimes.hour ? time : `toStartOfHour(${time})`),
  day: (time) => (time === sourceTimes.day ? time : `toDate(${time})`),
  month: (time) => `toStartOfMonth(${time})`,
};

function pieceSql(request: CostRequest, piece: CostPiece, { withStatus }: { withStatus: boolean }): string {
  const { interval, groupBy } = request;
  const { source } = piece;
  const time = interval === undefined ? "''" : intervalTimes[interval](sourceTimes[source]);
  const groups = groupBy.map((name, i) => `${dimensionSql(name, `groupKey${i}`)} AS g${i}`);
  const columns = source === 'rows' ? sums : sums.map((name) => `sum(${name}) AS ${name}`);
  const keys = [...(interval === undefined ? [] : [sourceTimes[source]]), ...groupNames(request)];
  const parts = piece.windows.map((_, i) => windowSql(source, `${source}${i}`));
  return [
    `SELECT ${[`${time} AS time`, ...groups, ...columns, ...(withStatus ? ['status'] : [])].join(', ')}`,
    `FROM ${tables.ledger}`,
    `WHERE ${conditions(request, parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' OR ')})`)}`,
    ...(source === 'rows' || keys.length === 0 ? [] : [`GROUP BY ${keys.join(', ')}`]),
  ].join('\n       ');
}

function conditions({ filters }: CostRequest, window: string): string {
  return ['project_id = {projectId:String}', window, ...costConditions(filters)].join(' AND ');
}

function groupNames({ groupBy }: CostRequest): string[] {
  return groupBy.map((_, i) => `g${i}`);
}

function windowSql(source: CostSource, name: string): string {
  const time = sourceTimes[source];
  const bound = {
    day: (end: string) => `toDate({${name}${end}:UInt16})`,
    hour: (end: string) => `toDateTime({${name}${end}:UInt32}, 'UTC')`,
    rows: (end: string) => `fromUnixTimestamp64Nano({${name}${end}:Int64}, 'UTC')`,
  }[source];
  return `${time} >= ${bound('From')} AND ${time} < ${bound('To')}`;
}

/** Days and seconds since 1970 for rollups, nanoseconds for rows. */
function boundEntries(source: CostSource, name: string, { from, to }: TimeWindow): [string, bigint][] {
  const unitNs = { day: BigInt(msPerDay) * nsPerMs, hour: 1_000n * nsPerMs, rows: 1n }[source];
  return [
    [`${name}From`, from / unitNs],
    [`${name}To`, to / unitNs],
  ];
}
