import { ClickHouseError } from '@clickhouse/client';
import type { AlertRuleInput } from '../contract/alert-rules.ts';
import { ApiError } from '../contract/errors.ts';
import type { MsWindow } from '../domain/alerts/alert-window.ts';
import { type AlertMeasure, formulaOf, measureOf } from '../domain/alerts/metrics.ts';
import { binGrowth, emptyReading, type Reading } from '../domain/alerts/reading.ts';
import { parseAmount } from '../domain/prices/amount.ts';
import { filterConditions, groupExpression, sourceOf, windowCondition } from './alert-sources.ts';
import type { Db, QueryParameters } from './db.ts';
import type { OwnerColumns } from './owner-sql.ts';

/** Parts and single samples of one answer, some 100 bytes each. */
const cellsMax = 500_000;
/** ClickHouse's FUNCTION_THROW_IF_VALUE_IS_NON_ZERO. */
const thrownIf = '395';

/** How the time is cut: at a few moments, or every so often. */
export type ReadingParts = { cutsMs: readonly number[] } | { stepMs: number };

export interface ReadingRequest {
  projectId: string;
  rule: AlertRuleInput;
  read: MsWindow;
  parts: ReadingParts;
  /** Groups that must be in the answer whatever their size. */
  keep: readonly string[];
  owners: OwnerColumns | undefined;
}

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

type RowMeasure = Exclude<AlertMeasure, 'budgets'>;

function readingsSql(request: ReadingRequest, measure: RowMeasure): [sql: string, parameters: QueryParameters] {
  const { projectId, rule, read, parts, keep, owners } = request;
  const isGrowth = formulaOf(rule.metric) === 'growth';
  const source = sourceOf(measure, owners, { needsTrace: needsTrace(rule), isNet: isGrowth });
  const filters = filterConditions(rule.filters, { measure, source });
  const group = groupExpression(rule.groupBy, source);
  const timeMs = `toUnixTimestamp64Milli(${source.time})`;
  const at =
    'stepMs' in parts
      ? `intDiv(${timeMs} - {fromMs:Int64}, {stepMs:Int64}) * {stepMs:Int64} + {fromMs:Int64}`
      : `{cuts:Array(Int64)}[arrayCount(cut -> cut <= ${timeMs}, {cuts:Array(Int64)})]`;
  const sums = sumsOf(rule, source.column('session'));
  const conditions = [
    ...(source.hasProject ? ['project_id = {projectId:String}'] : []),
    windowCondition(source),
    ...sums.conditions,
    ...filters.conditions,
    // What has no name is not expected to come again.
    ...(measure === 'arrivals' && rule.groupBy !== null ? [`${group} != ''`] : []),
  ];
  const sql = `SELECT grp, groupCount, cells, throwIf(sum(size) OVER () > {cellsMax:UInt64}) AS isTooMuch
     FROM (
       SELECT grp, count() OVER () AS groupCount, sum(weight) AS groupWeight,
         groupArray((atMs, toString(usd), whole, part, lastMs, bins, keyCounts, items)) AS cells,
         sum(1 + length(items) + length(keyCounts.1)) AS size
       FROM (
         SELECT ${group} AS grp, ${at} AS atMs,
           ${sums.usd} AS usd, ${sums.whole} AS whole, ${sums.part} AS part,
           toUnixTimestamp64Milli(toDateTime64(max(${source.time}), 3, 'UTC')) AS lastMs,
           ${sums.bins} AS bins, ${sums.keys} AS keyCounts, ${sums.items} AS items, ${sums.weight} AS weight
         FROM ${source.from}
         WHERE ${conditions.join(' AND ')}
         GROUP BY grp, atMs
       )
       GROUP BY grp
       ORDER BY has({keep:Array(String)}, grp) DESC, groupWeight DESC, grp
       LIMIT {limit:UInt32}
     )
     ORDER BY grp
     LIMIT {limit:UInt32}`;
  return [
    sql,
    {
      ...{ projectId, fromMs: read.fromMs, toMs: read.toMs, keep, cellsMax, limit: rule.maxGroups },
      ...('stepMs' in parts ? { stepMs: parts.stepMs } : { cuts: parts.cutsMs }),
      groupLabel: rule.groupBy?.startsWith('label:') === true ? rule.groupBy.slice('label:'.length) : '',
      ...(owners?.params ?? {}),
      ...filters.parameters,
    },
  ];
}

