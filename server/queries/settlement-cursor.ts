import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

export interface StoredCursor {
  verifiedToMs: number;
  owner: string;
  /** Since it was written, by ClickHouse's clock. */
  ageMs: number;
}

/** The furthest verified cursor of a shard, and who wrote to it last; undefined before the first. */
export async function readCursor(db: Db, shard: number): Promise<StoredCursor | undefined> {
  const [row] = await db.rows<{ rowCount: string; verifiedToMs: string; lastOwner: string; ageMs: string }>(
    `SELECT count() AS rowCount, toUnixTimestamp64Milli(max(verified_to)) AS verifiedToMs,
       argMax(owner, updated_at) AS lastOwner,
       toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(max(updated_at)) AS ageMs
     FROM ${tables.settlementCursors} WHERE shard = {shard:UInt16} LIMIT 1`,
    { shard },
  );
  if (row === undefined || row.rowCount === '0') return undefined;
  return { verifiedToMs: Number(row.verifiedToMs), owner: row.lastOwner, ageMs: Number(row.ageMs) };
}
