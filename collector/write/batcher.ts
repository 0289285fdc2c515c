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
import { rowEncoder } from './row-binary.ts';

/** The rows of one export request. */
export interface WriteRequest {
  spans: SpanRow[];
  events: SpanEventRow[];
  messages: MessageRow[];
  /** Size of the request's body once decompressed: what the queue is measured in. */
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
  /** Requests waiting or being inserted; above it a request is answered `overloaded`. */
  queueBytes: 192 * 1024 * 1024,
  /** An insert that fails is repeated this long, then its requests are answered `unavailable`: exporters wait 10 s. */
  retryMs: 8_000,
} as const;

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
  readonly #limits: typeof batchLimits;
  readonly #known = new KnownMessages();
  #waiting: Waiting[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | undefined;

  constructor(inserter: Inserter, limits: Partial<typeof batchLimits> = {}) {
    this.#inserter = inserter;
    this.#limits = { ...batchLimits, ...limits };
  }

  /** Resolves when the rows are durable or the outcome is known; never rejects. */
  submit(request: WriteRequest): Promise<WriteOutcome> {
    if (this.#queuedBytes > 0 && this.#queuedBytes + request.bytes > this.#limits.queueBytes) {
      return Promise.resolve({ status: 'overloaded', retryAfterMs: 1_000 });
    }
    this.#queuedBytes += request.bytes;
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
      this.#queuedBytes -= request.bytes;
      answer(outcome);
    }
  }

  async #store(requests: WriteRequest[]): Promise<WriteOutcome> {
    const token = randomUUID();
    const messages = this.#known.unknown(requests.flatMap((request) => request.messages));
    try {
      await this.#insert(tables.messages, messageColumns, encodeMessages, messages, `${token}:messages`);
      this.#known.learn(messages);
      await Promise.all([
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
      return { status: 'stored' };
    } catch (error) {
      if (error instanceof RefusedError) return { status: 'refused', reason: error.message };
      return { status: 'unavailable', retryAfterMs: 2_000 };
    }
  }

  /** Repeats the same bytes under the same token until they are acknowledged or the time is up. */
  async #insert<Table extends Columns>(
    table: string,
    columns: Table,
    encode: (rows: readonly Row<Table>[]) => Buffer,
    rows: readonly Row<Table>[],
    token: string,
  ): Promise<void> {
    if (rows.length === 0) return;
    const encoded = encode(rows);
    await pRetry(
      async () => {
        const outcome = await this.#inserter.insert({ table, columns, rows: encoded, token });
        if (outcome.status === 'refused') throw new AbortError(new RefusedError(outcome.error.message));
        if (outcome.status === 'retryable') throw outcome.error;
      },
      { retries: 1_000, minTimeout: 50, maxTimeout: 500, maxRetryTime: this.#limits.retryMs },
    );
  }
}

class RefusedError extends Error {}
