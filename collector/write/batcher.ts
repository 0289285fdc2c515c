import { randomUUID } from 'node:crypto';
import pRetry, { AbortError } from 'p-retry';
import { type BatchContent, type SealedBatch, UnstorableError } from './batch-content.ts';
import type { Insert, Inserter } from './clickhouse.ts';

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
  /** Requests waiting or being inserted, as their batch weighs them; above it a request is answered `overloaded`. */
  queueBytes: 256 * 1024 * 1024,
  /** An insert that fails is repeated this long, then its requests are answered `unavailable`: exporters wait 10 s. */
  retryMs: 8_000,
} as const;
export type BatchLimits = Readonly<Record<keyof typeof batchLimits, number>>;

/** What a sender is told of its body. */
export interface Receipt<Told> {
  outcome: WriteOutcome;
  /** What the batch said of the body when it took it; undefined where it was not taken. */
  told: Told | undefined;
}

interface Waiting<Body> {
  body: Body;
  weightBytes: number;
  answer: (outcome: WriteOutcome) => void;
}

/** Bodies that are stored together. */
interface Batch<Body, Told> {
  content: BatchContent<Body, Told>;
  /** Of the bodies, as sent. */
  bytes: number;
  waiting: Waiting<Body>[];
}

export interface BatcherDeps<Body, Told> {
  inserter: Inserter;
  newContent: () => BatchContent<Body, Told>;
  limits?: Partial<BatchLimits> | undefined;
  /** Hears of every batch that was not stored, with the cause. */
  onFailure?: ((error: Error, outcome: WriteOutcome) => void) | undefined;
}

/**
 * Group commit: bodies that arrive while an insert runs share the next one, and each is answered when its rows are in
 * ClickHouse. Messages go first, so that no span names a message that is not there.
 */
export class Batcher<Body, Told> {
  readonly #deps: BatcherDeps<Body, Told>;
  readonly #limits: BatchLimits;
  #batches: Batch<Body, Told>[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | undefined;

  constructor(deps: BatcherDeps<Body, Told>) {
    this.#deps = deps;
    this.#limits = { ...batchLimits, ...deps.limits };
  }

  /**
   * Answers when the rows of the body, which is so many bytes, are durable or the outcome is known.
   * @throws what the batch throws of a body that cannot be read; the body is not taken then
   */
  async submit(body: Body, bytes: number): Promise<Receipt<Told>> {
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > this.#limits.queueBytes) {
      return { outcome: { status: 'overloaded', retryAfterMs: 1_000 }, told: undefined };
    }
    const batch = this.#openBatch(bytes);
    const { rows, weightBytes, told } = batch.content.append(body);
    if (rows === 0) return { outcome: { status: 'stored' }, told };
    batch.bytes += bytes;
    this.#queuedBytes += weightBytes;
    if (!this.#batches.includes(batch)) this.#batches.push(batch);
    const outcome = await new Promise<WriteOutcome>((answer) => {
      batch.waiting.push({ body, weightBytes, answer });
      this.#running ??= this.#run();
    });
    return { outcome, told };
  }

  /** Resolves when nothing is waiting any more. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #openBatch(bytes: number): Batch<Body, Told> {
    const last = this.#batches.at(-1);
    const hasRoom =
      last !== undefined && last.content.rows < this.#limits.rows && last.bytes + bytes <= this.#limits.bytes;
    return hasRoom ? last : { content: this.#deps.newContent(), bytes: 0, waiting: [] };
  }

  async #run(): Promise<void> {
    await new Promise((resume) => setTimeout(resume, this.#limits.gatherMs));
    for (;;) {
      const batch = this.#batches.shift();
      if (batch === undefined) break;
      await this.#commit(batch);
    }
    this.#running = undefined;
  }

  async #commit({ content, waiting }: Batch<Body, Told>): Promise<void> {
    const outcome = await this.#store(content);
    // One body that ClickHouse refuses must not cost its neighbours: each is tried alone.
    if (outcome.status === 'refused' && waiting.length > 1) {
      for (const one of waiting) {
        const alone = this.#deps.newContent();
        alone.append(one.body);
        await this.#commit({ content: alone, bytes: 0, waiting: [one] });
      }
      return;
    }
    for (const { weightBytes, answer } of waiting) {
      this.#queuedBytes -= weightBytes;
      answer(outcome);
    }
  }

  async #store(content: BatchContent<Body, Told>): Promise<WriteOutcome> {
    try {
      await this.#insertAll(content.seal(), randomUUID());
      return { status: 'stored' };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      const outcome: WriteOutcome =
        error instanceof UnstorableError
          ? { status: 'refused', reason: error.message }
          : { status: 'unavailable', retryAfterMs: 2_000 };
      this.#deps.onFailure?.(error, outcome);
      return outcome;
    }
  }

  async #insertAll({ messages, rest, learnMessages }: SealedBatch, token: string): Promise<void> {
    if (messages !== undefined) await this.#insert(messages, `${token}:${messages.table}`);
    learnMessages();
    // All are awaited, whatever one of them says: nothing of this batch is under way any more when it is answered.
    const inserts = await Promise.allSettled(rest.map((insert) => this.#insert(insert, `${token}:${insert.table}`)));
    for (const insert of inserts) if (insert.status === 'rejected') throw insert.reason;
  }

  /**
   * Repeats the same bytes until they are acknowledged or the time is up: under the same token while ClickHouse answers, so
   * that nothing is stored twice; under a new one after it gave no answer. It may have died having noted the token but not
   * the rows, or the rows but not what its view makes of them, and would then take the repetition for a copy and drop it
   * (seen in crash tests: acknowledged spans without skeletons). Stored twice is read once; dropped is lost.
   */
  async #insert(insert: Insert, token: string): Promise<void> {
    let lostCount = 0;
    await pRetry(
      async () => {
        const outcome = await this.#deps.inserter.insert({ ...insert, token: `${token}:${String(lostCount)}` });
        if (outcome.status === 'refused') throw new AbortError(new UnstorableError(outcome.error.message));
        if (outcome.status === 'lost') lostCount += 1;
        if (outcome.status !== 'stored') throw outcome.error;
      },
      { retries: 1_000, minTimeout: 50, maxTimeout: 500, maxRetryTime: this.#limits.retryMs },
    );
  }
}
