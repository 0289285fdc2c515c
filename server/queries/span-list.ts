import { tables } from '../../migrations/schema.ts';
import type { SpanSort } from '../contract/requests.ts';
import type { SpanListReply } from '../contract/spans.ts';
import type { Filters, TimeWindow } from '../domain/filters.ts';
import { slicesOf } from '../domain/time-slices.ts';
import { earliest, latest, msPerHour, shift, unixNano } from '../domain/time.ts';
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts';
import type { Db } from './db.ts';
import { filterParameters, spanConditions } from './span-filter.ts';
import { decideSkeletons, skeletonColumns, type SkeletonRow } from './span-skeletons.ts';
import { spansWithText } from './text-search.ts';
import { selectTraces } from './trace-selection.ts';

/** Two copies of one span may start this far apart and still be taken for one in a list. */
const copySpreadMs = msPerHour;

export interface SpanListRequest {
  projectId: string;
  window: TimeWindow;
  /** The client named no window: a later page keeps the first page's. */
  isDefaultWindow: boolean;
  filters: Filters;
  sort: SpanSort;
  limit: number;
  cursor?: string | undefined;
}

interface SpanKey {
  traceId: string;
  spanId: string;
  startNs: string;
}

/** A page of the spans that start in the window and match every filter themselves; keys first, then their rows. */
export async function listSpans(db: Db, request: SpanListRequest): Promise<SpanListReply> {
  const { sort, limit } = request;
  const cursorSort = `spans ${sort}`;
  const cursor =
    request.cursor === undefined ? undefined : decodeCursor(request.cursor, { sort: cursorSort, idLength: 48 });
  const window =
    cursor !== undefined && request.isDefaultWindow
      ? { from: unixNano(cursor.from), to: unixNano(cursor.to) }
      : request.window;
  const selection = await selectTraces(db, { ...request, window });
  if (selection === undefined) return { spans: [], nextCursor: null };
  const search = { ...request, ...selection, id: request.filters.text?.id };
  const keys = await readKeys(db, search, cursor);
  const page = keys.slice(0, limit);
  const last = keys.length > limit ? page.at(-1) : undefined;
  const rows = await readRows(db, search, page);
  return {
    spans: await decideSkeletons(
      db,
      request.projectId,
      page.flatMap((key) => rows.get(key.traceId + key.spanId) ?? []),
    ),
    nextCursor:
      last === undefined
        ? null
        : encodeCursor({
            sort: cursorSort,
            from: String(selection.window.from),
            to: String(selection.window.to),
            value: last.startNs,
            start: last.startNs,
            id: last.traceId + last.spanId,
          }),
  };
}

interface SpanSearch extends SpanListRequest {
  /** Set where the search text is an id. */
  traceIds?: readonly string[] | undefined;
  id: string | undefined;
}

/** One key more than the page holds tells whether there is another page. */
async function readKeys(db: Db, search: SpanSearch, cursor: Cursor | undefined): Promise<SpanKey[]> {
  const { window, sort, limit, filters, traceIds } = search;
  const start = cursor === undefined ? undefined : unixNano(cursor.start);
  const rest =
    start === undefined
      ? window
      : sort === 'startTime'
        ? { from: latest(window.from, start), to: window.to }
        : { from: window.from, to: earliest(window.to, unixNano(start + 1n)) };
  const options = { newestFirst: sort === '-startTime', isCostly: filters.text !== undefined };
  const keys: SpanKey[] = [];
  for (const slice of traceIds === undefined ? slicesOf(rest, options) : [rest]) {
    keys.push(...(await readKeyRows(db, { ...search, window: slice }, cursor, limit + 1 - keys.length)));
    if (keys.length > limit) break;
  }
  return keys;
}

async function readKeyRows(db: Db, search: SpanSearch, cursor: Cursor | undefined, limit: number): Promise<SpanKey[]> {
  const [comparison, direction] = search.sort === '-startTime' ? ['<', 'DESC'] : ['>', 'ASC'];
  const after = `(start_time, trace_id, span_id) ${comparison} (fromUnixTimestamp64Nano({afterNs:Int64}, 'UTC'),
         toFixedString(unhex({afterTraceId:String}), 16), toFixedString(unhex({afterSpanId:String}), 8))`;
  return db.rows<SpanKey>(
    `SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, toUnixTimestamp64Nano(start_time) AS startNs
     FROM ${tables.spans}
     WHERE project_id = {projectId:String}
       AND start_time >= fromUnixTimestamp64Nano({scanFromNs:Int64}, 'UTC')
       AND start_time < fromUnixTimestamp64Nano({scanToNs:Int64}, 'UTC')
       ${[...conditions(search), ...(cursor === undefined ? [] : [after])].map((condition) => `AND ${condition}`).join('\n       ')}
     ORDER BY start_time ${direction}, trace_id ${direction}, span_id ${direction}
     LIMIT 1 BY trace_id, span_id
     LIMIT {limit:UInt32}`,
    {
      ...parametersOf(search),
      afterNs: cursor?.start ?? 0,
      afterTraceId: cursor?.id.slice(0, 32) ?? '',
      afterSpanId: cursor?.id.slice(32) ?? '',
      limit,
    },
  );
}

