import { tables } from '../../migrations/schema.ts';
import type { TrafficGroup, TrafficReply } from '../contract/agents.ts';
import type { TimeWindow } from '../domain/filters.ts';
import type { Db } from './db.ts';

export interface TrafficRequest {
  projectId: string;
  window: TimeWindow;
  /** Only these. */
  agents: readonly string[] | undefined;
  by: TrafficGroup;
  limit: number;
}

interface TrafficRow {
  agent: string;
  revision: string;
  traceCount: string;
  errorCount: string;
  durationsNs: [string, string];
  lastSeenNs: string;
}

/**
 * What each agent, or each of its revisions, did: traces, failures and durations, those with the most traces first. Of a trace
 * that an agent is in, its own span counts where it has one, else all that name it; the copies of a span that was sent twice
 * change nothing. Reads narrow columns of one project's window.
 */
export async function listAgentTraffic(db: Db, request: TrafficRequest): Promise<TrafficReply> {
  const { projectId, window, agents, by, limit } = request;
  const byRevision = by === 'revision';
  const { rows, rowCount } = await db.rowsWithTotals<TrafficRow>(
    `SELECT agent, ${byRevision ? 'traceRevision' : "''"} AS revision, count() AS traceCount, countIf(hasFailed) AS errorCount,
       quantilesExact(0.5, 0.95)(durationNs) AS durationsNs, toUnixTimestamp64Nano(max(lastStart)) AS lastSeenNs
     FROM (
       SELECT agent_name AS agent, trace_id, max(agent_version) AS traceRevision, max(kind = 'agent') AS hasOwn,
         if(hasOwn, countIf(kind = 'agent' AND status = 'error'), countIf(status = 'error')) > 0 AS hasFailed,
         greatest(0, if(hasOwn, maxIf(duration_ns, kind = 'agent'),
           max(toUnixTimestamp64Nano(start_time) + greatest(duration_ns, 0)) - min(toUnixTimestamp64Nano(start_time)))) AS durationNs,
         max(start_time) AS lastStart
       FROM ${tables.spans}
       WHERE project_id = {projectId:String}
         AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
         AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
         AND agent_name ${agents === undefined ? "!= ''" : 'IN {agents:Array(String)}'}
       GROUP BY agent, trace_id
     )
     GROUP BY agent, revision WITH TOTALS
     ORDER BY traceCount DESC, agent, revision
     LIMIT {limit:UInt32}`,
    { projectId, fromNs: window.from, toNs: window.to, agents: agents ?? [], limit },
  );
  return {
    rows: rows.map((row) => ({
      agent: row.agent,
      ...(byRevision ? { revision: row.revision === '' ? null : row.revision } : {}),
      traceCount: Number(row.traceCount),
      errorCount: Number(row.errorCount),
      durationP50Ns: row.durationsNs[0],
      durationP95Ns: row.durationsNs[1],
      lastSeenUnixNano: row.lastSeenNs,
    })),
    rowCount,
  };
}
