import { tables } from '../../migrations/schema.ts';
import type { IngestReject } from '../contract/ingest.ts';
import { type IngestWindow, listProjects } from './ingest-counts.ts';
import type { Db } from './db.ts';

interface RejectRow {
  timeMs: string;
  service: string;
  client: string;
  signal: string;
  protocol: string;
  code: string;
  message: string;
  place: string;
  traceId: string;
  spanId: string;
  name: string;
}

/** The latest first. */
export async function listIngestRejects(db: Db, request: IngestWindow & { limit: number }): Promise<IngestReject[]> {
  const { projectId, window, limit } = request;
  const rows = await db.rows<RejectRow>(
    `SELECT toUnixTimestamp64Milli(time) AS timeMs, service, client, signal, protocol, code, message, place,
       trace_id AS traceId, span_id AS spanId, name
     FROM ${tables.ingestRejects}
     WHERE project_id IN {projectIds:Array(String)}
       AND time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
     ORDER BY time DESC LIMIT {limit:UInt32}`,
    { projectIds: listProjects(request), fromNs: window.from, toNs: window.to, limit },
  );
  const stored = await findStoredTraces(db, projectId, [...new Set(rows.map(({ traceId }) => traceId))]);
  return rows.map(({ timeMs, place, traceId, spanId, ...row }) => ({
    ...row,
    timeUnixNano: `${timeMs}000000`,
    place: place === '' ? null : place,
    traceId: traceId === '' ? null : traceId,
    spanId: spanId === '' ? null : spanId,
    traceIsStored: stored.has(traceId),
  }));
}

/** Which of these traces have spans; by id. */
async function findStoredTraces(db: Db, projectId: string, traceIds: readonly string[]): Promise<Set<string>> {
  const valid = traceIds.filter((id) => /^[0-9a-f]{32}$/.test(id));
  if (valid.length === 0) return new Set();
  const rows = await db.rows<{ traceId: string }>(
    `SELECT DISTINCT lower(hex(trace_id)) AS traceId FROM ${tables.tracePlaces}
     WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16)) AND project_id = {projectId:String}
     LIMIT {limit:UInt32}`,
    { projectId, traceIds: valid, limit: valid.length },
  );
  return new Set(rows.map(({ traceId }) => traceId));
}
