import { tables } from '../../migrations/schema.ts';
import type { Usage, Cost } from '../contract/values.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { decodeTurns } from '../domain/settlement/turns-json.ts';
import type { TraceTurn } from '../domain/settlement/turns.ts';
import { unixNano } from '../domain/time.ts';
import type { Db } from './db.ts';
import { type SummarySums, summarySums, toUsageAndCost } from './summary-sums.ts';

/** Traces of one session that are read; of a session with more, the first. */
export const sessionTracesMax = 10_000;

/** What one trace adds to a session. */
export interface SessionTrace {
  traceId: string;
  /** When the spans of the whole trace start. */
  window: TimeWindow;
  /** Spans of this session. */
  spanCount: number;
  turns: TraceTurn[];
  usage: Usage;
  cost: Cost;
}

interface TraceRow extends SummarySums {
  traceId: string;
  firstNs: string;
  lastNs: string;
  spanCount: string;
  turnsJson: string;
}

/** The traces of a session in order of start, by the table's key; of each the latest pass, those that left it left out. */
export async function readSessionTraces(
  db: Db,
  { projectId, sessionId }: { projectId: string; sessionId: string },
): Promise<SessionTrace[]> {
  const rows = await db.rows<TraceRow>(
    `SELECT lower(hex(trace_id)) AS traceId, span_count AS spanCount, turns AS turnsJson,
       toUnixTimestamp64Nano(first_span_start) AS firstNs, toUnixTimestamp64Nano(last_span_start) AS lastNs,
       ${summarySums}
     FROM (
       SELECT * FROM ${tables.sessionTraces}
       WHERE project_id = {projectId:String} AND session_id = {sessionId:String}
       ORDER BY pass DESC
       LIMIT 1 BY trace_id
     )
     WHERE span_count > 0 AND is_deleted = 0
     ORDER BY start_time, trace_id
     LIMIT {limit:UInt32}`,
    { projectId, sessionId, limit: sessionTracesMax },
  );
  return rows.map(toSessionTrace);
}

function toSessionTrace(row: TraceRow): SessionTrace {
  return {
    traceId: row.traceId,
    window: { from: unixNano(row.firstNs), to: unixNano(BigInt(row.lastNs) + 1n) },
    spanCount: Number(row.spanCount),
    turns: decodeTurns(row.traceId, row.turnsJson),
    ...toUsageAndCost(row),
  };
}
