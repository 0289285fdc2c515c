import { tables } from '../../migrations/schema.ts';
import { ApiError } from '../contract/errors.ts';
import type { TraceReply } from '../contract/traces.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { unixNano } from '../domain/time.ts';
import { decodeCursor, encodeCursor, type Cursor } from './cursor.ts';
import type { Db } from './db.ts';
import { decideSkeletons, skeletonColumns, type SkeletonRow } from './span-skeletons.ts';
import { readTraceLabels } from './trace-labels.ts';
import { summarizeTraces } from './trace-summaries.ts';

const cursorSort = 'trace';

export interface TraceRequest {
  projectId: string;
  traceId: string;
  limit: number;
  cursor?: string | undefined;
}

/** One page of a trace's spans in order of start, then span id; the summary is of the whole trace. Throws `trace_not_found`. */
export async function getTrace(db: Db, request: TraceRequest): Promise<TraceReply> {
  const { projectId, traceId } = request;
  const cursor =
    request.cursor === undefined ? undefined : decodeCursor(request.cursor, { sort: cursorSort, idLength: 16 });
  const window = await findTraceWindow(db, { projectId, traceId });
  if (window === undefined) {
    throw new ApiError('trace_not_found', `project ${projectId} has no trace ${traceId}`);
  }
  const [summaries, rows, labels] = await Promise.all([
    summarizeTraces(db, { projectId, traces: [{ traceId, window }] }),
    readPage(db, request, window, cursor),
    cursor === undefined ? readTraceLabels(db, { projectId, traceId, window }) : undefined,
  ]);
  const trace = summaries.get(traceId);
  if (trace === undefined) throw new Error(`trace ${traceId} vanished between two queries`);
  const page = rows.slice(0, request.limit);
  const last = page.at(-1);
  return {
    trace: trace.summary,
    ...(labels === undefined ? {} : { labels }),
    spans: await decideSkeletons(db, projectId, page),
    nextCursor:
      rows.length > request.limit && last !== undefined
        ? encodeCursor({
            sort: cursorSort,
            from: String(window.from),
            to: String(window.to),
            value: last.startNs,
            start: last.startNs,
            id: last.spanId,
          })
        : null,
  };
}

/** When the spans of a trace start, found by its id alone (bloom index, every week); undefined where there are none. */
export async function findTraceWindow(
  db: Db,
  { projectId, traceId }: { projectId: string; traceId: string },
): Promise<TimeWindow | undefined> {
  const [row] = await db.rows<{ spanCount: string; firstNs: string; lastNs: string }>(
    `SELECT count() AS spanCount, toUnixTimestamp64Nano(min(start_time)) AS firstNs, toUnixTimestamp64Nano(max(start_time)) AS lastNs
     FROM ${tables.spans}
     WHERE project_id = {projectId:String} AND trace_id IN (SELECT toFixedString(unhex({traceId:String}), 16))
     LIMIT 1`,
    { projectId, traceId },
  );
  if (row === undefined || row.spanCount === '0') return undefined;
  return { from: unixNano(row.firstNs), to: unixNano(BigInt(row.lastNs) + 1n) };
}

/** One row more than the page holds tells whether there is another. */
async function readPage(
  db: Db,
  { projectId, traceId, limit }: TraceRequest,
  window: TimeWindow,
  cursor: Cursor | undefined,
): Promise<SkeletonRow[]> {
  return db.rows<SkeletonRow>(
    `SELECT ${skeletonColumns}
     FROM (
       SELECT * FROM ${tables.spans}
       WHERE project_id = {projectId:String}
         AND trace_id IN (SELECT toFixedString(unhex({traceId:String}), 16))
         AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
         AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
       ORDER BY ingested_at DESC
       LIMIT 1 BY span_id
     )
     WHERE (start_time, span_id) > (fromUnixTimestamp64Nano({afterNs:Int64}, 'UTC'), toFixedString(unhex({afterSpanId:String}), 8)) OR {isFirst:Bool}
     ORDER BY start_time, span_id
     LIMIT {limit:UInt32}`,
    {
      projectId,
      traceId,
      fromNs: window.from,
      afterNs: cursor?.start ?? window.from,
      afterSpanId: cursor?.id ?? '',
      isFirst: cursor === undefined ? 1 : 0,
      toNs: window.to,
      limit: limit + 1,
    },
  );
}
