import { randomUUID } from 'node:crypto';
import pRetry, { AbortError } from 'p-retry';
import {
  type Columns,
  messageColumns,
  type MessageRow,
  type Row,
  spanColumns,
  spanEventColumns,
  type SpanEventRow,
  type SpanRow,
  tables,
} from '../../migrations/schema.ts';
import type { Inserter } from './clickhouse.ts';
import { KnownMessages } from './known-messages.ts';
import { rowEncoder } from '../../migrations/row-binary.ts';

/** The rows of one export request. */
export interface WriteRequest {
  spans: SpanRow[];
  events: SpanEventRow[];
  /** By `messageKey`. */
  messages: Map<string, MessageRow>;
  /** Size of the request's body once decompressed. */
  bytes: number;
}

/** `stored` is durable. `overloaded` and `unavailable` took nothing that counts: the sender tries again. */
export type WriteOutcome =
  | { status: 'stored' }
  | { status: 'overloaded' | 'unavailable'; retryAfterMs: number }
  | { status: 'refused'; reason: string };

export const batchLimits = {
  /** Requests wait this long for company when nothing is being inserted; while something is, until it is done. */
  gatherMs: 10,
  rows: 16_384,
  bytes: 32 * 1024 * 1024,
  /** Requests waiting or being inserted, as `weightOf` says; above it a request is answered `overloaded`. */
  queueBytes: 256 * 1024 * 1024,
  /** An insert that fails is repeated this long, then its requests are answered `unavailable`: exporters wait 10 s. */
  retryMs: 8_000,
} as const;
type BatchLimits = Readonly<Record<keyof typeof batchLimits, number>>;

interface Waiting {
  request: WriteRequest;
  answer: (outcome: WriteOutcome) => void;
}

const encodeSpans = rowEncoder(spanColumns);
const encodeEvents = rowEncoder(spanEventColumns);
const encodeMessages = rowEncoder(messageColumns);

/**
 * Group commit: requests that arrive while an insert runs share the next one, and each is answered when its rows are in
 * ClickHouse. Messages go first, so that no span names a message that is not there.
 */
export class Batcher {
  readonly #inserter: Inserter;
  readonly #limits: BatchLimits;
  readonly #onFailure: (error: Error, outcome: WriteOutcome) => void;
  readonly #known = new KnownMessages();
  #waiting: Waiting[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | undefined;

  /** `onFailure` hears of every batch that was not stored, with the cause. */
  constructor(
    inserter: Inserter,
    options: { limits?: Partial<BatchLimits>; onFailure?: (error: Error, outcome: WriteOutcome) => void } = {},
  ) {
    this.#inserter = inserter;
    this.#limits = { ...batchLimits, ...options.limits };
    this.#onFailure = options.onFailure ?? (() => undefined);
  }

  /** Resolves when the rows are durable or the outcome is known; never rejects. */
  submit(request: WriteRequest): Promise<WriteOutcome> {
    const weight = weightOf(request);
    if (this.#queuedBytes > 0 && this.#queuedBytes + weight > this.#limits.queueBytes) {
      return Promise.resolve({ status: 'overloaded', retryAfterMs: 1_000 });
    }
    this.#queuedBytes += weight;
    return new Promise((answer) => {
      this.#waiting.push({ request, answer });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is waiting any more. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    await new Promise((resume) => setTimeout(resume, this.#limits.gatherMs));
    while (this.#waiting.length > 0) await this.#commit(this.#takeBatch());
    this.#running = undefined;
  }

  #takeBatch(): Waiting[] {
    let rows = 0;
    let bytes = 0;
    const end = this.#waiting.findIndex(({ request }) => {
      rows += request.spans.length + request.events.length;
      bytes += request.bytes;
      return rows > this.#limits.rows || bytes > this.#limits.bytes;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : Math.max(1, end));
  }

  async #commit(batch: Waiting[]): Promise<void> {
    const outcome = await this.#store(batch.map(({ request }) => request));
    // One request that ClickHouse refuses must not cost its neighbours: each is tried alone.
    if (outcome.status === 'refused' && batch.length > 1) {
      for (const waiting of batch) await this.#commit([waiting]);
      return;
    }
    for (const { request, answer } of batch) {
      this.#queuedBytes -= weightOf(request);
      answer(outcome);
    }
  }

  async #store(requests: WriteRequest[]): Promise<WriteOutcome> {
    const token = randomUUID();
    const messages = this.#known.unknown(requests.map((request) => request.messages));
    try {
      await this.#insert(tables.messages, messageColumns, encodeMessages, [...messages.values()], `${token}:messages`);
      this.#known.learn(messages);
      // All are awaited, whatever one of them says: nothing of this batch is under way any more when it is answered.
      const inserts = await Promise.allSettled([
        this.#insert(
          tables.spans,
          spanColumns,
          encodeSpans,
          requests.flatMap(({ spans }) => spans),
          `${token}:spans`,
        ),
        this.#insert(
          tables.spanEvents,
          spanEventColumns,
          encodeEvents,
          requests.flatMap(({ events }) => events),
          `${token}:events`,
        ),
      ]);
      for (const insert of inserts) if (insert.status === 'rejected') throw insert.reason;
      return { status: 'stored' };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      const outcome: WriteOutcome =
        error instanceof RefusedError
          ? { status: 'refused', reason: error.message }
          : { status: 'unavailable', retryAfterMs: 2_000 };
      this.#onFailure(error, outcome);
      return outcome;
    }
  }

  /**
   * Repeats the same bytes until they are acknowledged or the time is up: under the same token while ClickHouse answers, so
   * that nothing is stored twice; under a new one after it gave no answer. It may have died having noted the token but not
   * the rows, or the rows but not what its view makes of them, and would then take the repetition for a copy and drop it
   * (seen in crash tests: acknowledged spans without skeletons). Stored twice is read once; dropped is lost.
   */
  async #insert<Table extends Columns>(
    table: string,
    columns: Table,
    encode: (rows: readonly Row<Table>[]) => Buffer,
    rows: readonly Row<Table>[],
    token: string,
  ): Promise<void> {
    if (rows.length === 0) return;
    const encoded = encodeOrRefuse(encode, rows);
    let lostCount = 0;
    await pRetry(
      async () => {
        const request = { table, columns, rows: encoded, token: `${token}:${lostCount}` };
        const outcome = await this.#inserter.insert(request);
        if (outcome.status === 'refused') throw new AbortError(new RefusedError(outcome.error.message));
        if (outcome.status === 'lost') lostCount += 1;
        if (outcome.status !== 'stored') throw outcome.error;
      },
      { retries: 1_000, minTimeout: 50, maxTimeout: 500, maxRetryTime: this.#limits.retryMs },
    );
  }
}

/** About what the request takes in memory: its text, and a row of objects for each of its items. */
function weightOf({ spans, events, messages, bytes }: WriteRequest): number {
  return bytes + (spans.length + events.length) * 2_048 + messages.size * 512;
}

/** A row that cannot be encoded must not be tried again for ever. */
function encodeOrRefuse<Value>(encode: (rows: readonly Value[]) => Buffer, rows: readonly Value[]): Buffer {
  try {
    return encode(rows);
  } catch (cause) {
    throw new RefusedError(`a row cannot be encoded: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
}

class RefusedError extends Error {}
