import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Received } from './received-content.ts';
import { SegmentFolder, type FolderLimits, type Segment } from './segment-folder.ts';
import { segmentHeaderBytes, SegmentReader } from './segment-reader.ts';
import type { RecordHead } from './segment-record.ts';
import { lockSpool } from './spool-lock.ts';
import { readPosition, type SpoolPosition, writePosition } from './spool-position.ts';
import type { OnWriteEvent } from './write-stats.ts';

/** How a body lies on disk: raw, as it was sent, so that it survives an upgrade. */
export interface BodyCodec<Body> {
  encode: (body: Body) => { head: RecordHead; bytes: Uint8Array };
  /** @throws when the head is none that this program knows */
  decode: (head: RecordHead, bytes: Uint8Array) => Body;
}

const spoolLimits: FolderLimits = {
  bytes: 10 * 1024 ** 3,
  segmentBytes: 64 * 1024 ** 2,
  keepFreeBytes: 256 * 1024 ** 2,
};

const usualBytes = 1024 * 1024;

export interface SpoolOptions<Body> {
  path: string;
  codec: BodyCodec<Body>;
  limits?: Partial<FolderLimits> | undefined;
  onEvent?: OnWriteEvent | undefined;
  /** Hears in one line of everything that is not as it should be. */
  warn?: ((message: string, fields: Record<string, unknown>) => void) | undefined;
}

/** Bodies on disk that ClickHouse did not take, in order; one process at a time. */
export class Spool<Body> {
  readonly #options: SpoolOptions<Body>;
  readonly #folder: SegmentFolder;
  readonly #lock: { release: () => void };
  readonly #limitBytes: number;
  #records: number;
  #position: SpoolPosition | undefined;
  #oldestMs: number | undefined;
  #onFilled: () => void = () => undefined;

  private constructor(
    options: SpoolOptions<Body>,
    found: {
      folder: SegmentFolder;
      lock: { release: () => void };
      position: SpoolPosition | undefined;
      records: number;
      limitBytes: number;
    },
  ) {
    this.#options = options;
    this.#folder = found.folder;
    this.#lock = found.lock;
    this.#limitBytes = found.limitBytes;
    this.#records = found.records;
    this.#position = found.position;
    this.#oldestMs = found.records > 0 ? Date.now() : undefined; // until the first record is read
  }

  /**
   * Takes hold of the folder and counts what is in it.
   * @throws SpoolError when another collector has it, or it cannot be used
   */
  static async open<Body>(options: SpoolOptions<Body>): Promise<Spool<Body>> {
    const limits = { ...spoolLimits, ...options.limits };
    const lock = await lockSpool(options.path);
    const [folder, position] = await Promise.all([
      SegmentFolder.open(options.path, limits),
      readPosition(options.path),
    ]);
    if (position !== undefined) folder.skipNumbers(position.segment);
    const records = await countRecords(folder.closed, position);
    return new Spool(options, { folder, lock, position, records, limitBytes: limits.bytes });
  }

  get isEmpty(): boolean {
    return this.#folder.isEmpty;
  }

  get status() {
    return {
      spoolRecords: this.#records,
      spoolBytes: this.#folder.bytes,
      spoolLimitBytes: this.#limitBytes,
      spoolOldestMs: this.isEmpty ? undefined : this.#oldestMs,
    };
  }

  get codec(): BodyCodec<Body> {
    return this.#options.codec;
  }

  get position(): SpoolPosition | undefined {
    return this.#position;
  }

  /** Whether a body of the usual size would be taken. */
  hasRoom(): Promise<boolean> {
    return this.#folder.hasRoom(usualBytes);
  }

  /** True when the bodies are durable, all of them. */
  async append(bodies: readonly Received<Body>[]): Promise<boolean> {
    const began = performance.now();
    const result = await this.#folder.append(
      bodies.map(({ body, receivedAtMs }) => {
        const { head, bytes } = this.#options.codec.encode(body);
        return { head: { ...head, receivedAtMs }, body: bytes };
      }),
    );
    if (result.status !== 'written') {
      this.#options.warn?.('the spool took nothing', { err: result.error, reason: result.status });
      this.#options.onEvent?.({ type: 'spool_refused', bodies: bodies.length, reason: result.status });
      return false;
    }
    this.#records += bodies.length;
    this.#oldestMs ??= bodies[0]?.receivedAtMs;
    const seconds = (performance.now() - began) / 1000;
    this.#options.onEvent?.({ type: 'spooled', bodies: bodies.length, bytes: result.bytes, seconds });
    this.#onFilled();
    return true;
  }

  /** Resolves when there is something to replay, or when the signal says so. */
  async filled(signal: AbortSignal): Promise<void> {
    while (this.isEmpty && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#onFilled = () => {
          signal.removeEventListener('abort', this.#onFilled);
          resolve();
        };
        signal.addEventListener('abort', this.#onFilled);
      });
    }
  }

  /** The oldest segment and how to read it; one that is none is set aside. Undefined when nothing is left. */
  async openOldest(): Promise<{ segment: Segment; reader: SegmentReader; from: number } | undefined> {
    for (;;) {
      const segment = await this.#folder.takeOldest();
      if (segment === undefined) return undefined;
      const reader = await SegmentReader.open(segment.path);
      const done = this.#position?.segment === segment.number ? this.#position.from : segmentHeaderBytes;
      if (reader !== undefined) return { segment, reader, from: done };
      await this.#folder.setAside(segment);
      this.#options.onEvent?.({ type: 'spool_damaged', bytes: segment.bytes });
      this.#options.warn?.('a file of the spool is no segment this version knows; it is kept as .unreadable', {
        path: segment.path,
      });
    }
  }

  /** Durable when it resolves, unless the disk is full: then what is stored may be stored again, and is read once. */
  async setPosition(position: SpoolPosition): Promise<void> {
    this.#position = position;
    await writePosition(this.#options.path, position).catch((error: unknown) => {
      this.#options.warn?.('the position in the spool cannot be written', { err: error });
    });
  }

  /** These records are done with. */
  passed(records: number, lastReceivedAtMs: number | undefined): void {
    this.#records = this.isEmpty ? 0 : Math.max(0, this.#records - records);
    this.#oldestMs = this.isEmpty ? undefined : (lastReceivedAtMs ?? this.#oldestMs);
  }

  reportTorn(bytes: number): void {
    this.#options.warn?.('a write to the spool was cut off; it was never acknowledged', { bytes });
  }

  remove(segment: Segment): Promise<void> {
    return this.#folder.remove(segment);
  }

  /** Keeps the bytes of a record that cannot be read; the same record always in the same file. */
  async keepDamaged(reader: SegmentReader, from: number, to: number): Promise<void> {
    const path = join(this.#options.path, `${reader.id}-${String(from)}.damaged`);
    await writeFile(path, await reader.bytes(from, to), { mode: 0o600 }).catch(() => undefined);
    this.#options.onEvent?.({ type: 'spool_damaged', bytes: to - from });
    this.#options.warn?.('a record of the spool is damaged; its bytes are kept aside', { path, bytes: to - from });
  }

  async close(): Promise<void> {
    await this.#folder.close();
    this.#lock.release();
  }
}

async function countRecords(segments: readonly Segment[], position: SpoolPosition | undefined): Promise<number> {
  let records = 0;
  for (const { number, path } of segments) {
    const reader = await SegmentReader.open(path);
    records += (await reader?.count(position?.segment === number ? position.from : segmentHeaderBytes)) ?? 0;
    await reader?.close();
  }
  return records;
}
