import { tables } from '../../migrations/schema.ts';
import type { BookingStatus, LedgerReply, LedgerSort } from '../contract/costs.ts';
import type { CostFilters } from '../domain/cost-filters.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { slicesOf } from '../domain/time-slices.ts';
import { dayOf, earliest, unixNano } from '../domain/time.ts';
import { costConditions, costFilterParameters } from './costs-filter.ts';
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts';
import type { Db, QueryParameters } from './db.ts';
import { contentColumns, type LedgerEntryRow, type LedgerKey, toLedgerEntry } from './ledger-entries.ts';

/** Queries for the rows of one page; when they do not fill it, the page is short and has a cursor. */
const rowQueriesMax = 12;
/** Bookings that are read beyond what a page needs: some were taken back, and a second look costs as much as the first. */
const spareShare = 0.1;
const spareMin = 5;

export interface LedgerSelection {
  projectId: string;
  window: TimeWindow;
  filters: CostFilters;
  /** Only this trace, at any time. */
  traceId: string | undefined;
  status: BookingStatus | undefined;
  counted: 'true' | 'false' | 'all';
}

export interface LedgerRequest extends LedgerSelection {
  sort: LedgerSort;
  limit: number;
  cursor: string | undefined;
  /** The client named no window: a later page keeps the first page's. */
  isDefaultWindow: boolean;
}

/**
 * A page of the decisions in force. A correction is rare, so the rows of bookings are read in order first, and of these alone
 * what is still in force. By time it looks at the newest hours first; by cost it reads the window.
 */
export async function listLedger(db: Db, request: LedgerRequest): Promise<LedgerReply> {
  const { sort, limit } = request;
  const cursorSort = `ledger ${sort}`;
  const cursor =
    request.cursor === undefined ? undefined : decodeCursor(request.cursor, { sort: cursorSort, idLength: 48 });
  const window =
    cursor !== undefined && request.isDefaultWindow
      ? { from: unixNano(cursor.from), to: unixNano(cursor.to) }
      : request.window;
  const { rows, end } = await readInForce(db, { ...request, window }, cursor);
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : end;
  return {
    entries: page.map(toLedgerEntry),
    nextCursor:
      last === undefined
        ? null
        : encodeCursor({
            sort: cursorSort,
            from: String(window.from),
            to: String(window.to),
            value: last.value,
            start: last.startNs,
            id: last.traceId + last.spanId,
          }),
  };
}

/** Up to one entry more than the page holds; `end` is where to go on when the queries ran out before the rows did. */
async function readInForce(
  db: Db,
  request: LedgerRequest,
  cursor: Cursor | undefined,
): Promise<{ rows: LedgerEntryRow[]; end?: LedgerKey }> {
  const rows: LedgerEntryRow[] = [];
  let after: LedgerKey | undefined =
    cursor === undefined
      ? undefined
      : {
          value: cursor.value,
          startNs: cursor.start,
          traceId: cursor.id.slice(0, 32),
          spanId: cursor.id.slice(32),
        };
  let queries = 0;
  for (const slice of slices(request, cursor)) {
    const selection = { ...request, window: slice };
    for (;;) {
      const missing = request.limit + 1 - rows.length;
      const wanted = missing + Math.max(spareMin, Math.ceil(missing * spareShare));
      const booked = await readBookings(db, selection, { sort: request.sort, after, limit: wanted });
      rows.push(...(await readEntries(db, selection, request.sort, booked)));
      after = booked.at(-1) ?? after;
      if (rows.length > request.limit) return { rows };
      if (booked.length < wanted) break;
      queries += 1;
      if (queries >= rowQueriesMax && after !== undefined) return { rows, end: after };
    }
  }
  return { rows };
}

/** Newest hours first, and growing; what an index finds, and the order by cost, take the window at once. */
function slices({ window, filters, traceId, sort }: LedgerRequest, cursor: Cursor | undefined): TimeWindow[] {
  const isSelective =
    traceId !== undefined || filters.values.user !== undefined || filters.values.session !== undefined;
  if (isSelective || sort === '-cost') return [window];
  const to = cursor === undefined ? window.to : earliest(window.to, unixNano(BigInt(cursor.start) + 1n));
  return slicesOf({ from: window.from, to }, { newestFirst: true, isCostly: false });
}

/** Whole numbers that are never negative; an unknown cost comes after one of 0. */
const sortValues: Readonly<Record<LedgerSort, string>> = {
  '-startTime': 'toUnixTimestamp64Nano(start_time)',
  '-cost': "if(costed_rows = 0, 0, greatest(0, reinterpret(cost_usd * sign, 'Int64')) + 1)",
};

