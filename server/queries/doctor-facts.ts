import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';
import { isSchemaCurrent } from './readiness.ts';

/**
 * The doctor reads every project unless one is asked for: its queries bind a project ('' = all) or a slice of the traces
 * instead, and a limit.
 */
export const ofProject = "({projectId:String} = '' OR project_id = {projectId:String})";

/** A part of all traces, cut by the hash of their ids, so that a check holds only a part at a time. */
export interface Slice extends Record<string, number> {
  slice: number;
  slices: number;
}

export const ofSlice = (column = 'trace_id') => `cityHash64(${column}) % {slices:UInt32} = {slice:UInt32}`;

/** Rows of a slice: about 200 MB where all of them are held. */
const sliceRows = 2_000_000;

/** All slices of a table, enough of them that each fits into memory. */
export async function listSlices(db: Db, table: string): Promise<Slice[]> {
  const [row] = await db.rows<{ rowCount: string }>(`SELECT count() AS rowCount FROM ${table} LIMIT 1`, {});
  const slices = Math.max(1, Math.ceil(Number(row?.rowCount ?? 0) / sliceRows));
  return Array.from({ length: slices }, (_, slice) => ({ slice, slices }));
}

/** Days that tables keep; undefined where they keep everything. */
export interface KeptDays {
  /** Spans, skeletons, ledger, summaries. */
  retentionDays: number | undefined;
  /** Previews. */
  contentDays: number | undefined;
}

/** What the tables' own definitions say of retention. */
export async function readKeptDays(db: Db): Promise<KeptDays> {
  const [row] = await db.rows<{ definition: string }>(
    `SELECT create_table_query AS definition FROM system.tables
     WHERE database = currentDatabase() AND name = {table:String} LIMIT 1`,
    { table: tables.skeletons },
  );
  const find = (pattern: RegExp) => {
    const days = pattern.exec(row?.definition ?? '')?.[1];
    return days === undefined ? undefined : Number(days);
  };
  return {
    retentionDays: find(/ TTL toDate\(ingested_at\) \+ toIntervalDay\((\d+)\) SETTINGS /),
    contentDays: find(/`input_preview` [^`]* TTL toDate\(start_time\) \+ toIntervalDay\((\d+)\)/),
  };
}

/** Arrivals in a window: spans and log records, copies included. */
export async function countArrivals(
  db: Db,
  window: { fromMs: number; toMs: number; projectId: string },
): Promise<number> {
  const arrivals = (table: string) => `SELECT count() AS arrived FROM ${table}
       WHERE ingested_at > fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
         AND ingested_at <= fromUnixTimestamp64Milli({toMs:Int64}, 'UTC') AND ${ofProject}`;
  const [row] = await db.rows<{ total: string }>(
    `SELECT sum(arrived) AS total
     FROM (${arrivals(tables.skeletons)} UNION ALL ${arrivals(tables.eventSkeletons)}) LIMIT 1`,
    window,
  );
  return Number(row?.total ?? 0);
}

/** Whether anything of a project is stored. */
export async function hasProject(db: Db, projectId: string): Promise<boolean> {
  const found = (table: string) => `SELECT 1 FROM ${table} WHERE project_id = {projectId:String} LIMIT 1`;
  const rows = await db.rows(
    `${found(tables.spans)} UNION ALL ${found(tables.skeletons)} UNION ALL ${found(tables.ledger)}`,
    { projectId },
  );
  return rows.length > 0;
}

/** Whether the database has this release's tables. */
export async function isMigrated(db: Db, migration: string): Promise<boolean> {
  const found = await db.rows(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND name = {table:String} LIMIT 1`,
    { table: tables.schemaMigrations },
  );
  return found.length > 0 && (await isSchemaCurrent(db, migration));
}
