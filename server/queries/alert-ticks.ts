import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

export interface StoredTick {
  tick: number;
  afterTick: number;
  owner: string;
  evaluatedToMs: number;
  writtenAtMs: number;
}

interface TickRow {
  tickNumber: string;
  afterNumber: string;
  tickOwner: string;
  evaluatedToMs: string;
  writtenAtMs: string;
}

const columns = `tick AS tickNumber, after_tick AS afterNumber, owner AS tickOwner,
       toUnixTimestamp64Milli(evaluated_to) AS evaluatedToMs, toUnixTimestamp64Milli(written_at) AS writtenAtMs`;

/** The last one of all servers; by the sorting key, from its end. */
export async function findLastTick(db: Db): Promise<StoredTick | undefined> {
  const [row] = await db.rows<TickRow>(`SELECT ${columns} FROM ${tables.alertTicks} ORDER BY tick DESC LIMIT 1`, {});
  return row === undefined ? undefined : toTick(row);
}

/** The one that came after a tick; undefined: none yet. */
export async function findTickAfter(db: Db, tick: number): Promise<StoredTick | undefined> {
  const [row] = await db.rows<TickRow>(
    `SELECT ${columns} FROM ${tables.alertTicks}
     WHERE tick > {tick:UInt64} AND after_tick = {tick:UInt64}
     ORDER BY tick
     LIMIT 1`,
    { tick },
  );
  return row === undefined ? undefined : toTick(row);
}

/** What holds after a tick: the last body until then. Undefined: nothing ever happened. */
export async function findLastBody(db: Db): Promise<{ tick: number; bodyText: string } | undefined> {
  const [row] = await db.rows<{ tickNumber: string; bodyText: string }>(
    `SELECT tick AS tickNumber, body AS bodyText FROM ${tables.alertTicks}
     WHERE has_body
     ORDER BY tick DESC
     LIMIT 1`,
    {},
  );
  return row === undefined ? undefined : { tick: Number(row.tickNumber), bodyText: row.bodyText };
}

function toTick(row: TickRow): StoredTick {
  return {
    ...{ tick: Number(row.tickNumber), afterTick: Number(row.afterNumber), owner: row.tickOwner },
    ...{ evaluatedToMs: Number(row.evaluatedToMs), writtenAtMs: Number(row.writtenAtMs) },
  };
}
