import { tables } from '../../migrations/schema.ts';
import type { SettlementStatus } from '../contract/settlement.ts';
import type { Db } from './db.ts';

/** Settlers divide the traces among this many shards at most. */
const shardsMax = 1_024;

interface CursorRow {
  verifiedToNs: string;
  lagMs: string;
}

interface PassRow {
  lastPass: string;
  lastBookedAtNs: string;
}

/** How far settlement has come, over all shards: what arrived before `verifiedTo` is booked. */
export async function getSettlementStatus(db: Db): Promise<SettlementStatus> {
  const [cursor, pass] = await Promise.all([readCursor(db), readLastPass(db)]);
  return {
    verifiedTo: cursor?.verifiedToNs ?? null,
    lagMs: cursor === undefined ? null : Number(cursor.lagMs),
    lastPass: pass?.lastPass ?? null,
    lastBookedAt: pass?.lastBookedAtNs ?? null,
  };
}

/** Unix nanoseconds; null before the first pass. */
export async function findVerifiedTo(db: Db): Promise<string | null> {
  return (await readCursor(db))?.verifiedToNs ?? null;
}

/** The shard that is furthest behind, by the clock of the database, which also stamps what arrives. */
async function readCursor(db: Db): Promise<CursorRow | undefined> {
  const [row] = await db.rows<CursorRow>(
    `SELECT toUnixTimestamp64Nano(toDateTime64(min(verifiedTo), 9, 'UTC')) AS verifiedToNs,
       greatest(0, toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(min(verifiedTo))) AS lagMs
     FROM (
       SELECT max(verified_to) AS verifiedTo FROM ${tables.settlementCursors} GROUP BY shard LIMIT {shardsMax:UInt32}
     )
     HAVING count() > 0
     LIMIT 1`,
    { shardsMax },
  );
  return row;
}

/** By a projection, then from the newest parts alone: the partition key is the pass. */
async function readLastPass(db: Db): Promise<PassRow | undefined> {
  const [last] = await db.rows<{ lastPass: string }>(
    `SELECT max(lastPassOfShard) AS lastPass
     FROM (SELECT shard, max(pass) AS lastPassOfShard FROM ${tables.ledger} GROUP BY shard LIMIT {shardsMax:UInt32})
     HAVING count() > 0
     LIMIT 1`,
    { shardsMax },
  );
  if (last === undefined) return undefined;
  const [row] = await db.rows<PassRow>(
    `SELECT toString(max(pass)) AS lastPass, toUnixTimestamp64Milli(max(booked_at)) * 1000000 AS lastBookedAtNs
     FROM ${tables.ledger}
     WHERE pass = {lastPass:UInt64}
     HAVING count() > 0
     LIMIT 1`,
    { lastPass: last.lastPass },
  );
  return row;
}
