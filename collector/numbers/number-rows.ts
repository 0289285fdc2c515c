import { type RowEncoder, rowEncoder } from '../../migrations/row-binary.ts';
import {
  type Columns,
  ingestCollectorColumns,
  ingestCountColumns,
  ingestRejectColumns,
  type Row,
  tables,
} from '../../migrations/schema.ts';
import type { Insert } from '../write/clickhouse.ts';
import type { WriteStatus } from '../write/write-stats.ts';
import type { RejectNote } from './reject-log.ts';
import type { Count } from './tally.ts';

/** Which collector this is, and since when. */
export interface CollectorIdentity {
  /** Host and port: the same after a restart. */
  collector: string;
  version: string;
  startedMs: number;
}

const encodeCounts = rowEncoder(ingestCountColumns);
const encodeNotes = rowEncoder(ingestRejectColumns);
const encodeCollectors = rowEncoder(ingestCollectorColumns);

export function countsInsert(counts: readonly Count[]): Insert {
  const rows = counts.map((count): Row<typeof ingestCountColumns> => ({
    project_id: count.project,
    minute: BigInt(count.minuteMs),
    service: count.service,
    client: count.client,
    signal: count.signal,
    protocol: count.protocol,
    what: count.what,
    detail: count.detail,
    count: BigInt(count.count),
    first_at: BigInt(count.firstMs),
    last_at: BigInt(count.lastMs),
  }));
  return toInsert(tables.ingestCounts, ingestCountColumns, encodeCounts, rows);
}

export function rejectsInsert(notes: readonly RejectNote[]): Insert {
  const rows = notes.map((note): Row<typeof ingestRejectColumns> => ({
    project_id: note.project,
    time: BigInt(note.timeMs),
    service: note.service,
    client: note.client,
    signal: note.signal,
    protocol: note.protocol,
    code: note.code,
    message: note.message,
    place: note.place,
    trace_id: note.traceId,
    span_id: note.spanId,
    name: note.name,
  }));
  return toInsert(tables.ingestRejects, ingestRejectColumns, encodeNotes, rows);
}

export function collectorInsert(
  { collector, version, startedMs }: CollectorIdentity,
  status: WriteStatus,
  { nowMs, hasEnded }: { nowMs: number; hasEnded: boolean },
): Insert {
  const row: Row<typeof ingestCollectorColumns> = {
    collector,
    version,
    started_at: BigInt(startedMs),
    seen_at: BigInt(nowMs),
    has_ended: hasEnded,
    circuit: status.circuit,
    queued_bytes: BigInt(status.queuedBytes),
    queue_limit_bytes: BigInt(status.queueLimitBytes),
    spool_requests: BigInt(status.spoolRecords),
    spool_bytes: BigInt(status.spoolBytes),
    spool_limit_bytes: BigInt(status.spoolLimitBytes),
    spool_oldest_at: BigInt(Math.trunc(status.spoolOldestMs ?? 0)),
    dead_letter_bytes: BigInt(status.deadLetterBytes),
  };
  return toInsert(tables.ingestCollectors, ingestCollectorColumns, encodeCollectors, [row]);
}

function toInsert<Table extends Columns>(
  table: string,
  columns: Table,
  encode: RowEncoder<Table>,
  rows: readonly Row<Table>[],
): Insert {
  return { table, columns, format: 'RowBinary', data: [encode(rows)] };
}
