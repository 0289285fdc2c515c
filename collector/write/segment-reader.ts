import { type FileHandle, open } from 'node:fs/promises';
import { decodeRecord, frameBytes, readFrame, recordMark, type SegmentRecord } from './segment-record.ts';

/** Magic and version, then an id that no other segment has. */
const magic = Buffer.from('SGSPOOL1', 'latin1');
const idBytes = 16;
export const segmentHeaderBytes = magic.length + idBytes;
const scanBytes = 1024 * 1024;

export function encodeSegmentHeader(id: Buffer): Buffer {
  return Buffer.concat([magic, id]);
}

/** What lies at a place of a segment, and where the next thing begins. */
export type SegmentEntry =
  | { kind: 'record'; record: SegmentRecord; next: number }
  /** Its checksum is wrong. */
  | { kind: 'damaged'; next: number }
  /** Nothing more. `tornBytes` of a record that was never finished, hence never acknowledged. */
  | { kind: 'end'; tornBytes: number };

/** One segment, read from any place on. */
export class SegmentReader {
  /** Hexadecimal. */
  readonly id: string;
  readonly #file: FileHandle;
  readonly #bytes: number;

  private constructor(file: FileHandle, id: string, bytes: number) {
    this.#file = file;
    this.id = id;
    this.#bytes = bytes;
  }

  /** Undefined where the file is no segment of a version that this program knows. */
  static async open(path: string): Promise<SegmentReader | undefined> {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const header = await readAt(file, 0, segmentHeaderBytes);
      if (header.length === segmentHeaderBytes && header.subarray(0, magic.length).equals(magic)) {
        return new SegmentReader(file, header.toString('hex', magic.length), size);
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return undefined;
  }

  async read(at: number): Promise<SegmentEntry> {
    const rest = this.#bytes - at;
    if (rest <= 0) return { kind: 'end', tornBytes: 0 };
    const frame = readFrame(await readAt(this.#file, at, frameBytes));
    if (frame === undefined) return this.#skip(at);
    const next = at + frameBytes + frame.headBytes + frame.bodyBytes;
    if (next > this.#bytes) return { kind: 'end', tornBytes: rest };
    const record = await decodeRecord(frame, await readAt(this.#file, at + frameBytes, next - at - frameBytes));
    return record === undefined ? { kind: 'damaged', next } : { kind: 'record', record, next };
  }

  /** Counts the records from a place on by their frames, without reading them. */
  async count(from: number): Promise<number> {
    let records = 0;
    for (let at = from; at < this.#bytes;) {
      const frame = readFrame(await readAt(this.#file, at, frameBytes));
      const next = frame === undefined ? this.#bytes : at + frameBytes + frame.headBytes + frame.bodyBytes;
      if (frame === undefined || next > this.#bytes) break;
      records += 1;
      at = next;
    }
    return records;
  }

  bytes(from: number, to: number): Promise<Buffer> {
    return readAt(this.#file, from, to - from);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Where no frame is: up to the next one; zeros and a broken frame at the end are a write that was cut off. */
  async #skip(at: number): Promise<SegmentEntry> {
    const next = await this.#findFrame(at + 1);
    if (next !== undefined) return { kind: 'damaged', next };
    const rest = this.#bytes - at;
    const start = await readAt(this.#file, at, Math.min(rest, scanBytes));
    const isTorn = rest < frameBytes || start.every((byte) => byte === 0);
    return isTorn ? { kind: 'end', tornBytes: rest } : { kind: 'damaged', next: this.#bytes };
  }

  async #findFrame(from: number): Promise<number | undefined> {
    for (let at = from; at < this.#bytes; at += scanBytes) {
      // A frame that begins at the end of one part is read with it.
      const part = await readAt(this.#file, at, scanBytes + frameBytes);
      for (let found = part.indexOf(recordMark); found >= 0; found = part.indexOf(recordMark, found + 1)) {
        if (readFrame(part, found) !== undefined) return at + found;
      }
    }
    return undefined;
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
