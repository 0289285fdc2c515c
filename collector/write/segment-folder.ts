import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSegmentHeader, segmentHeaderBytes } from './segment-reader.ts';
import { encodeRecord, type SegmentRecord } from './segment-record.ts';

export interface FolderLimits {
  /** All segments together; a group of records that does not fit is refused as `full`. */
  bytes: number;
  /** A segment that has so much is followed by another. */
  segmentBytes: number;
  /** Of the disk, left to ClickHouse and the rest. */
  keepFreeBytes: number;
}

/** `written`: synced to disk, file and folder. Else nothing of the group counts. */
export type WriteResult = { status: 'written'; bytes: number } | { status: 'full' | 'unwritable'; error: Error };

export interface Segment {
  number: number;
  path: string;
  bytes: number;
}

interface OpenSegment extends Segment {
  file: FileHandle;
}

const namePattern = /^(\d{10})\.segment$/;

/** Append-only segments in a folder, oldest first. What one process wrote is only read by the next: it begins another segment. */
export class SegmentFolder {
  readonly path: string;
  readonly #limits: FolderLimits;
  readonly #closed: Segment[];
  #active: OpenSegment | undefined;
  #nextNumber: number;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(path: string, limits: FolderLimits, closed: Segment[]) {
    this.path = path;
    this.#limits = limits;
    this.#closed = closed;
    this.#nextNumber = (closed.at(-1)?.number ?? 0) + 1;
  }

  /** Makes the folder (it holds conversations: for this user only); a segment without a record is removed. */
  static async open(path: string, limits: FolderLimits): Promise<SegmentFolder> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const segments: Segment[] = [];
    for (const name of (await readdir(path)).sort()) {
      const number = namePattern.exec(name)?.[1];
      if (number === undefined) continue;
      const file = join(path, name);
      const { size } = await stat(file);
      if (size <= segmentHeaderBytes) await rm(file);
      else segments.push({ number: Number(number), path: file, bytes: size });
    }
    return new SegmentFolder(path, limits, segments);
  }

  get bytes(): number {
    return this.#closed.reduce((sum, { bytes }) => sum + bytes, this.#active?.bytes ?? 0);
  }

  get isEmpty(): boolean {
    return this.#closed.length === 0 && this.#active === undefined;
  }

  /** Those that are not written to any more. */
  get closed(): readonly Segment[] {
    return this.#closed;
  }

  /** Numbers up to this one are never given again. */
  skipNumbers(upTo: number): void {
    this.#nextNumber = Math.max(this.#nextNumber, upTo + 1);
  }

  /** Resolves when the records are on the disk, or are known not to be. Never throws. */
  append(records: readonly SegmentRecord[]): Promise<WriteResult> {
    const encoded = Promise.all(records.map(encodeRecord));
    encoded.catch(() => undefined); // awaited below, when it is its turn
    const result = this.#writing.then(async () => this.#write(await encoded));
    const settled = result.catch((cause: unknown): WriteResult => {
      return { status: 'unwritable', error: cause instanceof Error ? cause : new Error(String(cause)) };
    });
    this.#writing = settled;
    return settled;
  }

  /** The oldest segment; nothing is appended to it any more. */
  async takeOldest(): Promise<Segment | undefined> {
    if (this.#closed.length === 0) {
      const closing = this.#writing.then(() => this.#closeActive());
      this.#writing = closing.catch(() => undefined);
      await closing;
    }
    return this.#closed[0];
  }

  /** Durable: it does not come back after a power cut. */
  async remove({ number, path }: Segment): Promise<void> {
    await rm(path, { force: true });
    await syncFolder(this.path);
    this.#forget(number);
  }

  /** Leaves the file under another name, for somebody to look at. */
  async setAside({ number, path }: Segment): Promise<void> {
    await rename(path, `${path}.unreadable`);
    this.#forget(number);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#closeActive();
  }

  #forget(number: number): void {
    const index = this.#closed.findIndex((one) => one.number === number);
    if (index >= 0) this.#closed.splice(index, 1);
  }

  async #write(chunks: readonly Buffer[]): Promise<WriteResult> {
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
    const refused = await this.#findNoRoom(bytes);
    if (refused !== undefined) return { status: 'full', error: new Error(refused) };
    try {
      const active = await this.#openActive();
      for (const chunk of chunks) await active.file.appendFile(chunk);
      await active.file.datasync();
      active.bytes += bytes;
      if (active.bytes >= this.#limits.segmentBytes) await this.#closeActive();
      return { status: 'written', bytes };
    } catch (cause) {
      await this.#giveUpActive();
      const error = cause instanceof Error ? cause : new Error(String(cause));
      const { code } = error as NodeJS.ErrnoException;
      return { status: code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'unwritable', error };
    }
  }

  /** Whether so many bytes more would be taken. */
  async hasRoom(bytes: number): Promise<boolean> {
    const refused = await this.#findNoRoom(bytes).catch((error: unknown) => String(error));
    return refused === undefined;
  }

  async #findNoRoom(bytes: number): Promise<string | undefined> {
    const limit = this.#limits.bytes;
    if (this.bytes + bytes > limit) return `${this.path} has its ${String(limit)} bytes`;
    const { bavail, bsize } = await statfs(this.path);
    const { keepFreeBytes } = this.#limits;
    if (bavail * bsize - bytes >= keepFreeBytes) return undefined;
    return `the disk of ${this.path} has less than ${String(keepFreeBytes)} bytes left`;
  }

  async #openActive(): Promise<OpenSegment> {
    if (this.#active !== undefined) return this.#active;
    const number = this.#nextNumber++;
    const path = join(this.path, `${String(number).padStart(10, '0')}.segment`);
    const file = await open(path, 'ax', 0o600);
    this.#active = { number, path, file, bytes: segmentHeaderBytes };
    await file.appendFile(encodeSegmentHeader(randomBytes(16)));
    await syncFolder(this.path);
    return this.#active;
  }

  async #closeActive(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    this.#closed.push({ number: active.number, path: active.path, bytes: active.bytes });
    await active.file.close();
  }

  /** What was written before stays; what was not finished is cut off, or is left for the reader to find torn. */
  async #giveUpActive(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    await active.file.truncate(active.bytes).catch(() => undefined);
    await this.#closeActive().catch(() => undefined);
    if (active.bytes > segmentHeaderBytes) return;
    this.#forget(active.number);
    await rm(active.path, { force: true }).catch(() => undefined);
  }
}

/** A file that was made or removed is so for good only when its folder is synced. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
