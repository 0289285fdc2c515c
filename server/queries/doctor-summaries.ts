import { type Columns, sessionColumns, sessionTraceColumns, tables, traceColumns } from '../../migrations/schema.ts';
import type { Db } from './db.ts';
import { ofProject, ofSlice, type Slice } from './doctor-facts.ts';
import type { SliceScope } from './doctor-ledger.ts';

/** A summary's columns as text: ids in hex, times in nanoseconds (arrivals in milliseconds), money in dollars. */
export type SummaryText = Readonly<Record<string, unknown>>;

const summariesMax = 1_000_000;
const keysChunk = 1_000;

/** The summary tables, what their columns are, and what makes a row the successor of another. */
export const summaryTables = {
  traces: {
    table: tables.traces,
    columns: traceColumns,
    keys: ['project_id', 'toDate(start_time)', 'trace_id'],
    values: ['toLowCardinality(key.1)', 'toDate(toUInt16(key.2))', 'toFixedString(unhex(key.3), 16)'],
  },
  sessionTraces: {
    table: tables.sessionTraces,
    columns: sessionTraceColumns,
    keys: ['project_id', 'session_id', 'trace_id'],
    values: ['toLowCardinality(key.1)', 'key.2', 'toFixedString(unhex(key.3), 16)'],
  },
  sessions: {
    table: tables.sessions,
    columns: sessionColumns,
    keys: ['project_id', 'toDate(start_time)', 'session_id'],
    values: ['toLowCardinality(key.1)', 'toDate(toUInt16(key.2))', 'key.3'],
  },
} as const satisfies Record<string, { table: string; columns: Columns; keys: string[]; values: string[] }>;
export type SummaryTable = keyof typeof summaryTables;

/** Project, and the two other parts of the key in its order: days as numbers since 1970, trace ids in hex. */
export type SummaryKey = readonly [string, string, string];

