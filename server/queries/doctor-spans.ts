import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';
import { ofProject } from './doctor-facts.ts';

/** A table and the narrow copy of it that a materialised view writes. */
export interface CopiedTable {
  source: string;
  copy: string;
  view: string;
  time: string;
  /** What tells one row from another, within a project. */
  ids: readonly string[];
  /** Of what must be equal in both. Previews expire, and not at the same moment. */
  content: readonly string[];
  /** Of several copies of a row, the greatest is the one that counts. */
  rank: string;
}

const ids = ['trace_id', 'span_id'];
export const spanCopies: CopiedTable = {
  source: tables.spans,
  copy: tables.skeletons,
  view: 'spans_to_skeletons',
  time: 'start_time',
  ids,
  content: [
    ...['parent_span_id', 'start_time', 'duration_ns', 'status', 'service_name', 'environment', 'scope_name', 'kind'],
    ...['session_id', 'user_id', 'agent_name', 'agent_version', 'provider', 'request_model', 'response_model'],
    ...['response_id', 'service_tier', 'is_batch', 'usage_scope', 'has_usage', 'input_tokens', 'output_tokens'],
    ...['cache_read_tokens', 'cache_write_tokens', 'cache_write_5m_tokens', 'cache_write_1h_tokens'],
    ...['reasoning_tokens', 'input_audio_tokens', 'output_audio_tokens', 'ifNull(reported_cost_usd, -1)'],
  ],
  rank: '(ingested_at, duration_ns, input_tokens + output_tokens)',
};
export const recordCopies: CopiedTable = {
  source: tables.spanEvents,
  copy: tables.eventSkeletons,
  view: 'span_events_to_skeletons',
  time: 'time',
  ids: [...ids, 'event_id'],
  content: ['time'],
  rank: 'ingested_at',
};

/** What is looked at: arrivals after `fromMs` until `toMs`, kept since `keptDay`. */
export interface CopyScope extends Record<string, string | number> {
  projectId: string;
  fromMs: number;
  toMs: number;
  /** Days since 1970: what started or arrived until then may have expired. */
  keptDay: number;
}

const daysMax = 100_000;
const groupsMax = 10_000_000;

const arrived = `ingested_at > fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
       AND ingested_at <= fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`;
const isKept = (time: string) =>
  `toDate(${time}) > toDate({keptDay:UInt16}) AND toDate(ingested_at) > toDate({keptDay:UInt16})`;

export interface DayPrint {
  projectId: string;
  /** Days since 1970. */
  day: number;
  rowCount: number;
  /** Sum of hashes: equal for equal rows, whatever their order. */
  fingerprint: bigint;
}

/** The partitions of a table, as days since 1970: what is read at once. */
export async function listPartitions(db: Db, table: CopiedTable, side: 'source' | 'copy'): Promise<number[]> {
  const rows = await db.rows<{ partition: number }>(
    `SELECT DISTINCT toUInt16(${partitionOf(table, side)}) AS partition FROM ${table[side]}
     ORDER BY partition LIMIT {limit:UInt32}`,
    { limit: daysMax },
  );
  return rows.map(({ partition }) => partition);
}

/** Fingerprints of each project and day of one partition. Reads the columns that are compared. */
export async function readPrints(
  db: Db,
  {
    table,
    side,
    partition,
    scope,
  }: { table: CopiedTable; side: 'source' | 'copy'; partition: number; scope: CopyScope },
): Promise<DayPrint[]> {
  const rows = await db.rows<{ projectId: string; day: number; rowCount: string; fingerprint: string }>(
    `SELECT project_id AS projectId, toUInt16(toDate(${table.time})) AS day, count() AS rowCount,
       sum(${hashOf(table)}) AS fingerprint
     FROM ${table[side]}
     WHERE ${partitionOf(table, side)} = toDate({partition:UInt16})
       AND ${ofProject} AND ${arrived} AND ${isKept(table.time)}
     GROUP BY projectId, day
     LIMIT {limit:UInt32}`,
    { ...scope, partition, limit: groupsMax },
  );
  return rows.map((row) => ({ ...row, rowCount: Number(row.rowCount), fingerprint: BigInt(row.fingerprint) }));
}

/** Ids as lower-case hex; `eventId` is '' of a span. */
export interface CopiedRow {
  traceId: string;
  spanId: string;
  eventId: string;
  /** There is a copy, but it says something else. */
  isOther: boolean;
}

export interface DayOfProject {
  projectId: string;
  day: number;
  slice: number;
  slices: number;
}

/** Rows of a day without a copy, or whose copy that counts says something else. Holds the slice of the day in memory. */
export async function findMissingCopies(
  db: Db,
  { table, day, scope, limit }: { table: CopiedTable; day: DayOfProject; scope: CopyScope; limit: number },
): Promise<CopiedRow[]> {
  const columns = table.ids.join(', ');
  return readIds(
    db,
    `SELECT ${idSelection(table)}, found > 0 AS isOther
     FROM (
       SELECT ${columns}, groupUniqArray(${hashOf(table)}) AS hashes FROM ${table.source}
       WHERE ${ofDay(table.time)} AND ${arrived} AND ${isKept(table.time)} GROUP BY ${columns}
     ) AS original
     LEFT JOIN (
       SELECT ${columns}, argMax(${hashOf(table)}, ${table.rank}) AS newest, count() AS found FROM ${table.copy}
       WHERE ${ofDay(table.time)} GROUP BY ${columns}
     ) AS copied USING (${columns})
     WHERE NOT has(hashes, newest)
     LIMIT {limit:UInt32}`,
    { ...scope, ...day, limit },
  );
}

/** Copies of a day whose row is not there. */
export async function findLoneCopies(
  db: Db,
  { table, day, scope, limit }: { table: CopiedTable; day: DayOfProject; scope: CopyScope; limit: number },
): Promise<CopiedRow[]> {
  const columns = table.ids.join(', ');
  return readIds(
    db,
    `SELECT ${idSelection(table)}, false AS isOther
     FROM (
       SELECT DISTINCT ${columns} FROM ${table.copy} WHERE ${ofDay(table.time)} AND ${arrived} AND ${isKept(table.time)}
     )
     WHERE (${columns}) NOT IN (SELECT ${columns} FROM ${table.source} WHERE ${ofDay(table.time)})
     LIMIT {limit:UInt32}`,
    { ...scope, ...day, limit },
  );
}

/** Of a project and a day. */
export const ofDay = (time: string) => `project_id = {projectId:String} AND toDate(${time}) = toDate({day:UInt16})
       AND cityHash64(trace_id) % {slices:UInt32} = {slice:UInt32}`;

async function readIds(db: Db, sql: string, parameters: Record<string, string | number>): Promise<CopiedRow[]> {
  const rows = await db.rows<Omit<CopiedRow, 'isOther'> & { isOther: boolean | number }>(sql, parameters);
  return rows.map((row) => ({ ...row, isOther: Boolean(row.isOther) }));
}

function idSelection({ ids: columns }: CopiedTable): string {
  const event = columns.includes('event_id') ? 'lower(hex(event_id))' : "''";
  return `lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, ${event} AS eventId`;
}

function hashOf(table: CopiedTable): string {
  return `cityHash64(project_id, ${[...new Set([...table.ids, ...table.content])].join(', ')})`;
}

function partitionOf({ time }: CopiedTable, side: 'source' | 'copy'): string {
  return side === 'source' ? `toMonday(${time})` : 'toDate(ingested_at)';
}
