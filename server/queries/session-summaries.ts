import { tables } from '../../migrations/schema.ts';
import type { SessionSummary } from '../contract/sessions.ts';
import { dayOf, earliest, latest, unixNano } from '../domain/time.ts';
import type { Db } from './db.ts';
import { type SummarySums, summarySums, toUsageAndCost } from './summary-sums.ts';

const previewLength = 200;

const summaryColumns = `
  session_id AS sessionId, user_id AS userId, status AS sessionStatus, agents AS agentNames, models AS modelNames,
  toUnixTimestamp64Nano(start_time) AS startNs, toUnixTimestamp64Nano(end_time) AS endNs,
  turn_count AS turnCount, trace_count AS traceCount, error_count AS errorCount,
  labels AS labelValues, first_input AS firstInput, last_output AS lastOutput,
  ${summarySums}`;

interface SummaryRow extends SummarySums {
  sessionId: string;
  userId: string;
  sessionStatus: 'ok' | 'error';
  agentNames: string[];
  modelNames: string[];
  startNs: string;
  endNs: string;
  turnCount: string;
  traceCount: string;
  errorCount: string;
  labelValues: Record<string, string>;
  firstInput: string;
  lastOutput: string;
}

export interface SessionKey {
  sessionId: string;
  startNs: string;
}

/** The summaries of a page of sessions, by session id: read by the table's key, of each row the latest pass. */
export async function readSessionSummaries(
  db: Db,
  { projectId, keys }: { projectId: string; keys: readonly SessionKey[] },
): Promise<Map<string, SessionSummary>> {
  const [first] = keys;
  if (first === undefined) return new Map();
  const starts = keys.map((key) => unixNano(key.startNs));
  const rows = await db.rows<SummaryRow>(
    // FINAL: a few rows by key.
    `SELECT ${summaryColumns} FROM ${tables.sessions} FINAL
     WHERE project_id = {projectId:String}
       AND (toDate(start_time), session_id) IN (
         SELECT toDate(pair.1), pair.2 FROM (SELECT arrayJoin(arrayZip({days:Array(UInt16)}, {sessionIds:Array(String)})) AS pair))
       AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
       AND start_time <= fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
     LIMIT {limit:UInt32}`,
    {
      projectId,
      days: starts.map(dayOf),
      sessionIds: keys.map((key) => key.sessionId),
      fromNs: starts.reduce(earliest),
      toNs: starts.reduce(latest),
      limit: keys.length,
    },
  );
  return new Map(rows.map((row) => [row.sessionId, toSummary(row)]));
}

/** The summary of one session at any time, by bloom index; undefined where there is none. */
export async function findSessionSummary(
  db: Db,
  { projectId, sessionId }: { projectId: string; sessionId: string },
): Promise<SessionSummary | undefined> {
  const [row] = await db.rows<SummaryRow & { isDeleted: number }>(
    // While its start moves to another day a session may have a row on both: the latest pass is the one.
    `SELECT ${summaryColumns}, is_deleted AS isDeleted FROM ${tables.sessions}
     WHERE project_id = {projectId:String} AND session_id = {sessionId:String}
     ORDER BY pass DESC, is_deleted
     LIMIT 1`,
    { projectId, sessionId },
  );
  return row === undefined || row.isDeleted === 1 ? undefined : toSummary(row);
}

function toSummary(row: SummaryRow): SessionSummary {
  return {
    sessionId: row.sessionId,
    userId: row.userId || null,
    agents: row.agentNames,
    models: row.modelNames,
    startTimeUnixNano: row.startNs,
    endTimeUnixNano: row.endNs,
    turnCount: Number(row.turnCount),
    traceCount: Number(row.traceCount),
    errorCount: Number(row.errorCount),
    status: row.sessionStatus,
    firstInput: preview(row.firstInput),
    lastOutput: preview(row.lastOutput),
    labels: row.labelValues,
    ...toUsageAndCost(row),
  };
}

/** The columns hold at most 200 characters already; this is the contract's own bound. */
function preview(text: string): string | null {
  return text === '' ? null : Array.from(text).slice(0, previewLength).join('');
}
