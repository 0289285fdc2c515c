import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Circuit } from './circuit.ts';
import { type Inserter, insertTimeoutMs } from './clickhouse.ts';
import type { DeadLetters } from './dead-letters.ts';
import { insertBatch } from './insert-batch.ts';
import type { NewContent } from './received-content.ts';
import { readReplayBatch, type ReplayBatch } from './replay-batch.ts';
import type { Segment } from './segment-folder.ts';
import type { Spool } from './spool.ts';
import { type RefusedPiece, storeBodies } from './store-apart.ts';
import type { OnWriteEvent } from './write-stats.ts';

const replayLimits = {
  records: 4_096,
  rows: 16_384,
  bytes: 16 * 1024 * 1024,
  /** A record that ClickHouse answers so often with an error, while it takes others, becomes a dead letter. */
  failures: 20,
} as const;
const restMinMs = 250;
const restMaxMs = 5_000;
/** Starts of one server, as far apart as its whole seconds make them. */
const sameStartMs = 2_500;

export interface ReplayerDeps<Body, Told> {
  spool: Spool<Body>;
  deadLetters: DeadLetters<Body>;
  inserter: Inserter;
  newContent: NewContent<Body, Told>;
  circuit: Circuit;
  /** True while senders wait for inserts: the replay then rests as long as it worked. */
  isBusy: () => boolean;
  onEvent?: OnWriteEvent | undefined;
  onFailure?: ((error: Error) => void) | undefined;
  limits?: Partial<Record<keyof typeof replayLimits, number>> | undefined;
}

/** The batch that is next, how often it failed, and what its token is made of. */
interface Attempt {
  token: string;
  records: number;
  generation: number;
  failures: number;
}

/**
 * Stores what is in the spool, oldest first, one batch after the other. Before a batch is inserted its place is written
 * down, so that one that is interrupted is repeated as it was, under its token: ClickHouse drops it if it has it. If
 * ClickHouse itself was started again meanwhile or gave no answer, the token is another (the reason is at `insertBatch`).
 */
export class Replayer<Body, Told> {
  readonly #deps: ReplayerDeps<Body, Told>;
  readonly #limits: Record<keyof typeof replayLimits, number>;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #attempt: Attempt | undefined;
  #recordsMax: number;
  /** Where the process before this one was interrupted may only be known of the first batch. */
  #isFirst = true;

  constructor(deps: ReplayerDeps<Body, Told>) {
    this.#deps = deps;
    this.#limits = { ...replayLimits, ...deps.limits };
    this.#recordsMax = this.#limits.records;
  }

  start(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Gives up what is under way; it is begun again at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { spool, circuit, isBusy } = this.#deps;
    let failures = 0;
    for (;;) {
      await spool.filled(signal);
      if (signal.aborted) return;
      if (!circuit.mayTry()) {
        await rest(Math.max(restMinMs / 10, circuit.waitMs), signal);
        continue;
      }
      const began = performance.now();
      const isDone = await this.#replayNext().catch((cause: unknown) => this.#fail(cause, false));
      if (isDone && circuit.state === 'probing') circuit.release(); // there was nothing to insert
      failures = isDone ? 0 : failures + 1;
      if (!isDone) await rest(Math.min(restMaxMs, restMinMs * 2 ** failures), signal);
      else if (isBusy()) await rest(performance.now() - began, signal);
    }
  }

  /** False when the batch is to be tried again. */
  async #replayNext(): Promise<boolean> {
    const { spool, newContent } = this.#deps;
    const oldest = await spool.openOldest();
    if (oldest === undefined) return true;
    const { segment, reader, from } = oldest;
    try {
      const interrupted = await this.#findInterrupted(segment, from);
      const limits = { ...this.#limits, records: this.#recordsMax };
      const batch = await readReplayBatch({ spool, reader, from, to: interrupted?.to, newContent }, limits);
      this.#begin(batch, interrupted?.generation ?? 0);
      if (!(await this.#store(batch, segment, from))) return false;
      await this.#pass(batch, segment);
      return true;
    } finally {
      await reader.close();
    }
  }

  /** The insert that the process before this one had begun, and may have finished. */
  async #findInterrupted(segment: Segment, from: number): Promise<{ to: number; generation: number } | undefined> {
    const { position } = this.#deps.spool;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (!isFirst || position?.segment !== segment.number || position.from !== from || position.to <= from) {
      return undefined;
    }
    const { to, generation, serverStartedMs } = position;
    const startedMs = await this.#deps.inserter.findServerStart();
    const isSameServer =
      startedMs !== undefined && serverStartedMs !== null && Math.abs(startedMs - serverStartedMs) < sameStartMs;
    return { to, generation: isSameServer ? generation : generation + 1 };
  }

