import type { AlertRuleInput } from '../contract/alert-rules.ts';
import { formulaOf, measureOf } from '../domain/alerts/metrics.ts';
import { binGrowth } from '../domain/alerts/reading.ts';
import type { Cells, ReadingRequest } from './alert-cells.ts';
import { filterConditions, groupExpression, type RowMeasure, sourceOf, windowCondition } from './alert-sources.ts';
import { ownerColumns } from './owner-sql.ts';

/** From single rows: spans, traces, arrivals, or the ledger. */
export function rowCells(request: ReadingRequest, measure: RowMeasure): Cells {
  const { rule, parts } = request;
  const owners = request.owners === undefined ? undefined : ownerColumns(request.owners);
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
  return {
    sql: `SELECT ${group} AS grp, ${at} AS atMs,
           ${sums.usd} AS usd, ${sums.whole} AS whole, ${sums.part} AS part,
           toUnixTimestamp64Milli(toDateTime64(max(${source.time}), 3, 'UTC')) AS lastMs,
           ${sums.bins} AS bins, ${sums.keys} AS keyCounts, ${sums.items} AS items, ${sums.weight} AS weight
         FROM ${source.from}
         WHERE ${conditions.join(' AND ')}
         GROUP BY grp, atMs`,
    parameters: {
      ...('stepMs' in parts ? { stepMs: parts.stepMs } : { cuts: parts.cutsMs }),
      groupLabel: rule.groupBy?.startsWith('label:') === true ? rule.groupBy.slice('label:'.length) : '',
      ...(owners?.params ?? {}),
      ...filters.parameters,
    },
  };
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

/** What a formula does not need. */
export const emptySums = {
  usd: 'toDecimal128(0, 12)',
  whole: 'toInt64(count())',
  part: 'toInt64(0)',
  bins: "CAST(([], []), 'Tuple(Array(Int32), Array(Int64))')",
  keys: "CAST(([], []), 'Tuple(Array(UInt64), Array(Int64))')",
  items: "CAST([], 'Array(Tuple(UInt64, UInt64, Int64, Int64))')",
  weight: 'count()',
  conditions: [],
} satisfies Sums;

const bin = (durationNs: string) => `toInt32(round(log(greatest((${durationNs}) / 1e6, 0.001)) / log(${binGrowth})))`;
const runDurationNs = 'toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)';
const spanUs = "toUnixTimestamp64Micro(toDateTime64(start_time, 6, 'UTC'))";

/** The sums that the formula of a rule needs. Money and counts of the ledger are signed, so corrections take themselves back. */
function sumsOf(rule: AlertRuleInput, session: string): Sums {
  const isOfRuns = measureOf(rule) === 'runs';
  switch (formulaOf(rule.metric)) {
    case 'usd':
    case 'forecast':
      return { ...emptySums, ...ofLedger };
    case 'usdPerKey':
      return {
        ...{ ...emptySums, ...ofLedger },
        keys: 'sumMap([cityHash64(session_id)], [toInt64(sign)])',
        conditions: [...ofLedger.conditions, "session_id != ''"],
      };
    case 'count':
      return { ...emptySums, ...ofLedger, part: 'sum(unpriced_calls)', weight: 'sum(unpriced_calls)' };
    case 'growth':
      return {
        ...emptySums,
        items: `groupArray((cityHash64(session_id), cityHash64(trace_id), toInt64(${spanUs}), toInt64(tokens)))`,
        conditions: ["session_id != ''", 'calls > 0'],
      };
    case 'share':
      return { ...emptySums, part: "toInt64(countIf(status = 'error'))" };
    case 'percentile': {
      const isFirstToken = rule.metric === 'first_token_p95';
      const duration = isFirstToken
        ? 'assumeNotNull(time_to_first_token_ns)'
        : isOfRuns
          ? runDurationNs
          : 'duration_ns';
      return {
        ...emptySums,
        bins: `sumMap([${bin(duration)}], [toInt64(1)])`,
        conditions: isFirstToken ? ['time_to_first_token_ns IS NOT NULL'] : [],
      };
    }
    case 'mostOfKey':
      return {
        ...emptySums,
        keys: `sumMap([cityHash64(if(${session} = '', hex(trace_id), ${session}), callHash)], [toInt64(1)])`,
      };
    case 'streak':
      return {
        ...emptySums,
        items: `groupArray((cityHash64(tool_name, scope_name), cityHash64(trace_id, span_id), toInt64(${spanUs}), toInt64(status = 'error')))`,
      };
    case 'silence':
      return emptySums;
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
