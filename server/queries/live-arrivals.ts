import { tables } from '../../migrations/schema.ts';
import type { TraceSummary } from '../contract/traces.ts';
import type { Filters, TimeWindow } from '../domain/filters.ts';
import { earliest, latest, msPerDay, shift, unixNano } from '../domain/time.ts';
import type { Db } from './db.ts';
import { findTraceWindow } from './trace-by-id.ts';
import { traceKeyParameters, traceKeysSql } from './trace-keys.ts';
import { summarizeTraces } from './trace-summaries.ts';

/** Arrivals are counted by the second of their `ingested_at`. */
export const bucketMs = 1_000;
/** Longer than any insert lives: what commits late is seen by its bucket growing. */
export const overlapMs = 30_000;
/** How far back a stream that was away is served. */
export const catchUpMs = 600_000;
/** Growing traces whose root began before the day that is read anyway. */
const oldTracesMax = 20;

const bucket = `intDiv(toUnixTimestamp64Milli(ingested_at), ${bucketMs})`;

export interface Arrivals {
  /** Second since 1970. */
  bucket: string;
  spanCount: string;
}

/**
 * How many spans of a project arrived in each second since `sinceMs` (0: in the last half minute). Reads the newest rows of
 * the arrival-ordered table.
 */
export async function countArrivals(
  db: Db,
  { projectId, sinceMs }: { projectId: string; sinceMs: number },
): Promise<Arrivals[]> {
  return db.rows<Arrivals>(
    `SELECT ${bucket} AS bucket, count() AS spanCount FROM ${tables.skeletons}
     WHERE project_id = {projectId:String}
       AND ingested_at >= if({sinceMs:Int64} = 0, now64(3) - toIntervalMillisecond({overlapMs:UInt32}),
         greatest(fromUnixTimestamp64Milli({sinceMs:Int64}), now64(3) - toIntervalMillisecond({catchUpMs:UInt32})))
     GROUP BY bucket
     ORDER BY bucket
     LIMIT {limit:UInt32}`,
    { projectId, sinceMs, overlapMs, catchUpMs, limit: (2 * catchUpMs) / bucketMs },
  );
}

/** A trace and when the spans start that make it news. */
export interface SpreadTrace {
  traceId: string;
  firstNs: string;
  lastNs: string;
}

export interface ArrivedTrace extends SpreadTrace {
  /** Of all traces that arrived in these seconds. */
  traceCount: string;
}

/** The traces with spans that arrived in some seconds, the newest first, up to a limit. */
export async function listArrivedTraces(
  db: Db,
  { projectId, buckets, limit }: { projectId: string; buckets: readonly string[]; limit: number },
): Promise<ArrivedTrace[]> {
  const seconds = buckets.map(Number);
  return db.rows<ArrivedTrace>(
    `SELECT traceId, firstNs, lastNs, count() OVER () AS traceCount
     FROM (
       SELECT lower(hex(trace_id)) AS traceId, max(ingested_at) AS arrivedAt,
         toUnixTimestamp64Nano(min(start_time)) AS firstNs, toUnixTimestamp64Nano(max(start_time)) AS lastNs
       FROM ${tables.skeletons}
       WHERE project_id = {projectId:String}
         AND ingested_at >= fromUnixTimestamp64Milli({fromMs:Int64})
         AND ingested_at < fromUnixTimestamp64Milli({toMs:Int64})
         AND ${bucket} IN {buckets:Array(Int64)}
       GROUP BY trace_id
     )
     ORDER BY arrivedAt DESC, traceId
     LIMIT {limit:UInt32}`,
    {
      projectId,
      buckets: seconds,
      fromMs: Math.min(...seconds) * bucketMs,
      toMs: (Math.max(...seconds) + 1) * bucketMs,
      limit,
    },
  );
}

/** Their summaries, whole also when they began more than a day before what arrived. */
export async function summarizeArrivals(
  db: Db,
  projectId: string,
  traces: readonly SpreadTrace[],
): Promise<TraceSummary[]> {
  const spreads = traces.map(({ traceId, firstNs, lastNs }) => ({
    traceId,
    window: { from: shift(unixNano(firstNs), -msPerDay), to: shift(unixNano(lastNs), msPerDay) },
  }));
  const summaries = await summarizeTraces(db, { projectId, traces: spreads });
  const rootless = spreads.filter(({ traceId }) => summaries.get(traceId)?.hasRoot === false).slice(0, oldTracesMax);
  for (const { traceId, window } of rootless) {
    const whole = await findTraceWindow(db, { projectId, traceId });
    if (whole === undefined || whole.from >= window.from) continue;
    const again = await summarizeTraces(db, { projectId, traces: [{ traceId, window: whole }] });
    for (const [id, summary] of again) summaries.set(id, summary);
  }
  return spreads.flatMap(({ traceId }) => summaries.get(traceId)?.summary ?? []);
}

/** Which of these traces a list with the same filters would have. */
export async function filterTraces(
  db: Db,
  request: { projectId: string; filters: Filters; window: TimeWindow; traces: readonly TraceSummary[] },
): Promise<Set<string>> {
  const starts = request.traces.map((trace) => BigInt(trace.startTimeUnixNano));
  const [first] = starts;
  if (first === undefined) return new Set();
  const from = unixNano(starts.reduce((a, b) => (b < a ? b : a), first));
  const to = unixNano(starts.reduce((a, b) => (b > a ? b : a), first) + 1n);
  const selection = {
    projectId: request.projectId,
    filters: request.filters,
    window: { from: latest(from, request.window.from), to: earliest(to, request.window.to) },
    traceIds: request.traces.map((trace) => trace.traceId),
  };
  const rows = await db.rows<{ traceId: string }>(
    `SELECT lower(hex(trace_id)) AS traceId FROM (${traceKeysSql(selection)}) LIMIT {limit:UInt32}`,
    { ...traceKeyParameters(selection), limit: starts.length },
  );
  return new Set(rows.map((row) => row.traceId));
}
