import { tables } from '../../migrations/schema.ts';
import type { CostGroupName, CostInterval } from '../contract/costs.ts';
import {
  type CostFilters,
  filteredDimensions,
  isOwnerDimension,
  labelKeyOf,
  storedDimensions,
} from '../domain/cost-filters.ts';
import { type CostPiece, type CostSource, planCosts } from '../domain/cost-plan.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { msPerDay, nsPerMs } from '../domain/time.ts';
import { costConditions, dimensionSql, ownerConditions, storedConditions } from './costs-filter.ts';
import type { QueryParameters } from './db.ts';
import { ownerColumns, ownerLabelKeys, type OwnerSources } from './owner-sql.ts';

/** What of the ledger is summed, and by what. */
export interface PieceRequest {
  projectId: string;
  window: TimeWindow;
  filters: CostFilters;
  groupBy: readonly CostGroupName[];
  interval: CostInterval | undefined;
}

/** The sums that a row needs; every one is in every projection of the ledger. */
export const sums = [
  ...['model_calls', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'reasoning_tokens'],
  ...['priced_calls', 'unpriced_calls', 'costed_rows', 'cost_usd'],
];

/** Parts of the window as the plan reads them, or all of it row by row. */
export function costPieces(request: PieceRequest): CostPiece[] {
  const { groupBy, filters } = request;
  const dimensions = storedDimensions([...groupBy, ...filteredDimensions(filters)], filters.owners);
  return planCosts({ ...request, dimensions });
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

interface PieceOptions {
  /** Needs rows. */
  withStatus: boolean;
  /** Before the names of the window's parameters, where a query has two of them. */
  prefix?: string | undefined;
}

/** `time`, `g0`, `g1` …, the sums under their columns' names, and `status`: of one piece, not yet added up. */
export function pieceSql(request: PieceRequest, piece: CostPiece, options: PieceOptions): string {
  const names = [...request.groupBy, ...filteredDimensions(request.filters)];
  return names.some(isOwnerDimension) ? ownedPieceSql(request, piece, options) : plainPieceSql(request, piece, options);
}

function plainPieceSql(request: PieceRequest, piece: CostPiece, { withStatus, prefix }: PieceOptions): string {
  const { interval, groupBy } = request;
  const { source } = piece;
  const groups = groupBy.map((name, i) => `${dimensionSql(name, `groupKey${i}`)} AS g${i}`);
  const columns = source === 'rows' ? sums : sums.map((name) => `sum(${name}) AS ${name}`);
  const keys = [...(interval === undefined ? [] : [sourceTimes[source]]), ...groupNames(request)];
  return [
    `SELECT ${[`${timeSql(interval, source)} AS time`, ...groups, ...columns, ...(withStatus ? ['status'] : [])].join(', ')}`,
    `FROM ${tables.ledger}`,
    `WHERE ${['project_id = {projectId:String}', windowsSql(piece, prefix), ...costConditions(request.filters)].join(' AND ')}`,
    ...(source === 'rows' || keys.length === 0 ? [] : [`GROUP BY ${keys.join(', ')}`]),
  ].join('\n       ');
}

/**
 * Adds up by the day and the values that owner rules look at, so that rules are asked once for each of them, not for each row;
 * a projection that has these values answers it.
 */
function ownedPieceSql(request: PieceRequest, piece: CostPiece, { withStatus, prefix }: PieceOptions): string {
  const { interval, groupBy, filters } = request;
  const { source } = piece;
  const rules = filters.owners ?? [];
  const looked = storedDimensions(['costCentre'], rules).filter((name) => labelKeyOf(name) === undefined);
  const keys = ownerLabelKeys(rules);
  const groups = groupBy.flatMap((name, i) =>
    isOwnerDimension(name) ? [] : [{ name: `g${i}`, sql: dimensionSql(name, `groupKey${i}`) }],
  );
  const values = [
    ...looked.map((name) => ({ name: `owner_${name}`, sql: dimensionSql(name, '') })),
    ...keys.map((_, place) => ({ name: `owner_label${place}`, sql: `labels[{ownerLabelKey${place}:String}]` })),
  ];
  const day = source === 'day' ? sourceTimes.day : `toDate(${sourceTimes[source]})`;
  const moment = source === 'rows' ? timeSql(interval, source) : sourceTimes[source];
  const inner = [
    `SELECT ${[
      `${timeSql(interval, source)} AS time, ${day} AS owner_day`,
      ...[...groups, ...values].map(({ name, sql }) => `${sql} AS ${name}`),
      ...(withStatus ? ['status'] : []),
      ...sums.map((name) => `sum(${name}) AS ${name}`),
    ].join(', ')}`,
    `FROM ${tables.ledger}`,
    `WHERE ${['project_id = {projectId:String}', windowsSql(piece, prefix), ...storedConditions(filters)].join(' AND ')}`,
    `GROUP BY ${[
      ...new Set(source === 'rows' ? (interval === undefined ? ['owner_day'] : ['owner_day', moment]) : [moment]),
      ...[...groups, ...values].map(({ name }) => name),
      ...(withStatus ? ['status'] : []),
    ].join(', ')}`,
  ].join('\n         ');
  const owners = ownerColumns(rules, groupedSources);
  const outer = groupBy.map((name, i) => (isOwnerDimension(name) ? `${owners[name]} AS g${i}` : `g${i}`));
  const conditions = ownerConditions(filters, owners);
  return [
    `SELECT ${['time', ...outer, ...sums, ...(withStatus ? ['status'] : [])].join(', ')}`,
    `FROM (\n         ${inner}\n       )`,
    ...(conditions.length === 0 ? [] : [`WHERE ${conditions.join(' AND ')}`]),
  ].join('\n       ');
}

const groupedSources: OwnerSources = {
  agent: 'owner_agent',
  user: 'owner_user',
  day: 'owner_day',
  label: (place) => `owner_label${place}`,
};

function timeSql(interval: CostInterval | undefined, source: CostSource): string {
  return interval === undefined ? "''" : intervalTimes[interval](sourceTimes[source]);
}

export function groupNames({ groupBy }: Pick<PieceRequest, 'groupBy'>): string[] {
  return groupBy.map((_, i) => `g${i}`);
}

function windowsSql({ source, windows }: CostPiece, prefix = ''): string {
  const parts = windows.map((_, i) => windowSql(source, `${prefix}${source}${i}`));
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' OR ')})`;
}

export function windowSql(source: CostSource, name: string): string {
  const time = sourceTimes[source];
  const bound = {
    day: (end: string) => `toDate({${name}${end}:UInt16})`,
    hour: (end: string) => `toDateTime({${name}${end}:UInt32}, 'UTC')`,
    rows: (end: string) => `fromUnixTimestamp64Nano({${name}${end}:Int64}, 'UTC')`,
  }[source];
  return `${time} >= ${bound('From')} AND ${time} < ${bound('To')}`;
}

/** The keys of `label:KEY` groups, as `pieceSql` names them. */
export function groupParameters({ groupBy }: Pick<PieceRequest, 'groupBy'>): QueryParameters {
  return Object.fromEntries(groupBy.map((name, i) => [`groupKey${i}`, labelKeyOf(name) ?? '']));
}

/** The windows of the pieces, as `pieceSql` names them. */
export function pieceParameters(pieces: readonly CostPiece[], prefix = ''): QueryParameters {
  const entries = pieces.flatMap(({ source, windows }) =>
    windows.flatMap((window, i) => boundEntries(source, `${prefix}${source}${i}`, window)),
  );
  return Object.fromEntries(entries);
}

/** Days and seconds since 1970 for rollups, nanoseconds for rows. */
export function boundEntries(source: CostSource, name: string, { from, to }: TimeWindow): [string, bigint][] {
  const unitNs = { day: BigInt(msPerDay) * nsPerMs, hour: 1_000n * nsPerMs, rows: 1n }[source];
  return [
    [`${name}From`, from / unitNs],
    [`${name}To`, to / unitNs],
  ];
}
