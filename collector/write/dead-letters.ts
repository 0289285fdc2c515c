import type { BodyCodec } from './spool.ts';
import { SegmentFolder } from './segment-folder.ts';
import type { RefusedPiece } from './store-apart.ts';
import type { OnWriteEvent, WriteSource } from './write-stats.ts';

const limits = { bytes: 1024 ** 3, segmentBytes: 16 * 1024 ** 2, keepFreeBytes: 256 * 1024 ** 2 };

export interface DeadLettersOptions<Body> {
  path: string;
  codec: BodyCodec<Body>;
  limits?: Partial<typeof limits> | undefined;
  onEvent?: OnWriteEvent | undefined;
  warn?: ((message: string, fields: Record<string, unknown>) => void) | undefined;
}

/** Rows that ClickHouse refuses, each with the reason and the body it came in, as it was sent. */
export class DeadLetters<Body> {
  readonly #options: DeadLettersOptions<Body>;
  readonly #folder: SegmentFolder;
  readonly #limitBytes: number;

  private constructor(options: DeadLettersOptions<Body>, folder: SegmentFolder, limitBytes: number) {
    this.#options = options;
    this.#folder = folder;
    this.#limitBytes = limitBytes;
  }

  static async open<Body>(options: DeadLettersOptions<Body>): Promise<DeadLetters<Body>> {
    const own = { ...limits, ...options.limits };
    return new DeadLetters(options, await SegmentFolder.open(options.path, own), own.bytes);
  }

  get status() {
    return { deadLetterBytes: this.#folder.bytes, deadLetterLimitBytes: this.#limitBytes };
  }

  /** One letter a body, however many of its rows are refused. Where there is no room, what is left of them is a line in the log. */
  async keep(refused: readonly RefusedPiece<Body>[], source: WriteSource): Promise<void> {
    if (refused.length === 0) return;
    const letters = [...Map.groupBy(refused, ({ body }) => body)].map(([body, pieces]) => {
      const { head, bytes } = this.#options.codec.encode(body);
      const rows = pieces.map(({ range, rows: count, reason }) => ({ ...range, rows: count, reason }));
      return { head: { ...head, receivedAtMs: pieces[0]?.receivedAtMs, refused: rows }, body: bytes };
    });
    const result = await this.#folder.append(letters);
    const kept = result.status === 'written';
    for (const { rows, reason } of refused) {
      this.#options.onEvent?.({ type: 'dead_letter', source, rows, reason, kept });
    }
    this.#options.warn?.('ClickHouse refuses rows', {
      rows: refused.reduce((sum, { rows }) => sum + rows, 0),
      reason: refused[0]?.reason,
      path: kept ? this.#options.path : undefined,
      err: kept ? undefined : result.error,
    });
  }

  close(): Promise<void> {
    return this.#folder.close();
  }
}
