import { tables } from '../../migrations/schema.ts';
import type { TraceSort } from '../contract/requests.ts';
import type { TraceListReply } from '../contract/traces.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { slicesOf } from '../domain/time-slices.ts';
import { earliest, latest, unixNano } from '../domain/time.ts';
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts';
import type { Db } from './db.ts';
import {
  scanWindow,
  spreadOf,
  traceDurationNs,
  traceKeyParameters,
  traceKeysSql,
  type TraceSelection,
} from './trace-keys.ts';
import { isSettledSort, settledKeysSql, unsettledValue } from './trace-settled-keys.ts';
import { selectTraces } from './trace-selection.ts';
import { summarizeTraces } from './trace-summaries.ts';

/** Queries for the keys of one page; when they do not fill it, the page is short and has a cursor. */
const keyQueriesMax = 12;

export interface TraceListRequest extends TraceSelection {
  sort: TraceSort;
  limit: number;
  cursor?: string | undefined;
  /** The client named no window: a later page keeps the first page's. */
  isDefaultWindow: boolean;
}

interface KeyRow {
  traceId: string;
  value: string;
  startNs: string;
  hasRoot: number;
}

/**
 * What a list is sorted by, as a whole number that is never negative; copies of a span change none of them. Tokens and cost
 * are settlement's: by them, spans only tell what comes after all that is settled.
 */
const sortValues: Readonly<Record<TraceSort, string>> = {
  '-startTime': 'startNs',
  startTime: 'startNs',
  '-duration': traceDurationNs,
  '-tokens': `toInt64(${unsettledValue})`,
  '-errors': "toInt64(length(groupUniqArrayIf(span_id, status = 'error')))",
  '-cost': `toInt64(${unsettledValue})`,
};

/**
 * A page of the traces that start in the window, in two steps: their keys from narrow columns, then summaries of these alone.
 * By time it looks at the newest hours first and goes back until the page is full; any other order reads the window.
 */
export async function listTraces(db: Db, request: TraceListRequest): Promise<TraceListReply> {
  const { projectId, sort, limit } = request;
  const cursor = request.cursor === undefined ? undefined : decodeCursor(request.cursor, { sort, idLength: 32 });
  const window =
    cursor !== undefined && request.isDefaultWindow
      ? { from: unixNano(cursor.from), to: unixNano(cursor.to) }
      : request.window;
  const selection = await selectTraces(db, { ...request, window });
  if (selection === undefined) return { traces: [], nextCursor: null };
  const { keys, end } = await readKeys(db, { selection, sort, limit, cursor });
  const page = keys.slice(0, limit);
  const traces = page.map(({ traceId, startNs }) => ({ traceId, window: spreadOf(unixNano(startNs)) }));
  const summaries = await summarizeTraces(db, { projectId, traces });
  const last = keys.length > limit ? page.at(-1) : end;
  return {
    traces: page.flatMap((key) => summaries.get(key.traceId)?.summary ?? []),
    nextCursor: last === undefined ? null : toCursor(last, { sort, window: selection.window }),
  };
}

interface KeyRequest {
  selection: TraceSelection;
  sort: TraceSort;
  limit: number;
  cursor: Cursor | undefined;
}

/** Up to one key more than the page holds; `end` is where to go on when the queries ran out before the traces did. */
async function readKeys(
  db: Db,
  { selection, sort, limit, cursor }: KeyRequest,
): Promise<{ keys: KeyRow[]; end?: KeyRow }> {
  const keys: KeyRow[] = [];
  let after: { value: string; startNs: string; traceId: string } | undefined =
    cursor === undefined ? undefined : { value: cursor.value, startNs: cursor.start, traceId: cursor.id };
  let end: KeyRow | undefined;
  let queries = 0;
  for (const { window, isSettled } of steps(selection, sort, cursor)) {
    for (;;) {
      const wanted = limit + 1 - keys.length;
      const rows = await readKeyRows(db, { ...selection, window }, { sort, isSettled, after, limit: wanted });
      keys.push(...(await withoutEarlierSpans(db, { ...selection, window }, rows)));
      end = after = rows.at(-1) ?? end;
      if (keys.length > limit) return { keys };
      if (rows.length < wanted) break;
      queries += 1;
      if (queries >= keyQueriesMax && end !== undefined) return { keys, end };
    }
  }
  return { keys };
}

