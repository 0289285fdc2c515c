import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

/** How full the fullest queue of a collector is, 0 to 1, by what collectors said in the last ten seconds; 0 where none did. */
export async function readQueueShare(db: Db): Promise<number> {
  const [row] = await db.rows<{ share: number }>(
    `SELECT max(queued_bytes / greatest(queue_limit_bytes, 1)) AS share
     FROM ${tables.ingestCollectors} FINAL
     WHERE seen_at > now64(3) - toIntervalSecond(10) AND NOT has_ended
     LIMIT 1`,
    {},
  );
  return row?.share ?? 0;
}
