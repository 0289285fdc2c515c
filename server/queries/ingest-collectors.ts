import { tables } from '../../migrations/schema.ts';
import type { IngestCollector } from '../contract/ingest.ts';
import type { Db } from './db.ts';

const collectorsMax = 50;

interface CollectorRow {
  collector: string;
  version: string;
  startedMs: string;
  seenMs: string;
  hasEnded: boolean;
  circuit: string;
  queuedBytes: string;
  queueLimitBytes: string;
  spoolRequests: string;
  spoolBytes: string;
  spoolLimitBytes: string;
  spoolOldestMs: string;
  deadLetterBytes: string;
}

/**
 * Every collector's last word, the latest first, for all projects together. One that ended more than a day ago, or has
 * been quiet for a week, is listed only while there is something on its disk.
 */
export async function listIngestCollectors(db: Db): Promise<IngestCollector[]> {
  // FINAL: a row a collector, and their merges.
  const rows = await db.rows<CollectorRow>(
    `SELECT collector, version, toUnixTimestamp64Milli(started_at) AS startedMs, toUnixTimestamp64Milli(seen_at) AS seenMs,
       has_ended AS hasEnded, circuit, queued_bytes AS queuedBytes, queue_limit_bytes AS queueLimitBytes,
       spool_requests AS spoolRequests, spool_bytes AS spoolBytes, spool_limit_bytes AS spoolLimitBytes,
       toUnixTimestamp64Milli(spool_oldest_at) AS spoolOldestMs, dead_letter_bytes AS deadLetterBytes
     FROM ${tables.ingestCollectors} FINAL
     WHERE spool_requests > 0 OR seen_at > now64(3) - toIntervalDay(if(has_ended, 1, 7))
     ORDER BY seen_at DESC, collector LIMIT {collectorsMax:UInt32}`,
    { collectorsMax },
  );
  return rows.map((row) => ({
    ...{ collector: row.collector, version: row.version, hasEnded: row.hasEnded, circuit: row.circuit },
    ...{ startedUnixNano: `${row.startedMs}000000`, seenUnixNano: `${row.seenMs}000000` },
    ...{ queuedBytes: Number(row.queuedBytes), queueLimitBytes: Number(row.queueLimitBytes) },
    ...{ spoolRequests: Number(row.spoolRequests), spoolBytes: Number(row.spoolBytes) },
    spoolLimitBytes: Number(row.spoolLimitBytes),
    spoolOldestUnixNano: row.spoolOldestMs === '0' ? null : `${row.spoolOldestMs}000000`,
    deadLetterBytes: Number(row.deadLetterBytes),
  }));
}
