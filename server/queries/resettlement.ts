import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

/** Traces of one day that are settled again; more on a day are an error that says so. */
export const tracesOfDayMax = 2_000_000;

/**
 * Days (since 1970, UTC) on which a project has decisions, in order. `fromNs` inclusive, `toNs` exclusive. Answered from the
 * primary key.
 */
export async function readBookedDays(
  db: Db,
  window: { projectId: string; fromNs: bigint; toNs: bigint },
): Promise<number[]> {
  const rows = await db.rows<{ day: number }>(
    `SELECT DISTINCT toUInt16(toDate(start_time)) AS day FROM ${tables.ledger} WHERE ${booked}
     ORDER BY day LIMIT {limit:UInt32}`,
    { ...window, limit: 100_000 },
  );
  return rows.map(({ day }) => day);
}

/** Traces that have decisions in the window, as lower-case hex, in order. Reads two columns of the window's rows. */
export async function readBookedTraces(
  db: Db,
  window: { projectId: string; fromNs: bigint; toNs: bigint },
): Promise<string[]> {
  const rows = await db.rows<{ traceId: string }>(
    `SELECT lower(hex(trace_id)) AS traceId FROM ${tables.ledger} WHERE ${booked}
     GROUP BY trace_id HAVING sum(sign) > 0 ORDER BY traceId LIMIT {limit:UInt32}`,
    { ...window, limit: tracesOfDayMax + 1 },
  );
  return rows.map(({ traceId }) => traceId);
}

const booked = `project_id = {projectId:String} AND sign != 0
       AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
       AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')`;
