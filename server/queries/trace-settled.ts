import { tables } from '../../migrations/schema.ts';
import type { Cost, Usage } from '../contract/values.ts';
import type { Db } from './db.ts';
import { ofTraceDays, type TraceSpread } from './trace-days.ts';
import { type SummarySums, summarySums, toUsageAndCost } from './summary-sums.ts';

/** What settlement summed up of one trace. */
export interface SettledTrace {
  usage: Usage;
  cost: Cost;
  /** '' = none. */
  sessionId: string;
  userId: string;
}

interface SettledRow extends SummarySums {
  traceId: string;
  sessionId: string;
  userId: string;
}

/**
 * The sums of up to a page of traces that start on the days of their windows, by trace id; one that is missing was not settled
 * yet. A trace whose start moved to another day has a deleted row on the old one: of each day the latest pass wins.
 */
export async function readSettledTraces(
  db: Db,
  { projectId, traces }: { projectId: string; traces: readonly TraceSpread[] },
): Promise<ReadonlyMap<string, SettledTrace>> {
  if (traces.length === 0) return new Map();
  const { condition, parameters } = ofTraceDays(traces);
  const rows = await db.rows<SettledRow>(
    `SELECT lower(hex(trace_id)) AS traceId, session_id AS sessionId, user_id AS userId,
       ${summarySums}
     FROM (
       SELECT * FROM ${tables.traces}
       WHERE project_id = {projectId:String}
         AND ${condition}
       ORDER BY pass DESC
       LIMIT 1 BY toDate(start_time), trace_id
     )
     WHERE is_deleted = 0
     ORDER BY pass DESC
     LIMIT 1 BY trace_id
     LIMIT {limit:UInt32}`,
    { ...parameters, projectId, limit: traces.length },
  );
  return new Map(rows.map((row) => [row.traceId, toSettled(row)]));
}

function toSettled(row: SettledRow): SettledTrace {
  return {
    ...toUsageAndCost(row),
    sessionId: row.sessionId,
    userId: row.userId,
  };
}