/** The rows of a page: of each span the copy that arrived last, if that one still matches. */
async function readRows(db: Db, search: SpanSearch, page: readonly SpanKey[]): Promise<Map<string, SkeletonRow>> {
  const [first, last] = [page[0], page.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const [a, b] = [unixNano(first.startNs), unixNano(last.startNs)];
  const window = { from: shift(earliest(a, b), -copySpreadMs), to: shift(latest(a, b), copySpreadMs) };
  const rows = await db.rows<SkeletonRow>(
    `SELECT ${skeletonColumns}
     FROM (
       SELECT * FROM ${tables.spans}
       WHERE project_id = {projectId:String}
         AND start_time >= fromUnixTimestamp64Nano({scanFromNs:Int64}, 'UTC')
         AND start_time < fromUnixTimestamp64Nano({scanToNs:Int64}, 'UTC')
         AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({pageTraceIds:Array(String)})), 16))
         AND span_id IN (SELECT toFixedString(unhex(arrayJoin({pageSpanIds:Array(String)})), 8))
       ORDER BY ingested_at DESC
       LIMIT 1 BY trace_id, span_id
     )
     ${rowConditions(search.filters)}
     LIMIT {limit:UInt32}`,
    {
      ...parametersOf({ ...search, window }),
      pageTraceIds: [...new Set(page.map((key) => key.traceId))],
      pageSpanIds: page.map((key) => key.spanId),
      // Ids of different traces may be equal: at worst every pair of the page.
      limit: page.length * 2,
    },
  );
  return new Map(rows.map((row) => [row.traceId + row.spanId, row]));
}

function conditions(search: SpanSearch): string[] {
  const { filters, traceIds } = search;
  const list = ownConditions(filters);
  if (filters.minCostUsd !== undefined) list.push(spansOfCost);
  if (traceIds !== undefined) {
    list.push('trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))');
    list.push(
      '{id:String} IN (lower(hex(trace_id)), lower(hex(span_id)), session_id, response_id, upper(hex(trace_id)), upper(hex(span_id)))',
    );
  }
  if (filters.text !== undefined) {
    list.push(`(trace_id, span_id) IN (${spansWithText(filters.text, { columns: 'trace_id, span_id' })})`);
  }
  return list;
}

function rowConditions(filters: Filters): string {
  const list = ownConditions(filters);
  return list.length === 0 ? '' : `WHERE ${list.join(' AND ')}`;
}

/** What a span's own columns must say. */
function ownConditions(filters: Filters): string[] {
  const list = spanConditions(filters).map(({ sql }) => sql);
  if (filters.status !== undefined) list.push(`status ${filters.status === 'error' ? '=' : '!='} 'error'`);
  if (filters.minDurationMs !== undefined) list.push('duration_ns >= {minDurationNs:Int64}');
  return list;
}

/** Booked on it: amounts are stored signed, so what was taken back adds nothing. */
const spansOfCost = `(trace_id, span_id) IN (
         SELECT trace_id, span_id FROM ${tables.ledger}
         WHERE project_id = {projectId:String}
           AND start_time >= fromUnixTimestamp64Nano({ledgerFromNs:Int64}, 'UTC')
           AND start_time < fromUnixTimestamp64Nano({ledgerToNs:Int64}, 'UTC')
           AND costed_rows != 0
         GROUP BY trace_id, span_id
         HAVING sum(costed_rows) > 0 AND sum(cost_usd) >= toDecimal64({minCostUsd:String}, 12))`;

function parametersOf({ projectId, window, filters, traceIds, id }: SpanSearch) {
  return {
    projectId,
    scanFromNs: window.from,
    scanToNs: window.to,
    ledgerFromNs: shift(window.from, -copySpreadMs),
    ledgerToNs: shift(window.to, copySpreadMs),
    traceIds: traceIds ?? [],
    id: id ?? '',
    ...filterParameters(filters),
  };
}
