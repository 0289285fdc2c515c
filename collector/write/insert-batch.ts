import { setTimeout as sleep } from 'node:timers/promises';
import { type SealedBatch, UnstorableError } from './batch-content.ts';
import type { Insert, Inserter } from './clickhouse.ts';
import type { OnWriteEvent, WriteSource } from './write-stats.ts';

/** `failed` may succeed later; `wasAnswered`: ClickHouse itself said that it failed. `refused` never does. */
export type BatchOutcome =
  | { status: 'stored' }
  | { status: 'refused'; reason: string }
  | { status: 'failed'; error: Error; wasAnswered: boolean };

export interface InsertOptions {
  inserter: Inserter;
  /** Of the batch: the tokens of its inserts are made of it. */
  token: string;
  source: WriteSource;
  /** An insert is given up after this long, answered or not. */
  limitMs: number;
  /** Tries again until the limit. */
  repeats: boolean;
  /** Gives the insert up at once. */
  signal?: AbortSignal | undefined;
  onEvent?: OnWriteEvent | undefined;
}

const retryMinMs = 50;
const retryMaxMs = 500;

/** Inserts messages before the rows that name them. Nothing is under way any more when it resolves. Never throws. */
export async function insertBatch(batch: { seal: () => SealedBatch }, options: InsertOptions): Promise<BatchOutcome> {
  try {
    const limit = AbortSignal.timeout(Math.ceil(options.limitMs));
    const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
    await insertAll(batch.seal(), { ...options, signal });
    return { status: 'stored' };
  } catch (cause) {
    if (cause instanceof UnstorableError) return { status: 'refused', reason: cause.message };
    if (cause instanceof InsertFailed) return { status: 'failed', error: cause.error, wasAnswered: cause.wasAnswered };
    // A fault of ours: the bodies are kept, and tried again one by one.
    return { status: 'failed', error: cause instanceof Error ? cause : new Error(String(cause)), wasAnswered: true };
  }
}

class InsertFailed extends Error {
  readonly error: Error;
  readonly wasAnswered: boolean;

  constructor(error: Error, wasAnswered: boolean) {
    super(error.message);
    this.error = error;
    this.wasAnswered = wasAnswered;
  }
}

type Limited = InsertOptions & { signal: AbortSignal };

async function insertAll({ messages, rest, learnMessages, release }: SealedBatch, options: Limited): Promise<void> {
  if (messages !== undefined) await insertOne(messages, options);
  learnMessages();
  const inserts = await Promise.allSettled(rest.map((insert) => insertOne(insert, options)));
  for (const insert of inserts) if (insert.status === 'rejected') throw insert.reason;
  release();
}

/**
 * Repeats the same bytes until they are acknowledged or the time is up: under the same token while ClickHouse answers, so
 * that nothing is stored twice; under a new one after it gave no answer. It may have died having noted the token but not
 * the rows, or the rows but not what its view makes of them, and would then take the repetition for a copy and drop it
 * (seen in crash tests: acknowledged spans without skeletons). Stored twice is read once; dropped is lost.
 */
async function insertOne(
  insert: Insert,
  { inserter, token, source, signal, repeats, onEvent }: Limited,
): Promise<void> {
  let lostCount = 0;
  for (let delayMs = retryMinMs; ; delayMs = Math.min(retryMaxMs, delayMs * 2)) {
    const outcome = await inserter.insert(
      { ...insert, token: `${token}:${insert.table}:${String(lostCount)}` },
      signal,
    );
    if (outcome.status === 'stored') return;
    if (outcome.status === 'refused') throw new UnstorableError(outcome.error.message, { cause: outcome.error });
    if (outcome.status === 'lost') lostCount += 1;
    if (repeats) await sleep(delayMs, undefined, { signal }).catch(() => undefined); // the limit is looked at below
    if (!repeats || signal.aborted) throw new InsertFailed(outcome.error, outcome.status === 'retryable');
    onEvent?.({ type: 'retried', source, table: insert.table, outcome: outcome.status });
  }
}
