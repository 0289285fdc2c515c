import { tables } from '../../migrations/schema.ts';
import type { SessionTraceRow } from '../../migrations/schema.ts';
import { parseAmount } from '../domain/prices/amount.ts';
import { sessionTracesMax, type Unstamped } from '../domain/settlement/summaries.ts';
import { splitForBinding } from './bound-lists.ts';
import type { Db } from './db.ts';
import { pairChunks, pairsSql, type TraceDays } from './settlement-ledger.ts';

/** Summaries of one read. */
const summariesMax = 1_000_000;

/** A stored summary: under which key, and what its content hashes to. */
export interface StoredSummary {
  startNs: bigint;
  digest: bigint;
}

/** The summaries that some traces have, by project and trace; more than one where the start moved to another day. */
export async function readTraceDigests(db: Db, traces: readonly TraceDays[]): Promise<Map<string, StoredSummary[]>> {
  const found = new Map<string, StoredSummary[]>();
  for (const chunk of pairChunks(traces)) {
    const rows = await db.rows<{
      projectId: string;
      traceId: string;
      startNs: string;
      digestText: string;
      isDeleted: number;
    }>(
      `SELECT project_id AS projectId, lower(hex(trace_id)) AS traceId, toUnixTimestamp64Nano(start_time) AS startNs,
         toString(digest) AS digestText, is_deleted AS isDeleted
       FROM ${tables.traces}
       WHERE (project_id, toDate(start_time), trace_id) IN (${pairsSql})
       ORDER BY pass DESC LIMIT 1 BY project_id, toDate(start_time), trace_id
       LIMIT {limit:UInt32}`,
      { ...chunk, limit: summariesMax },
    );
    for (const row of rows) {
      if (row.isDeleted !== 0) continue;
      const key = `${row.traceId}${row.projectId}`;
      const others = found.get(key) ?? [];
      found.set(key, [...others, { startNs: BigInt(row.startNs), digest: BigInt(row.digestText) }]);
    }
  }
  return found;
}

export interface SessionKey {
  projectId: string;
  sessionId: string;
}

export interface StoredPart {
  part: Unstamped<SessionTraceRow>;
  traceId: string;
  digest: bigint;
}

interface PartJson {
  projectId: string;
  sessionId: string;
  traceId: string;
  times: string[];
  userId: string;
  traceStatus: string;
  counts: string[];
  kindNames: string[];
  serviceNames: string[];
  environmentNames: string[];
  providerNames: string[];
  agentNames: string[];
  modelNames: string[];
  toolNames: string[];
  labelPairs: [string, string][];
  firstInput: string;
  lastOutput: string;
  turnsJson: string;
  cost: string | null;
  digestText: string;
}

/** What the traces of some sessions add to them, by `sessionKey`. By primary key. */
export async function readSessionParts(db: Db, sessions: readonly SessionKey[]): Promise<Map<string, StoredPart[]>> {
  const found = new Map<string, StoredPart[]>();
  for (const chunk of splitForBinding(sessions, ({ projectId, sessionId }) => [projectId, sessionId])) {
    const rows = await db.rows<PartJson>(
      `SELECT project_id AS projectId, session_id AS sessionId, lower(hex(trace_id)) AS traceId,
         arrayMap(time -> toUnixTimestamp64Nano(time), [start_time, end_time, first_span_start, last_span_start]) AS times,
         user_id AS userId, status AS traceStatus,
         [span_count, error_count, model_calls, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
           reasoning_tokens, priced_calls, unpriced_calls] AS counts,
         kinds AS kindNames, services AS serviceNames, environments AS environmentNames, providers AS providerNames,
         agents AS agentNames, models AS modelNames, tools AS toolNames, arrayZip(mapKeys(labels), mapValues(labels)) AS labelPairs,
         first_input AS firstInput, last_output AS lastOutput, turns AS turnsJson, toString(cost_usd) AS cost,
         toString(digest) AS digestText
       FROM (
         SELECT * FROM ${tables.sessionTraces}
         WHERE (project_id, session_id) IN (
           SELECT toLowCardinality(pair.1), pair.2
           FROM (SELECT arrayJoin(arrayZip({projects:Array(String)}, {sessionIds:Array(String)})) AS pair))
         ORDER BY pass DESC LIMIT 1 BY project_id, session_id, trace_id
       )
       WHERE is_deleted = 0
       ORDER BY start_time LIMIT {tracesMax:UInt32} BY project_id, session_id
       LIMIT {limit:UInt32}`,
      {
        projects: chunk.map(({ projectId }) => projectId),
        sessionIds: chunk.map(({ sessionId }) => sessionId),
        tracesMax: sessionTracesMax,
        limit: summariesMax,
      },
    );
    for (const row of rows) {
      const key = sessionKey(row);
      const others = found.get(key);
      if (others === undefined) found.set(key, [toStoredPart(row)]);
      else others.push(toStoredPart(row));
    }
  }
  return found;
}

