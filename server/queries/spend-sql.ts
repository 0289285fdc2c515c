import { tables } from '../../migrations/schema.ts';
import type { CostPiece, CostSource } from '../domain/cost-plan.ts';
import { boundEntries, windowSql } from './cost-pieces.ts';
import type { QueryParameters } from './db.ts';

/** What one SELECT sums: rows of a project in some windows that meet the conditions, by the key columns. */
export interface SpendSelect {
  pieces: readonly CostPiece[];
  conditions: readonly string[];
  /** Expressions to group by, under the names that the SELECT gives them. */
  keys: readonly { sql: string; name: string }[];
  /** Constants of the SELECT, such as which of several it is. */
  constants?: readonly string[];
  /** Adds a column `ms`: the start of the interval that a row falls into, counted from here. */
  buckets?: { fromMs: number; stepMs: number } | undefined;
  /** Told apart from the parameters of other SELECTs in one query. */
  prefix: string;
}

/** The moment that a source groups by. */
const sourceTimes: Readonly<Record<CostSource, string>> = {
  day: 'toDate(start_time)',
  hour: 'toStartOfHour(start_time)',
  rows: 'start_time',
};
const sourceMs: Readonly<Record<CostSource, string>> = {
  day: 'toInt64(toUInt16(toDate(start_time))) * 86400000',
  hour: 'toInt64(toUnixTimestamp(toStartOfHour(start_time))) * 1000',
  rows: 'toUnixTimestamp64Milli(start_time)',
};

/**
 * Sums of `usd` and `unpriced`, a SELECT for each piece. A piece of a rollup says exactly what its projection says, or
 * ClickHouse reads rows instead. A key may come in several rows: the query around it adds them up.
 */
export function spendSelects(select: SpendSelect): string[] {
  return select.pieces.map(({ source, windows }) => {
    const { keys, constants = [], conditions, buckets, prefix } = select;
    const time = buckets === undefined ? [] : [`${bucketSql(source, prefix)} AS ms`];
    const columns = [...constants, ...keys.map(({ sql, name }) => `${sql} AS ${name}`), ...time];
    const groups = [...keys.map(({ name }) => name), ...(buckets === undefined ? [] : groupOfBucket(source))];
    const parts = windows.map((_, i) => windowSql(source, `${prefix}${source}${i}`));
    const window = parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' OR ')})`;
    return [
      `SELECT ${[...columns, 'sum(cost_usd) AS usd', 'sum(unpriced_calls) AS unpriced'].join(', ')}`,
      `FROM ${tables.ledger}`,
      `WHERE ${['project_id = {projectId:String}', window, ...conditions].join(' AND ')}`,
      ...(groups.length === 0 ? [] : [`GROUP BY ${groups.join(', ')}`]),
    ].join('\n       ');
  });
}

export function spendParameters({ pieces, buckets, prefix }: SpendSelect): QueryParameters {
  const bounds = pieces.flatMap(({ source, windows }) =>
    windows.flatMap((window, i) => boundEntries(source, `${prefix}${source}${i}`, window)),
  );
  return {
    ...Object.fromEntries(bounds),
    ...(buckets === undefined ? {} : { [`${prefix}BucketFrom`]: buckets.fromMs, [`${prefix}Step`]: buckets.stepMs }),
  };
}

/** Rollups are grouped by their own time, and cut into buckets behind it; rows at once, they are many. */
function bucketSql(source: CostSource, prefix: string): string {
  const [from, step] = [`{${prefix}BucketFrom:Int64}`, `{${prefix}Step:Int64}`];
  return `${from} + intDiv(${sourceMs[source]} - ${from}, ${step}) * ${step}`;
}

function groupOfBucket(source: CostSource): string[] {
  return [source === 'rows' ? 'ms' : sourceTimes[source]];
}
