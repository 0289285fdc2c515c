import { tables } from '../../migrations/schema.ts';
import type { TimeWindow } from '../domain/filters.ts';
import type { Db } from './db.ts';
import { stillOfSession } from './session-filter.ts';
import { findTracesOfId } from './text-search.ts';

/** Sessions that one id may lead to. */
const sessionsOfIdMax = 500;

/**
 * The sessions that an id leads to at any time: a session's own, or that of a trace, span or model response of it; undefined
 * when it is the id of nothing. By bloom index.
 */
export async function findSessionsOfId(
  db: Db,
  { projectId, id, window }: { projectId: string; id: string; window: TimeWindow },
): Promise<string[] | undefined> {
  const found = await findTracesOfId(db, { projectId, id, window });
  const rows = await db.rows<{ sessionId: string }>(
    `SELECT DISTINCT sessionId
     FROM (
       SELECT session_id AS sessionId FROM ${tables.sessions}
       WHERE project_id = {projectId:String} AND session_id = {id:String}
       UNION ALL
       SELECT session_id AS sessionId FROM ${tables.sessionTraces}
       WHERE project_id = {projectId:String}
         AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))
       ${stillOfSession}
     )
     LIMIT {limit:UInt32}`,
    { projectId, id, traceIds: found?.traceIds ?? [], limit: sessionsOfIdMax },
  );
  return found === undefined && rows.length === 0 ? undefined : rows.map((row) => row.sessionId);
}