interface Sums {
  usd: string;
  whole: string;
  part: string;
  bins: string;
  keys: string;
  items: string;
  /** By what the largest groups are chosen. */
  weight: string;
  conditions: string[];
}

const nothing: Sums = {
  usd: 'toDecimal128(0, 12)',
  whole: 'toInt64(count())',
  part: 'toInt64(0)',
  bins: "CAST(([], []), 'Tuple(Array(Int32), Array(Int64))')",
  keys: "CAST(([], []), 'Tuple(Array(UInt64), Array(Int64))')",
  items: "CAST([], 'Array(Tuple(UInt64, UInt64, Int64, Int64))')",
  weight: 'count()',
  conditions: [],
};

const bin = (durationNs: string) => `toInt32(round(log(greatest((${durationNs}) / 1e6, 0.001)) / log(${binGrowth})))`;
const runDurationNs = 'toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)';
const spanUs = "toUnixTimestamp64Micro(toDateTime64(start_time, 6, 'UTC'))";

/** The sums that the formula of a rule needs. Money and counts of the ledger are signed, so corrections take themselves back. */
function sumsOf(rule: AlertRuleInput, session: string): Sums {
  const isOfRuns = measureOf(rule) === 'runs';
  switch (formulaOf(rule.metric)) {
    case 'usd':
    case 'forecast':
      return { ...nothing, ...ofLedger };
    case 'usdPerKey':
      return {
        ...{ ...nothing, ...ofLedger },
        keys: 'sumMap([cityHash64(session_id)], [toInt64(sign)])',
        conditions: [...ofLedger.conditions, "session_id != ''"],
      };
    case 'count':
      return { ...nothing, ...ofLedger, part: 'sum(unpriced_calls)', weight: 'sum(unpriced_calls)' };
    case 'growth':
      return {
        ...nothing,
        items: `groupArray((cityHash64(session_id), cityHash64(trace_id), toInt64(${spanUs}), toInt64(tokens)))`,
        conditions: ["session_id != ''", 'calls > 0'],
      };
    case 'share':
      return { ...nothing, part: "toInt64(countIf(status = 'error'))" };
    case 'percentile': {
      const isFirstToken = rule.metric === 'first_token_p95';
      const duration = isFirstToken
        ? 'assumeNotNull(time_to_first_token_ns)'
        : isOfRuns
          ? runDurationNs
          : 'duration_ns';
      return {
        ...nothing,
        bins: `sumMap([${bin(duration)}], [toInt64(1)])`,
        conditions: isFirstToken ? ['time_to_first_token_ns IS NOT NULL'] : [],
      };
    }
    case 'mostOfKey':
      return {
        ...nothing,
        keys: `sumMap([cityHash64(if(${session} = '', hex(trace_id), ${session}), callHash)], [toInt64(1)])`,
      };
    case 'streak':
      return {
        ...nothing,
        items: `groupArray((cityHash64(tool_name, scope_name), cityHash64(trace_id, span_id), toInt64(${spanUs}), toInt64(status = 'error')))`,
      };
    case 'silence':
      return nothing;
  }
}

const ofLedger = {
  usd: 'sum(cost_usd)',
  whole: 'sum(model_calls)',
  weight: 'sum(cost_usd)',
  conditions: ['counted'],
};

/** Spans have no session, user or agent of their own where their emitter knew none: then those of the trace count. */
function needsTrace({ metric, groupBy, filters }: AlertRuleInput): boolean {
  const names = [groupBy ?? '', ...Object.keys(filters)].map((name) => (name.startsWith('label') ? 'label' : name));
  return metric === 'loop' || names.some((name) => ['agent', 'user', 'session', 'label'].includes(name));
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
