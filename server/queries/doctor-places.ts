import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';
import { ofProject, ofSlice, type Slice } from './doctor-facts.ts';

/** A trace whose spans lie where settlement does not look for them. */
export interface MisplacedTrace {
  projectId: string;
  traceId: string;
  firstMs: number;
  lastMs: number;
  /** Of the row that is stored; null where there is none. */
  storedFirstMs: number | null;
  storedLastMs: number | null;
  /** Days since 1970 on which spans start that the stored row does not name. */
  missingDays: number[];
}

/**
 * Traces of a slice that arrived until `dueMs` and are not where `trace_places` says. Of a span that was received more than
 * once, the last copy counts. Groups the slice's spans.
 */
export async function findMisplacedTraces(
  db: Db,
  options: { slice: Slice; projectId: string; dueMs: number; keptDay: number; slackMs: number; limit: number },
): Promise<MisplacedTrace[]> {
  const { slice, ...parameters } = options;
  const rows = await db.rows<{
    projectId: string;
    traceId: string;
    firstMs: string;
    lastMs: string;
    isStored: boolean | number;
    storedFirstMs: string;
    storedLastMs: string;
    missingDays: number[];
  }>(
    `SELECT project_id AS projectId, lower(hex(trace_id)) AS traceId,
       toUnixTimestamp64Milli(first_at) AS firstMs, toUnixTimestamp64Milli(last_at) AS lastMs, stored.found > 0 AS isStored,
       toUnixTimestamp64Milli(stored.first_at) AS storedFirstMs, toUnixTimestamp64Milli(stored.last_at) AS storedLastMs,
       arrayMap(day -> toUInt16(day), arraySort(arrayFilter(day -> NOT has(stored.days, day), days))) AS missingDays
     FROM (
       SELECT project_id, trace_id, min(arrived_at) AS first_at, max(arrived_at) AS last_at,
         groupUniqArray(start_day) AS days, min(start_day) AS first_day
       FROM (
         SELECT project_id, trace_id, span_id, max(ingested_at) AS arrived_at,
           argMax(toDate(start_time), (ingested_at, duration_ns, input_tokens + output_tokens)) AS start_day
         FROM ${tables.skeletons} WHERE ${ofSlice()} AND ${ofProject}
         GROUP BY project_id, trace_id, span_id
       )
       GROUP BY project_id, trace_id
       HAVING last_at <= fromUnixTimestamp64Milli({dueMs:Int64}, 'UTC')
         AND first_day > toDate({keptDay:UInt16}) AND toDate(first_at) > toDate({keptDay:UInt16})
     ) AS arrived
     LEFT JOIN (
       SELECT project_id, trace_id, count() AS found, min(first_ingested_at) AS first_at,
         max(last_ingested_at) AS last_at, groupUniqArrayArray(trace_places.days) AS days
       FROM ${tables.tracePlaces} WHERE ${ofSlice()} AND ${ofProject}
       GROUP BY project_id, trace_id
     ) AS stored USING (project_id, trace_id)
     WHERE stored.found = 0 OR stored.first_at > arrived.first_at
       OR addMilliseconds(stored.last_at, {slackMs:UInt32}) < arrived.last_at OR NOT hasAll(stored.days, arrived.days)
     LIMIT {limit:UInt32}`,
    { ...slice, ...parameters },
  );
  return rows.map(({ isStored, ...row }) => ({
    ...row,
    firstMs: Number(row.firstMs),
    lastMs: Number(row.lastMs),
    storedFirstMs: isStored ? Number(row.storedFirstMs) : null,
    storedLastMs: isStored ? Number(row.storedLastMs) : null,
  }));
}

/** When the first span or log record of some traces arrived, by `placeKey`. Looks into every day, by a bloom index. */
export async function readFirstArrivals(
  db: Db,
  traceIds: readonly string[],
): Promise<{ projectId: string; traceId: string; firstMs: number }[]> {
  if (traceIds.length === 0) return [];
  const arrivals = (table: string) => `SELECT project_id, trace_id, min(ingested_at) AS at FROM ${table}
       WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))
       GROUP BY project_id, trace_id`;
  const rows = await db.rows<{ projectId: string; traceId: string; firstMs: string }>(
    `SELECT project_id AS projectId, lower(hex(trace_id)) AS traceId, toUnixTimestamp64Milli(min(at)) AS firstMs
     FROM (${arrivals(tables.skeletons)} UNION ALL ${arrivals(tables.eventSkeletons)})
     GROUP BY project_id, trace_id
     LIMIT {limit:UInt32}`,
    { traceIds, limit: traceIds.length * 100 },
  );
  return rows.map((row) => ({ ...row, firstMs: Number(row.firstMs) }));
}
