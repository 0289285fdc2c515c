import { tables } from '../../migrations/schema.ts';
import { splitForBinding } from './bound-lists.ts';
import type { Db } from './db.ts';

/**
 * Settlement reads every project: what these queries bind instead is a window of arrival, in milliseconds of ClickHouse's own
 * clock, and a limit.
 */
export interface ArrivalWindow {
  /** Exclusive. */
  fromMs: number;
  /** Inclusive. */
  toMs: number;
}

export interface ChangedTrace {
  projectId: string;
  /** Lower-case hex. */
  traceId: string;
  /** Its first arrival in the window. */
  firstMs: number;
  /** Its last arrival in the window. */
  lastMs: number;
  /** How many spans arrived in the window; where there are none, log records did. */
  spanCount: number;
}

/** Traces that one read names; a window that has more is cut short by its rows first. */
const changedTracesMax = 500_000;

/** ClickHouse's clock, and when the last arrival was; in milliseconds. Answered from the parts' metadata. */
export async function readPresent(db: Db): Promise<{ nowMs: number; lastArrivalMs: number }> {
  const [row] = await db.rows<{ nowMs: string; spanMs: string; eventMs: string }>(
    `SELECT toUnixTimestamp64Milli(now64(3)) AS nowMs,
       (SELECT toUnixTimestamp64Milli(max(ingested_at)) FROM ${tables.skeletons}) AS spanMs,
       (SELECT toUnixTimestamp64Milli(max(ingested_at)) FROM ${tables.eventSkeletons}) AS eventMs
     LIMIT 1`,
    {},
  );
  if (row === undefined) throw new Error('a SELECT without a table answers one row');
  return { nowMs: Number(row.nowMs), lastArrivalMs: Math.max(Number(row.spanMs), Number(row.eventMs)) };
}

/** ClickHouse's clock in milliseconds: what arrival times are measured by. */
export async function readClock(db: Db): Promise<number> {
  return (await readPresent(db)).nowMs;
}

/**
 * Where a window must end to hold no more than about `rowsMax` arrivals: of one moment all or none, so a single large insert
 * may exceed it. Reads one narrow column in order.
 */
export async function readWindowEnd(db: Db, window: ArrivalWindow, rowsMax: number): Promise<number> {
  const arrivals = (table: string) => `SELECT ingested_at FROM ${table}
       WHERE ingested_at > fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
         AND ingested_at <= fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')
       ORDER BY ingested_at LIMIT {rowsMax:UInt32}`;
  const [row] = await db.rows<{ rowCount: string; endMs: string }>(
    `SELECT count() AS rowCount, toUnixTimestamp64Milli(max(ingested_at)) AS endMs FROM (
       SELECT ingested_at FROM (${arrivals(tables.skeletons)})
       UNION ALL SELECT ingested_at FROM (${arrivals(tables.eventSkeletons)})
       ORDER BY ingested_at LIMIT {rowsMax:UInt32})
     LIMIT 1`,
    { ...window, rowsMax },
  );
  return row === undefined || Number(row.rowCount) < rowsMax ? window.toMs : Number(row.endMs);
}

/** The traces with a span or a log record that arrived in the window. Reads the window's rows of two columns. */
export async function readChangedTraces(db: Db, window: ArrivalWindow): Promise<ChangedTrace[]> {
  const rows = await db.rows<{
    projectId: string;
    traceId: string;
    firstMs: string;
    lastMs: string;
    spanCount: string;
  }>(
    `SELECT project_id AS projectId, lower(hex(trace_id)) AS traceId, toUnixTimestamp64Milli(min(ingested_at)) AS firstMs,
       toUnixTimestamp64Milli(max(ingested_at)) AS lastMs, sum(spans) AS spanCount
     FROM (
       SELECT project_id, trace_id, ingested_at, 1 AS spans FROM ${tables.skeletons} WHERE ${arrivedInWindow}
       UNION ALL SELECT project_id, trace_id, ingested_at, 0 FROM ${tables.eventSkeletons} WHERE ${arrivedInWindow}
     )
     GROUP BY project_id, trace_id
     LIMIT {limit:UInt32}`,
    { ...window, limit: changedTracesMax },
  );
  return rows.map(({ projectId, traceId, firstMs, lastMs, spanCount }) => ({
    ...{ projectId, traceId },
    ...{ firstMs: Number(firstMs), lastMs: Number(lastMs), spanCount: Number(spanCount) },
  }));
}

const arrivedInWindow = `ingested_at > fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
         AND ingested_at <= fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`;

/** When the first skeleton arrived; undefined where there is none. */
export async function readFirstArrival(db: Db): Promise<number | undefined> {
  const [row] = await db.rows<{ firstMs: string }>(
    `SELECT toUnixTimestamp64Milli(ingested_at) AS firstMs FROM (
       SELECT ingested_at FROM (SELECT ingested_at FROM ${tables.skeletons} ORDER BY ingested_at LIMIT 1)
       UNION ALL SELECT ingested_at FROM (SELECT ingested_at FROM ${tables.eventSkeletons} ORDER BY ingested_at LIMIT 1))
     ORDER BY ingested_at LIMIT 1`,
    {},
  );
  return row === undefined ? undefined : Number(row.firstMs);
}

export interface TracePlace {
  firstMs: number;
  lastMs: number;
  /** Days since 1970 (UTC) on which spans start. */
  days: readonly number[];
  sessions: readonly string[];
}

/** What is known of where traces lie, by `placeKey`. By primary key. */
export async function readPlaces(db: Db, traceIds: readonly string[]): Promise<Map<string, TracePlace>> {
  const places = new Map<string, TracePlace>();
  for (const part of splitForBinding(traceIds, (id) => [id])) {
    for (const row of await readPlacesOf(db, part)) {
      places.set(placeKey(row), {
        firstMs: Number(row.firstMs),
        lastMs: Number(row.lastMs),
        days: row.dayNumbers,
        sessions: row.sessionIds,
      });
    }
  }
  return places;
}

interface PlaceRow {
  projectId: string;
  traceId: string;
  firstMs: string;
  lastMs: string;
  dayNumbers: number[];
  sessionIds: string[];
}

function readPlacesOf(db: Db, traceIds: readonly string[]): Promise<PlaceRow[]> {
  return db.rows<PlaceRow>(
    `SELECT project_id AS projectId, lower(hex(trace_id)) AS traceId,
       toUnixTimestamp64Milli(min(first_ingested_at)) AS firstMs, toUnixTimestamp64Milli(max(last_ingested_at)) AS lastMs,
       arrayMap(day -> toUInt16(day), groupUniqArrayArray(days)) AS dayNumbers,
       groupUniqArrayArray(sessions) AS sessionIds
     FROM ${tables.tracePlaces}
     WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))
     GROUP BY trace_id, project_id
     LIMIT {limit:UInt32}`,
    { traceIds, limit: changedTracesMax },
  );
}

/** One text for a trace of a project; a trace id is all hex, so nothing can be mistaken. */
export function placeKey({ projectId, traceId }: { projectId: string; traceId: string }): string {
  return `${traceId}${projectId}`;
}
