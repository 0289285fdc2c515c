import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';
import { ofProject, ofSlice, type Slice } from './doctor-facts.ts';

export interface SliceScope {
  slice: Slice;
  /** '' = every project. */
  projectId: string;
  /** Days since 1970: what started until then may have expired. */
  keptDay: number;
  limit: number;
}

/** Decisions of a span that sum up to another number than 0 or 1. */
export interface MiscountedSpan {
  projectId: string;
  traceId: string;
  spanId: string;
  net: number;
  /** Days since 1970. */
  days: number[];
}

/** Spans of a slice that are in force more than once, or less than never. */
export async function findMiscounted(db: Db, { slice, ...scope }: SliceScope): Promise<MiscountedSpan[]> {
  const rows = await db.rows<Omit<MiscountedSpan, 'net'> & { net: string }>(
    `SELECT project_id AS projectId, lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, sum(sign) AS net,
       arraySort(groupUniqArray(toUInt16(toDate(start_time)))) AS days
     FROM ${tables.ledger}
     WHERE sign != 0 AND ${ofSlice()} AND ${ofProject}
     GROUP BY project_id, trace_id, span_id
     HAVING net NOT IN (0, 1) AND min(toDate(start_time)) > toDate({keptDay:UInt16})
     LIMIT {limit:UInt32}`,
    { ...slice, ...scope },
  );
  return rows.map((row) => ({ ...row, net: Number(row.net) }));
}

/** A row of the ledger or of a summary whose span there is no skeleton of. */
export interface LoneRow {
  projectId: string;
  traceId: string;
  /** Of the ledger; '' of a summary. */
  spanId: string;
  /** Of a session's part; '' of all others. */
  sessionId: string;
  startNs: bigint;
  costUsd: string | null;
}

/** Decisions of a slice in force whose span has no skeleton that starts then. Holds the slice's skeletons as a set. */
export async function findLoneDecisions(db: Db, scope: SliceScope): Promise<LoneRow[]> {
  return readLoneRows(
    db,
    `SELECT project_id, trace_id, span_id, '' AS session, start_time, sum(cost_usd) AS cost
     FROM ${tables.ledger}
     WHERE sign != 0 AND ${ofSlice()} AND ${ofProject}
     GROUP BY project_id, trace_id, span_id, start_time
     HAVING sum(sign) != 0`,
    scope,
    ['project_id', 'trace_id', 'span_id', 'start_time'],
  );
}

/** Traces of a slice whose summary starts when no span of theirs does. */
export async function findLoneTraces(db: Db, scope: SliceScope): Promise<LoneRow[]> {
  return readLoneRows(
    db,
    `SELECT project_id, trace_id, toFixedString('', 8) AS span_id, '' AS session,
       argMax(traces.start_time, pass) AS start_time, argMax(cost_usd, pass) AS cost
     FROM ${tables.traces}
     WHERE ${ofSlice()} AND ${ofProject}
     GROUP BY project_id, toDate(traces.start_time), trace_id
     HAVING argMax(is_deleted, pass) = 0`,
    scope,
    ['project_id', 'trace_id', 'start_time'],
  );
}

/** Parts of sessions whose trace has no span that starts then, or whose session is not noted in the place of the trace. */
export async function findLoneParts(db: Db, scope: SliceScope): Promise<LoneRow[]> {
  return readLoneRows(
    db,
    `SELECT project_id, trace_id, toFixedString('', 8) AS span_id, session_id AS session,
       argMax(session_traces.start_time, pass) AS start_time, argMax(cost_usd, pass) AS cost
     FROM ${tables.sessionTraces}
     WHERE ${ofSlice()} AND ${ofProject}
     GROUP BY project_id, session_id, trace_id
     HAVING argMax(is_deleted, pass) = 0`,
    scope,
    ['project_id', 'trace_id', 'start_time'],
    `OR (project_id, trace_id, session) NOT IN (
       SELECT project_id, trace_id, arrayJoin(sessions) FROM ${tables.tracePlaces} WHERE ${ofSlice()} AND ${ofProject})`,
  );
}

async function readLoneRows(
  db: Db,
  rowsSql: string,
  { slice, ...scope }: SliceScope,
  keys: readonly string[],
  orSql = '',
): Promise<LoneRow[]> {
  const rows = await db.rows<Omit<LoneRow, 'startNs'> & { startNs: string }>(
    `SELECT project_id AS projectId, lower(hex(trace_id)) AS traceId,
       if(span_id = toFixedString('', 8), '', lower(hex(span_id))) AS spanId, session AS sessionId,
       toUnixTimestamp64Nano(start_time) AS startNs, toString(cost) AS costUsd
     FROM (${rowsSql})
     WHERE toDate(start_time) > toDate({keptDay:UInt16})
       AND ((${keys.join(', ')}) NOT IN (
         SELECT ${keys.join(', ')} FROM ${tables.skeletons} WHERE ${ofSlice()} AND ${ofProject}) ${orSql})
     LIMIT {limit:UInt32}`,
    { ...slice, ...scope },
  );
  return rows.map((row) => ({ ...row, startNs: BigInt(row.startNs) }));
}

/** Sums of a project's ledger, and how many traces they are of. */
export interface LedgerTotals {
  projectId: string;
  modelCalls: string;
  costUsd: string;
}

/** By project; answered by a projection. */
export async function readLedgerTotals(db: Db, projectId: string): Promise<LedgerTotals[]> {
  return db.rows(
    `SELECT project_id AS projectId, sum(model_calls) AS modelCalls, toString(sum(cost_usd)) AS costUsd
     FROM ${tables.ledger} WHERE project_id != '' AND ${ofProject}
     GROUP BY project_id ORDER BY project_id LIMIT {limit:UInt32}`,
    { projectId, limit: 1_000_000 },
  );
}