/** The rows in force under some keys, by the key's JSON. By primary key. */
export async function readSummaries(
  db: Db,
  name: SummaryTable,
  keys: readonly SummaryKey[],
): Promise<Map<string, SummaryText>> {
  const { table, columns, keys: keyColumns, values } = summaryTables[name];
  const found = new Map<string, SummaryText>();
  for (let at = 0; at < keys.length; at += keysChunk) {
    const chunk = keys.slice(at, at + keysChunk);
    const rows = await db.rows<Record<string, unknown>>(
      `SELECT ${keyColumns.map((column, i) => `${keyText(column)} AS key${i}`).join(', ')},
         ${Object.entries(columns)
           .map(([column, type]) => `${columnText(column, type)} AS \`${column} text\``)
           .join(', ')}
       FROM (
         SELECT * FROM ${table}
         WHERE (${keyColumns.join(', ')}) IN (
           SELECT ${values.join(', ')}
           FROM (SELECT arrayJoin(arrayZip({key1:Array(String)}, {key2:Array(String)}, {key3:Array(String)})) AS key))
         ORDER BY pass DESC LIMIT 1 BY ${keyColumns.join(', ')}
       )
       WHERE is_deleted = 0
       LIMIT {limit:UInt32}`,
      {
        key1: chunk.map(([project]) => project),
        key2: chunk.map(([, second]) => second),
        key3: chunk.map(([, , third]) => third),
        limit: summariesMax,
      },
    );
    for (const { key0, key1, key2, ...row } of rows) {
      const text = Object.fromEntries(Object.entries(row).map(([column, value]) => [column.slice(0, -5), value]));
      found.set(JSON.stringify([key0, key1, key2]), text);
    }
  }
  return found;
}

function keyText(column: string): string {
  if (column === 'trace_id') return 'lower(hex(trace_id))';
  return column === 'toDate(start_time)' ? 'toString(toUInt16(toDate(start_time)))' : column;
}

function columnText(column: string, type: string): string {
  if (type.startsWith('FixedString')) return `lower(hex(${column}))`;
  if (type.startsWith('DateTime64(9')) return `toString(toUnixTimestamp64Nano(${column}))`;
  if (type.startsWith('DateTime64(3')) return `toString(toUnixTimestamp64Milli(${column}))`;
  if (type.startsWith('Map')) return `arraySort(arrayZip(mapKeys(${column}), mapValues(${column})))`;
  if (type.includes('Decimal') || type.startsWith('UInt')) return `toString(${column})`;
  return column;
}

const summed = ['model_calls', 'input_tokens', 'output_tokens', 'priced_calls', 'unpriced_calls'];

/** A summary whose sums are not those of what it sums up; null where there is no such row. */
export interface WrongSums {
  projectId: string;
  /** Of a trace in hex, or of a session. */
  id: string;
  /** Sums in words, as text, to be compared and shown. */
  stored: string | null;
  expected: string | null;
  /** Starts of the rows in force. */
  storedStarts: string[];
}

/**
 * Traces of a slice whose summary says other sums than the ledger, or that have two summaries. Only those that had arrived until
 * `dueMs`. Holds the slice's traces.
 */
export async function findWrongTraceSums(
  db: Db,
  { slice, ...scope }: SliceScope & { dueMs: number },
): Promise<WrongSums[]> {
  return db.rows(
    `SELECT live.project_id AS projectId, lower(hex(live.trace_id)) AS id, live.words AS stored,
       if(booked.found = 0, '${noSums}', booked.words) AS expected,
       arrayMap(time -> toString(toUnixTimestamp64Nano(time)), live.starts) AS storedStarts
     FROM (
       SELECT project_id, trace_id, groupArray(start) AS starts, max(arrived) AS arrived,
         ${sumWords('if(sum(is_known) = 0, NULL, sum(cost))', '')} AS words
       FROM (
         SELECT project_id, trace_id, argMax(traces.start_time, pass) AS start, argMax(last_ingested_at, pass) AS arrived,
           ${summed.map((column) => `argMax(traces.${column}, pass) AS ${column}`).join(', ')},
           argMax(tuple(cost_usd), pass).1 AS cost, cost IS NOT NULL AS is_known
         FROM ${tables.traces} WHERE ${ofSlice()} AND ${ofProject}
         GROUP BY project_id, toDate(traces.start_time), trace_id
         HAVING argMax(is_deleted, pass) = 0
       )
       GROUP BY project_id, trace_id
       HAVING toDate(min(start)) > toDate({keptDay:UInt16}) AND arrived <= fromUnixTimestamp64Milli({dueMs:Int64}, 'UTC')
     ) AS live
     LEFT JOIN (
       SELECT project_id, trace_id, count() AS found, ${sumWords('if(sum(costed_rows) = 0, NULL, sum(cost_usd))', '')} AS words
       FROM ${tables.ledger} WHERE sign != 0 AND ${ofSlice()} AND ${ofProject}
       GROUP BY project_id, trace_id
     ) AS booked USING (project_id, trace_id)
     WHERE stored != expected OR length(live.starts) > 1
     LIMIT {limit:UInt32}`,
    { ...slice, ...scope },
  );
}

/**
 * Sessions of a slice (cut by their ids) whose row does not say what their parts sum up to, that have no row, two, or one
 * without parts. Sessions of more than `tracesMax` traces are left out: their row sums up the first of them.
 */
export async function findWrongSessionSums(
  db: Db,
  { slice, ...scope }: SliceScope & { tracesMax: number },
): Promise<WrongSums[]> {
  const extra = "'traces', 'spans'";
  const words = (traces: string) =>
    sumWords('if(sum(is_known) = 0, NULL, sum(cost))', `, ${traces}, sum(span_count)`, extra);
  return db.rows(
    `SELECT if(parts.found = 0, rows.project_id, parts.project_id) AS projectId,
       if(parts.found = 0, rows.session_id, parts.session_id) AS id,
       if(rows.found = 0, NULL, rows.words) AS stored, if(parts.found = 0, NULL, parts.words) AS expected,
       arrayMap(time -> toString(toUnixTimestamp64Nano(time)), rows.starts) AS storedStarts
     FROM (
       SELECT project_id, session_id, count() AS found, ${words('count()')} AS words, min(start) AS first_start
       FROM (
         SELECT project_id, session_id, argMax(session_traces.start_time, pass) AS start,
           ${[...summed, 'span_count'].map((column) => `argMax(session_traces.${column}, pass) AS ${column}`).join(', ')},
           argMax(tuple(cost_usd), pass).1 AS cost, cost IS NOT NULL AS is_known
         FROM ${tables.sessionTraces} WHERE ${ofSlice('session_id')} AND ${ofProject}
         GROUP BY project_id, session_id, trace_id
         HAVING argMax(is_deleted, pass) = 0
       )
       GROUP BY project_id, session_id
     ) AS parts
     FULL OUTER JOIN (
       SELECT project_id, session_id, count() AS found, ${words('sum(trace_count)')} AS words, groupArray(start) AS starts,
         min(start) AS first_start
       FROM (
         SELECT project_id, session_id, argMax(sessions.start_time, pass) AS start,
           ${[...summed, 'span_count', 'trace_count'].map((column) => `argMax(sessions.${column}, pass) AS ${column}`).join(', ')},
           argMax(tuple(cost_usd), pass).1 AS cost, cost IS NOT NULL AS is_known
         FROM ${tables.sessions} WHERE ${ofSlice('session_id')} AND ${ofProject}
         GROUP BY project_id, toDate(sessions.start_time), session_id
         HAVING argMax(is_deleted, pass) = 0
       )
       GROUP BY project_id, session_id
     ) AS rows USING (project_id, session_id)
     WHERE (rows.found != 1 OR parts.found = 0 OR rows.words != parts.words OR rows.first_start != parts.first_start)
       AND parts.found <= {tracesMax:UInt32}
       AND (rows.found = 0 OR toDate(rows.first_start) > toDate({keptDay:UInt16}))
       AND (parts.found = 0 OR toDate(parts.first_start) > toDate({keptDay:UInt16}))
     LIMIT {limit:UInt32}`,
    { ...slice, ...scope },
  );
}

/** What a trace adds to a session: the key of a row in force. */
export interface SessionPart {
  projectId: string;
  sessionId: string;
  traceId: string;
  startNs: string;
}

/** The parts of some sessions. */
export async function readPartsOfSessions(
  db: Db,
  sessions: readonly { projectId: string; sessionId: string }[],
): Promise<SessionPart[]> {
  const parts: SessionPart[] = [];
  for (let at = 0; at < sessions.length; at += keysChunk) {
    const chunk = sessions.slice(at, at + keysChunk);
    const found = await db.rows<SessionPart>(
      `SELECT project_id AS projectId, session_id AS sessionId, lower(hex(trace_id)) AS traceId,
         toUnixTimestamp64Nano(argMax(start_time, pass)) AS startNs
       FROM ${tables.sessionTraces}
       WHERE (project_id, session_id) IN (
         SELECT toLowCardinality(pair.1), pair.2
         FROM (SELECT arrayJoin(arrayZip({projects:Array(String)}, {sessionIds:Array(String)})) AS pair))
       GROUP BY project_id, session_id, trace_id
       HAVING argMax(is_deleted, pass) = 0
       LIMIT {limit:UInt32}`,
      {
        projects: chunk.map(({ projectId }) => projectId),
        sessionIds: chunk.map(({ sessionId }) => sessionId),
        limit: summariesMax,
      },
    );
    for (const part of found) parts.push(part);
  }
  return parts;
}

/** Rows of a summary table that name later passes than there were: whatever is settled, they would win. */
export interface FuturePasses {
  table: string;
  rowCount: number;
  firstPass: number;
  lastPass: number;
}

/** Rows of passes after `lastPass`, by table. The caller reads the last pass once more: rows are written all the time. */
export async function findFuturePasses(db: Db, lastPass: number): Promise<FuturePasses[]> {
  const names = [tables.traces, tables.sessionTraces, tables.sessions];
  const found = names.map(
    (table) => `SELECT '${table}' AS summary, count() AS found, min(pass) AS first_pass, max(pass) AS last_pass
       FROM ${table} WHERE pass > {lastPass:UInt64}`,
  );
  const rows = await db.rows<{ table: string; rowCount: string; firstPass: string; lastPass: string }>(
    `SELECT summary AS table, found AS rowCount, first_pass AS firstPass, last_pass AS lastPass
     FROM (${found.join(' UNION ALL ')}) WHERE found > 0 LIMIT {limit:UInt32}`,
    { lastPass, limit: names.length },
  );
  return rows.map((row) => ({
    table: row.table,
    rowCount: Number(row.rowCount),
    firstPass: Number(row.firstPass),
    lastPass: Number(row.lastPass),
  }));
}

/** How many traces and sessions a slice has in force, and what they cost together. */
export async function readSummaryTotals(
  db: Db,
  { slice, projectId }: { slice: Slice; projectId: string },
): Promise<{ traceCount: number; costUsd: string }> {
  const [row] = await db.rows<{ traceCount: string; costUsd: string }>(
    `SELECT count() AS traceCount, toString(sum(ifNull(cost, 0))) AS costUsd
     FROM (
       SELECT argMax(tuple(cost_usd), pass).1 AS cost FROM ${tables.traces} WHERE ${ofSlice()} AND ${ofProject}
       GROUP BY project_id, toDate(start_time), trace_id
       HAVING argMax(is_deleted, pass) = 0
     )
     LIMIT 1`,
    { ...slice, projectId },
  );
  return { traceCount: Number(row?.traceCount ?? 0), costUsd: row?.costUsd ?? '0' };
}

const names = ['calls', 'input', 'output', 'priced', 'unpriced'];
const noSums = [...names.map((name) => `${name} 0`), 'cost unknown'].join(', ');

/** Sums as one text: `calls 3, input 3000, …, cost 0.00021`. */
function sumWords(costSql: string, moreSql: string, moreNames = ''): string {
  const labels = [...names.map((name) => `'${name}'`), "'cost'", ...(moreNames === '' ? [] : [moreNames])].join(', ');
  const more = moreSql.split(', ').filter((sql) => sql !== '');
  const values = [
    ...summed.map((column) => `toString(sum(${column}))`),
    `ifNull(toString(${costSql}), 'unknown')`,
    ...more.map((sql) => `toString(${sql})`),
  ].join(', ');
  return `arrayStringConcat(arrayMap((label, value) -> concat(label, ' ', value), [${labels}], [${values}]), ', ')`;
}
