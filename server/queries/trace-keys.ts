import { tables } from '../../migrations/schema.ts';
import type { Filters, TimeWindow } from '../domain/filters.ts';
import { msPerDay, msPerHour, shift, type UnixNano } from '../domain/time.ts';
import type { QueryParameters } from './db.ts';
import { filterParameters, spanConditions, type SpanFilterName } from './span-filter.ts';
import { spansWithText } from './text-search.ts';

/** How long before its root a trace's spans may start and still be seen with it: clocks differ. */
const spreadBeforeMs = msPerHour;
/** How long after its root a trace's spans may start and still count in lists and filters; its own page has all of them. */
const spreadAfterMs = msPerDay;

/** Few spans have one of these values and a bloom index finds them: look them up first instead of flagging every span. */
const selectiveFilters: readonly SpanFilterName[] = ['user', 'session'];

export interface TraceSelection {
  projectId: string;
  window: TimeWindow;
  filters: Filters;
  /** Only these. */
  traceIds?: readonly string[] | undefined;
}

/** The window in which spans are read, so that traces which start in `window` are seen whole. */
export function scanWindow(window: TimeWindow): TimeWindow {
  return { from: shift(window.from, -spreadBeforeMs), to: shift(window.to, spreadAfterMs) };
}

/** When the spans of a trace that starts at `start` are looked for. */
export function spreadOf(start: UnixNano): TimeWindow {
  return scanWindow({ from: start, to: start });
}

/**
 * A subquery with one row for every trace that starts in the window (by its root, else by its earliest span) and matches:
 * for each filter some span of it does, and its own status, duration and settled cost do. Columns: trace_id, startNs, hasRoot, isError
 * and those asked for. Bind `traceKeyParameters`. Reads narrow columns of one project's window.
 */
export function traceKeysSql(
  selection: TraceSelection,
  options: {
    columns?: readonly string[];
    having?: readonly string[];
    without?: SpanFilterName | 'status' | undefined;
    /** Only traces that have no summary yet. */
    onlyUnsettled?: boolean | undefined;
  } = {},
): string {
  const { filters, traceIds } = selection;
  const active = spanConditions(filters).filter(({ name }) => name !== options.without);
  const where = [
    spansInScan,
    ...active
      .filter(isSelective)
      .map(({ sql }) => `trace_id IN (SELECT trace_id FROM ${tables.spans} WHERE ${spansInScan} AND ${sql})`),
  ];
  if (traceIds !== undefined) where.push(ofTraceIds);
  if (filters.minCostUsd !== undefined) where.push(tracesOfCost);
  if (options.onlyUnsettled === true) where.push(isUnsettled);
  if (filters.text !== undefined) {
    const narrowed = traceIds === undefined ? '1' : ofTraceIds;
    where.push(`trace_id IN (${spansWithText(filters.text, { columns: 'trace_id', where: narrowed })})`);
  }
  const having = [
    'startNs >= {fromNs:Int64}',
    'startNs < {toNs:Int64}',
    ...active.filter((condition) => !isSelective(condition)).map(({ sql }) => `max(${sql})`),
    ...traceConditions(filters, options.without),
    ...(options.having ?? []),
  ];
  return `
    SELECT ${['trace_id', ...keyColumns, ...(options.columns ?? [])].join(',\n      ')}
    FROM ${tables.spans}
    WHERE ${where.join('\n      AND ')}
    GROUP BY trace_id
    HAVING ${having.join('\n      AND ')}`;
}

/** What `traceKeysSql` binds. */
export function traceKeyParameters(selection: TraceSelection): QueryParameters {
  const scan = scanWindow(selection.window);
  return {
    projectId: selection.projectId,
    fromNs: selection.window.from,
    toNs: selection.window.to,
    scanFromNs: scan.from,
    scanToNs: scan.to,
    traceIds: selection.traceIds ?? [],
    ...filterParameters(selection.filters),
  };
}

/** Spans of the project in the window that is read. */
export const spansInScan = `project_id = {projectId:String}
      AND start_time >= fromUnixTimestamp64Nano({scanFromNs:Int64}, 'UTC')
      AND start_time < fromUnixTimestamp64Nano({scanToNs:Int64}, 'UTC')`;

export const ofTraceIds = 'trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))';

const isRoot = "parent_span_id = toFixedString('', 8)";

const keyColumns = [
  `max(${isRoot}) AS hasRoot`,
  `toUnixTimestamp64Nano(if(hasRoot, minIf(start_time, ${isRoot}), min(start_time))) AS startNs`,
  `if(hasRoot, countIf(${isRoot} AND status = 'error'), countIf(status = 'error')) > 0 AS isError`,
];

export const traceDurationNs =
  'greatest(0, max(toUnixTimestamp64Nano(start_time) + greatest(duration_ns, 0)) - startNs)';

/** Of a row of `traces`: its known cost is at least what is asked for. */
export const costIsEnough = 'cost_usd >= toDecimal64({minCostUsd:String}, 12)';

/** FINAL leaves one row a trace: 120 ms for 1.5 million of them. */
const tracesOfCost = `trace_id IN (
        SELECT trace_id FROM ${tables.traces} FINAL
        WHERE ${spansInScan} AND ${costIsEnough})`;

/** Traces that settlement has summed up, the latest day's or an earlier one's. */
const isUnsettled = `trace_id NOT IN (SELECT trace_id FROM ${tables.traces} WHERE ${spansInScan})`;

function traceConditions(filters: Filters, without: string | undefined): string[] {
  const conditions: string[] = [];
  if (filters.status !== undefined && without !== 'status') {
    conditions.push(filters.status === 'error' ? 'isError' : 'NOT isError');
  }
  if (filters.minDurationMs !== undefined) conditions.push(`${traceDurationNs} >= {minDurationNs:Int64}`);
  return conditions;
}

function isSelective({ name }: { name: SpanFilterName }): boolean {
  return selectiveFilters.includes(name);
}
