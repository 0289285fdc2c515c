import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

/** Events are told later than they happen, but not by more: what is taken for undelivered beyond it is only made once more. */
const lagMs = 24 * 3_600_000;

export interface UndeliveredEvent {
  projectId: string;
  eventId: string;
  writtenMs: number;
  /** JSON text of the event. */
  body: string;
}

/** Events for channels that were written since then, by ClickHouse's clock, and have no delivery; in the order they were written. */
export async function listUndelivered(
  db: Db,
  { sinceMs, limit }: { sinceMs: number; limit: number },
): Promise<UndeliveredEvent[]> {
  const rows = await db.rows<Omit<UndeliveredEvent, 'writtenMs'> & { writtenMs: string }>(
    `SELECT project_id AS projectId, event_id AS eventId, toUnixTimestamp64Milli(written_at) AS writtenMs, body
     FROM ${tables.alertEvents}
     WHERE written_at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
       AND JSONLength(body, 'channelIds') > 0
       AND (project_id, event_id) NOT IN (
         SELECT project_id, event_id FROM ${tables.deliveries}
         WHERE event_at >= fromUnixTimestamp64Milli({eventsSinceMs:Int64}, 'UTC')
       )
     ORDER BY written_at, event_id
     LIMIT 1 BY project_id, event_id
     LIMIT {limit:UInt32}`,
    { sinceMs, eventsSinceMs: Math.max(0, sinceMs - lagMs), limit },
  );
  return rows.map(({ writtenMs, ...row }) => ({ ...row, writtenMs: Number(writtenMs) }));
}