async function readBookings(
  db: Db,
  selection: LedgerSelection,
  page: { sort: LedgerSort; after: LedgerKey | undefined; limit: number },
): Promise<LedgerKey[]> {
  const { after } = page;
  return db.rows<LedgerKey>(bookingsSql(selection, { sort: page.sort, isFirst: after === undefined }), {
    ...ledgerParameters(selection),
    afterValue: after?.value ?? 0,
    afterNs: after?.startNs ?? 0,
    afterTraceId: after?.traceId ?? '',
    afterSpanId: after?.spanId ?? '',
    limit: page.limit,
  });
}

/** Rows with sign +1 in the order of the list, whether or not they were taken back. */
export function bookingsSql(selection: LedgerSelection, page: { sort: LedgerSort; isFirst: boolean }): string {
  const value = sortValues[page.sort];
  const sorted = [...(page.sort === '-cost' ? ['value'] : []), 'start_time', 'trace_id', 'span_id'];
  const bounds = [
    ...(page.sort === '-cost' ? ['{afterValue:Int64}'] : []),
    "fromUnixTimestamp64Nano({afterNs:Int64}, 'UTC')",
    'toFixedString(unhex({afterTraceId:String}), 16)',
    'toFixedString(unhex({afterSpanId:String}), 8)',
  ];
  const after = page.isFirst ? [] : [`(${sorted.join(', ')}) < (${bounds.join(', ')})`];
  return `SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
       toUnixTimestamp64Nano(start_time) AS startNs, ${value} AS value
     FROM ${tables.ledger}
     WHERE ${[...ledgerConditions(selection), 'sign = 1', ...after].join(' AND ')}
     ORDER BY ${sorted.map((column) => `${column} DESC`).join(', ')}
     LIMIT {limit:UInt32}`;
}

/** Of these bookings those in force, in their order; found by the table's key. */
async function readEntries(
  db: Db,
  selection: LedgerSelection,
  sort: LedgerSort,
  booked: readonly LedgerKey[],
): Promise<LedgerEntryRow[]> {
  if (booked.length === 0) return [];
  const keys = new Map(booked.map((key) => [keyOf(key), key]));
  const unique = [...keys.values()];
  const rows = await db.rows<LedgerEntryRow>(entriesSql(selection, sort), {
    ...ledgerParameters(selection),
    days: unique.map((key) => dayOf(unixNano(key.startNs))),
    traceIds: unique.map((key) => key.traceId),
    spanIds: unique.map((key) => key.spanId),
    // Spans of one trace have different ids; the same id in two traces of a page is the odd case.
    limit: unique.length * 4,
  });
  const found = new Map<string, LedgerEntryRow[]>();
  for (const row of rows) found.set(keyOf(row), [...(found.get(keyOf(row)) ?? []), { ...row, sign: 1 }]);
  return unique.flatMap((key) => found.get(keyOf(key)) ?? []);
}

export function entriesSql(selection: LedgerSelection, sort: LedgerSort): string {
  const value = sortValues[sort];
  return `SELECT ${contentColumns('sign')}, ${value} AS value,
       toString(maxIf(pass, sign = 1)) AS pass, toUnixTimestamp64Milli(maxIf(booked_at, sign = 1)) * 1000000 AS bookedAtNs
     FROM ${tables.ledger}
     WHERE ${ledgerConditions(selection).join(' AND ')}
       AND (toDate(start_time), trace_id) IN (
         SELECT toDate(key.1), toFixedString(unhex(key.2), 16)
         FROM (SELECT arrayJoin(arrayZip({days:Array(UInt16)}, {traceIds:Array(String)})) AS key)
       )
       AND span_id IN (SELECT toFixedString(unhex(arrayJoin({spanIds:Array(String)})), 8))
     GROUP BY ALL
     HAVING sum(sign) > 0
     LIMIT {limit:UInt32}`;
}

function keyOf({ value, startNs, traceId, spanId }: LedgerKey): string {
  return `${value} ${startNs} ${traceId}${spanId}`;
}

/** Conditions that hold for a booking and its reversal alike. */
export function ledgerConditions({ filters, traceId, status, counted }: LedgerSelection): string[] {
  return [
    'project_id = {projectId:String}',
    ...(traceId === undefined
      ? [
          "start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')",
          "start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')",
        ]
      : ['trace_id = toFixedString(unhex({traceId:String}), 16)']),
    ...costConditions(filters),
    ...(status === undefined ? [] : ['status = {status:String}']),
    ...(counted === 'all' ? [] : [counted === 'true' ? 'counted' : 'NOT counted']),
  ];
}

export function ledgerParameters({ projectId, window, filters, traceId, status }: LedgerSelection): QueryParameters {
  return {
    projectId,
    fromNs: window.from,
    toNs: window.to,
    traceId: traceId ?? '',
    status: status ?? '',
    ...costFilterParameters(filters),
  };
}
