import { z } from 'zod';
import { type NewContent, type Piece, ReceivedContent } from './received-content.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { SegmentRecord } from './segment-record.ts';
import type { Spool } from './spool.ts';
import type { RefusedPiece } from './store-apart.ts';

export interface ReplayLimits {
  records: number;
  rows: number;
  bytes: number;
}

/** A body of the spool. */
export interface SpooledPiece<Body> extends Piece<Body> {
  /** Of its record: no other has it. */
  id: string;
}

/** What is stored next of a segment. */
export interface ReplayBatch<Body, Told> {
  content: ReceivedContent<Body, Told>;
  pieces: SpooledPiece<Body>[];
  /** Bodies that were readable when they came, but are not for this version. */
  unreadable: RefusedPiece<Body>[];
  records: number;
  /** Of the bodies, as they were sent. */
  bytes: number;
  /** Where the next batch begins. */
  to: number;
  /** Nothing follows in this segment. */
  isEnd: boolean;
}

const receivedHead = z.looseObject({ receivedAtMs: z.number() });

/** Reads records from a place on, up to the limits, or to `to` exactly where it is given. */
export async function readReplayBatch<Body, Told>(
  source: {
    spool: Spool<Body>;
    reader: SegmentReader;
    from: number;
    to: number | undefined;
    newContent: NewContent<Body, Told>;
  },
  limits: ReplayLimits,
): Promise<ReplayBatch<Body, Told>> {
  const { spool, reader, from, to, newContent } = source;
  const content = new ReceivedContent(newContent);
  const batch: ReplayBatch<Body, Told> = {
    ...{ content, pieces: [], unreadable: [], records: 0, bytes: 0, to: from, isEnd: false },
  };
  const isFull = () =>
    to === undefined
      ? batch.records >= limits.records || content.rows >= limits.rows || batch.bytes >= limits.bytes
      : batch.to >= to;
  while (!isFull()) {
    const entry = await reader.read(batch.to);
    if (entry.kind === 'end') {
      if (entry.tornBytes > 0) spool.reportTorn(entry.tornBytes);
      batch.isEnd = true;
      break;
    }
    if (entry.kind === 'damaged') await spool.keepDamaged(reader, batch.to, entry.next);
    else if (!(await addRecord(batch, entry.record, { spool, id: `${reader.id}:${String(batch.to)}` }))) {
      await spool.keepDamaged(reader, batch.to, entry.next);
    }
    batch.records += 1;
    batch.to = entry.next;
  }
  return batch;
}

/** False where the record is none that this version knows. */
async function addRecord<Body, Told>(
  batch: ReplayBatch<Body, Told>,
  { head, body: bytes }: SegmentRecord,
  { spool, id }: { spool: Spool<Body>; id: string },
): Promise<boolean> {
  let piece: SpooledPiece<Body>;
  try {
    piece = { body: spool.codec.decode(head, bytes), receivedAtMs: receivedHead.parse(head).receivedAtMs, id };
  } catch {
    return false;
  }
  // Mapping is work for this thread; senders have their turn between two bodies.
  await new Promise((resume) => setImmediate(resume));
  try {
    batch.content.append(piece);
    batch.pieces.push(piece);
    batch.bytes += bytes.length;
  } catch (error) {
    batch.unreadable.push({ ...piece, rows: 0, reason: error instanceof Error ? error.message : String(error) });
  }
  return true;
}
