import { promisify } from 'node:util';
import { constants, crc32, zstdCompress, zstdDecompress } from 'node:zlib';

/** What a record says of its body; JSON. */
export type RecordHead = Readonly<Record<string, unknown>>;

export interface SegmentRecord {
  head: RecordHead;
  body: Uint8Array;
}

/** Where a record's bytes end and what they must add up to. */
export interface RecordFrame {
  headBytes: number;
  bodyBytes: number;
  crc: number;
}

/** Bodies are at most 64 MiB; a frame that says more is no frame. */
const partBytesMax = 128 * 1024 * 1024;
/** Smaller bodies are stored as they are. */
const compressFromBytes = 512;
/** Begins every record, so that reading can go on behind a damaged one. */
export const recordMark = Buffer.from('SGr\x01', 'latin1');
/** Mark, bytes of the head, bytes of the body, CRC-32 of both, CRC-32 of the frame so far. */
export const frameBytes = 20;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** The bytes of a record: its frame, its head as JSON, its body, compressed where that is shorter. */
export async function encodeRecord({ head, body }: SegmentRecord): Promise<Buffer> {
  const packed = await pack(body);
  const isPacked = packed.length < body.length;
  const stored = isPacked ? packed : body;
  const headBytes = Buffer.from(JSON.stringify({ ...head, ...(isPacked ? { zstdOf: body.length } : {}) }));
  const frame = Buffer.alloc(frameBytes);
  recordMark.copy(frame);
  frame.writeUInt32LE(headBytes.length, 4);
  frame.writeUInt32LE(stored.length, 8);
  frame.writeUInt32LE(crc32(stored, crc32(headBytes)), 12);
  frame.writeUInt32LE(crc32(frame.subarray(0, 16)), 16);
  return Buffer.concat([frame, headBytes, stored]);
}

/** The frame that begins at `at`, or undefined where there is none. */
export function readFrame(bytes: Buffer, at = 0): RecordFrame | undefined {
  if (bytes.length < at + frameBytes || !bytes.subarray(at, at + recordMark.length).equals(recordMark))
    return undefined;
  if (crc32(bytes.subarray(at, at + 16)) !== bytes.readUInt32LE(at + 16)) return undefined;
  const frame = {
    headBytes: bytes.readUInt32LE(at + 4),
    bodyBytes: bytes.readUInt32LE(at + 8),
    crc: bytes.readUInt32LE(at + 12),
  };
  return frame.headBytes > partBytesMax || frame.bodyBytes > partBytesMax ? undefined : frame;
}

/** The record whose bytes follow its frame; undefined when they are not what was written. */
export async function decodeRecord(frame: RecordFrame, bytes: Buffer): Promise<SegmentRecord | undefined> {
  if (bytes.length !== frame.headBytes + frame.bodyBytes || crc32(bytes) !== frame.crc) return undefined;
  try {
    const { zstdOf, ...head } = JSON.parse(bytes.toString('utf8', 0, frame.headBytes)) as Record<string, unknown>;
    const stored = bytes.subarray(frame.headBytes);
    if (typeof zstdOf !== 'number') return { head, body: stored };
    return { head, body: await decompress(stored, { maxOutputLength: Math.max(1, zstdOf) }) };
  } catch {
    return undefined; // the checksum is right: it was written wrong
  }
}

async function pack(body: Uint8Array): Promise<Uint8Array> {
  if (body.length < compressFromBytes) return body;
  return compress(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}