interface KeyStep {
  window: TimeWindow;
  /** Among settled traces, by their summaries. */
  isSettled: boolean;
}

/**
 * What is read until a page is full. Lists by time go through the window in growing slices; what a bloom index finds, and
 * other orders, take it at once; by cost and tokens it is settled traces first, then those that have no sums yet.
 */
function steps({ window, filters, traceIds }: TraceSelection, sort: TraceSort, cursor: Cursor | undefined): KeyStep[] {
  if (isSettledSort(sort)) {
    const settled = cursor?.value === unsettledValue ? [] : [{ window, isSettled: true }];
    const unsettled = filters.minCostUsd === undefined ? [{ window, isSettled: false }] : [];
    return [...settled, ...unsettled];
  }
  const isByTime = sort === 'startTime' || sort === '-startTime';
  const rest = isByTime && cursor !== undefined ? beyond(window, sort, unixNano(cursor.start)) : window;
  const isSelective = traceIds !== undefined || filters.user !== undefined || filters.session !== undefined;
  const windows =
    !isByTime || isSelective
      ? [rest]
      : slicesOf(rest, { newestFirst: sort === '-startTime', isCostly: filters.text !== undefined });
  return windows.map((slice) => ({ window: slice, isSettled: false }));
}

function beyond(window: TimeWindow, sort: TraceSort, start: bigint): TimeWindow {
  return sort === 'startTime'
    ? { from: latest(window.from, unixNano(start)), to: window.to }
    : { from: window.from, to: earliest(window.to, unixNano(start + 1n)) };
}

async function readKeyRows(
  db: Db,
  selection: TraceSelection,
  page: {
    sort: TraceSort;
    isSettled: boolean;
    after: { value: string; startNs: string; traceId: string } | undefined;
    limit: number;
  },
): Promise<KeyRow[]> {
  const { sort, after, limit } = page;
  const [comparison, direction] = sort.startsWith('-') ? ['<', 'DESC'] : ['>', 'ASC'];
  const position = `(value, startNs, trace_id) ${comparison} ({afterValue:Int64}, {afterNs:Int64}, toFixedString(unhex({afterId:String}), 16))`;
  const having = after === undefined ? [] : [position];
  const keys =
    page.isSettled && isSettledSort(sort)
      ? settledKeysSql(selection, { sort, having })
      : traceKeysSql(selection, {
          columns: [`${sortValues[sort]} AS value`],
          having,
          onlyUnsettled: isSettledSort(sort),
        });
  return db.rows<KeyRow>(
    `SELECT lower(hex(trace_id)) AS traceId, value, startNs, hasRoot FROM (${keys}
     )
     ORDER BY value ${direction}, startNs ${direction}, trace_id ${direction}
     LIMIT {limit:UInt32}`,
    {
      ...traceKeyParameters(selection),
      afterValue: after?.value ?? 0,
      afterNs: after?.startNs ?? 0,
      afterId: after?.traceId ?? '',
      limit,
    },
  );
}

/**
 * Without those that have no root here and began before what was read: they belong to an earlier time, and are listed there.
 * By bloom index over all older weeks, only when a trace without a root is among them.
 */
async function withoutEarlierSpans(db: Db, { projectId, window }: TraceSelection, keys: KeyRow[]): Promise<KeyRow[]> {
  const rootless = keys.filter((key) => key.hasRoot === 0).map((key) => key.traceId);
  if (rootless.length === 0) return keys;
  const rows = await db.rows<{ traceId: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS traceId FROM ${tables.spans}
     WHERE project_id = {projectId:String}
       AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))
       AND start_time < fromUnixTimestamp64Nano({beforeNs:Int64}, 'UTC')
     LIMIT {limit:UInt32}`,
    { projectId, traceIds: rootless, beforeNs: scanWindow(window).from, limit: rootless.length },
  );
  const earlier = new Set(rows.map((row) => row.traceId));
  return keys.filter((key) => !earlier.has(key.traceId));
}

function toCursor(key: KeyRow, { sort, window }: { sort: string; window: TimeWindow }): string {
  return encodeCursor({
    sort,
    from: String(window.from),
    to: String(window.to),
    value: key.value,
    start: key.startNs,
    id: key.traceId,
  });
}