  #begin({ pieces, records }: ReplayBatch<Body, Told>, generation: number): void {
    const token = hash('sha256', pieces.map(({ id }) => id).join(' '));
    if (this.#attempt?.token !== token) this.#attempt = { token, records, generation, failures: 0 };
  }

  /** False when ClickHouse did not take it. */
  async #store(batch: ReplayBatch<Body, Told>, segment: Segment, from: number): Promise<boolean> {
    const { spool, inserter, newContent, circuit, deadLetters, onEvent } = this.#deps;
    const { content, pieces, records, bytes } = batch;
    const began = performance.now();
    let stored: { rows: number; refused: readonly RefusedPiece<Body>[] } = { rows: 0, refused: [] };
    if (content.rows > 0) {
      const { token = '', generation = 0 } = this.#attempt ?? {};
      const serverStartedMs = (await inserter.findServerStart()) ?? null;
      await spool.setPosition({ segment: segment.number, from, to: batch.to, generation, serverStartedMs });
      const outcome = await storeBodies(content, pieces, {
        newContent,
        insert: (part, key) =>
          insertBatch(part, {
            ...{ inserter, source: 'replay', limitMs: insertTimeoutMs, repeats: false, onEvent },
            token: `${token}:${String(generation)}:${key}`,
            signal: this.#stopping.signal,
          }),
      });
      if (outcome.status === 'late') return false;
      if (outcome.status === 'done') {
        circuit.succeed();
        stored = outcome;
      } else if (this.#fail(outcome.error, outcome.wasAnswered)) {
        stored = {
          rows: 0,
          refused: pieces.map((piece) => ({ ...piece, rows: content.rows, reason: outcome.error.message })),
        };
      } else return false;
    }
    await deadLetters.keep([...batch.unreadable, ...stored.refused], 'replay');
    const seconds = (performance.now() - began) / 1000;
    const { rows } = stored;
    if (rows > 0) onEvent?.({ type: 'stored', source: 'replay', bodies: records, rows, bytes, seconds });
    onEvent?.({ type: 'replayed', bodies: records, rows, bytes });
    return true;
  }

  /** The batch is done with: it is never read again. */
  async #pass({ to, isEnd, records, pieces }: ReplayBatch<Body, Told>, segment: Segment): Promise<void> {
    const { spool } = this.#deps;
    this.#attempt = undefined;
    this.#recordsMax = Math.min(this.#limits.records, this.#recordsMax * 2);
    if (isEnd) await spool.remove(segment);
    else await spool.setPosition({ segment: segment.number, from: to, to, generation: 0, serverStartedMs: null });
    spool.passed(records, pieces.at(-1)?.receivedAtMs);
  }

  /**
   * Takes note of a failure. After one that ClickHouse answered the next attempt is smaller, in case the size is the reason;
   * true when it is one record that ClickHouse answers so every time, though it takes what others send.
   */
  #fail(cause: unknown, wasAnswered: boolean): boolean {
    const { circuit, onEvent, onFailure } = this.#deps;
    if (this.#stopping.signal.aborted) return false;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    onEvent?.({ type: 'failed', source: 'replay', code: (error as { code?: string }).code });
    onFailure?.(error);
    const { records = 1 } = this.#attempt ?? {};
    const isAlone = records === 1 && circuit.state === 'closed';
    // Others find out for themselves: one batch that cannot be stored must not keep them from ClickHouse.
    if (circuit.state === 'probing') circuit.fail(wasAnswered);
    if (wasAnswered) this.#recordsMax = Math.max(1, Math.min(records, this.#recordsMax) >> 1);
    if (this.#attempt === undefined) return false;
    if (!wasAnswered) this.#attempt.generation += 1;
    else if (isAlone) this.#attempt.failures += 1;
    return this.#attempt.failures >= this.#limits.failures;
  }
}

/** Ends early when the signal says so. */
async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
