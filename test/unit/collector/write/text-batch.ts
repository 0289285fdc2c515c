import type { Appended, BatchContent, ItemRange, SealedBatch } from '../../../../collector/write/batch-content.ts';
import type { Insert, Inserter, InsertOutcome } from '../../../../collector/write/clickhouse.ts';
import type { BodyCodec } from '../../../../collector/write/spool.ts';

/** A body whose items are words; `-` is an item that gives no row. */
export type Words = string;

/** What a database was sent: the words, separated by spaces. */
export interface SentWords {
  token: string;
  words: string;
}

export const wordsCodec: BodyCodec<Words> = {
  encode: (body) => ({ head: { kind: 'words' }, bytes: Buffer.from(body) }),
  decode: (_head, bytes) => Buffer.from(bytes).toString(),
};

/** Rows are the words of its bodies, each with the time its body was received. */
export class TextBatch implements BatchContent<Words, string> {
  readonly #nowMs: () => number;
  readonly #words: string[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get rows(): number {
    return this.#words.length;
  }

  append(body: Words, range?: ItemRange): Appended<string> {
    if (body === 'unreadable') throw new Error('not readable');
    const words = body
      .split(' ')
      .slice(range?.from, range?.to)
      .filter((word) => word !== '-');
    this.#words.push(...words.map((word) => word.replace('now', String(this.#nowMs()))));
    return { rows: words.length, weightBytes: body.length, told: body };
  }

  seal(): SealedBatch {
    const insert: Insert = { table: 't', columns: {}, format: 'Native', data: [Buffer.from(this.#words.join(' '))] };
    return { messages: undefined, rest: [insert], learnMessages: () => undefined, release: () => undefined };
  }
}

/** A database that answers as it is told. */
export function textDatabase(
  answer: (sent: SentWords, signal: AbortSignal | undefined) => InsertOutcome | Promise<InsertOutcome>,
): { inserter: Inserter; sent: SentWords[]; startedMs: { value: number | undefined } } {
  const sent: SentWords[] = [];
  const startedMs: { value: number | undefined } = { value: undefined };
  const inserter: Inserter = {
    insert: async ({ token, data }, signal) => {
      const insert = { token, words: Buffer.concat(data).toString() };
      sent.push(insert);
      return answer(insert, signal);
    },
    findServerStart: () => Promise.resolve(startedMs.value),
    ping: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
  return { inserter, sent, startedMs };
}

export const stored: InsertOutcome = { status: 'stored' };
export const away: InsertOutcome = { status: 'lost', error: new Error('away') };
export const failing: InsertOutcome = { status: 'retryable', error: new Error('memory limit') };
export const refused: InsertOutcome = { status: 'refused', error: new Error('violated constraint') };