/** The summaries that some sessions have on the days given, by `sessionKey`. */
export async function readSessionDigests(
  db: Db,
  sessions: readonly (SessionKey & { days: readonly number[] })[],
): Promise<Map<string, StoredSummary[]>> {
  const found = new Map<string, StoredSummary[]>();
  const all = sessions.flatMap(({ projectId, sessionId, days }) => days.map((day) => ({ projectId, sessionId, day })));
  for (const pairs of splitForBinding(all, ({ projectId, sessionId }) => [projectId, sessionId])) {
    const rows = await db.rows<{
      projectId: string;
      sessionId: string;
      startNs: string;
      digestText: string;
      isDeleted: number;
    }>(
      `SELECT project_id AS projectId, session_id AS sessionId, toUnixTimestamp64Nano(start_time) AS startNs,
         toString(digest) AS digestText, is_deleted AS isDeleted
       FROM ${tables.sessions}
       WHERE (project_id, toDate(start_time), session_id) IN (
         SELECT toLowCardinality(pair.1), toDate(pair.2), pair.3
         FROM (SELECT arrayJoin(arrayZip({projects:Array(String)}, {days:Array(UInt16)}, {sessionIds:Array(String)})) AS pair))
       ORDER BY pass DESC LIMIT 1 BY project_id, toDate(start_time), session_id
       LIMIT {limit:UInt32}`,
      {
        projects: pairs.map(({ projectId }) => projectId),
        days: pairs.map(({ day }) => day),
        sessionIds: pairs.map(({ sessionId }) => sessionId),
        limit: summariesMax,
      },
    );
    for (const row of rows) {
      if (row.isDeleted !== 0) continue;
      const key = sessionKey(row);
      found.set(key, [...(found.get(key) ?? []), { startNs: BigInt(row.startNs), digest: BigInt(row.digestText) }]);
    }
  }
  return found;
}

/** One text for a session of a project; neither id can hold the character between them. */
export function sessionKey({ projectId, sessionId }: SessionKey): string {
  return `${projectId}\0${sessionId}`;
}

function toStoredPart(row: PartJson): StoredPart {
  const time = (index: number) => BigInt(row.times[index] ?? '0');
  const count = (index: number) => BigInt(row.counts[index] ?? '0');
  return {
    traceId: row.traceId,
    digest: BigInt(row.digestText),
    part: {
      project_id: row.projectId,
      session_id: row.sessionId,
      trace_id: Buffer.from(row.traceId, 'hex'),
      start_time: time(0),
      end_time: time(1),
      first_span_start: time(2),
      last_span_start: time(3),
      user_id: row.userId,
      status: row.traceStatus,
      span_count: count(0),
      error_count: count(1),
      kinds: row.kindNames,
      services: row.serviceNames,
      environments: row.environmentNames,
      providers: row.providerNames,
      agents: row.agentNames,
      models: row.modelNames,
      tools: row.toolNames,
      labels: new Map(row.labelPairs),
      first_input: row.firstInput,
      last_output: row.lastOutput,
      turns: row.turnsJson,
      model_calls: count(2),
      input_tokens: count(3),
      output_tokens: count(4),
      cache_read_tokens: count(5),
      cache_write_tokens: count(6),
      reasoning_tokens: count(7),
      priced_calls: count(8),
      unpriced_calls: count(9),
      cost_usd: row.cost === null ? null : parseAmount(row.cost),
    },
  };
}
