import { randomUUID } from 'node:crypto';
import type { Circuit } from './circuit.ts';
import type { Inserter } from './clickhouse.ts';
import type { DeadLetters } from './dead-letters.ts';
import { insertBatch } from './insert-batch.ts';
import { type NewContent, type Received, ReceivedContent } from './received-content.ts';
import type { Spool } from './spool.ts';
import { type ApartOutcome, type RefusedPiece, storeBodies } from './store-apart.ts';
import { Turns } from './turns.ts';
import type { OnWriteEvent } from './write-stats.ts';

/** Rows that ClickHouse refuses, with its reason; they are dead letters. */
export interface RefusedRows {
  rows: number;
  reason: string;
}

/**
 * `stored` and `spooled` are durable. `refused`: none of its rows can ever be stored; what cannot is a dead letter.
 * `overloaded` and `unavailable` took nothing that counts: the sender tries again.
 */
export type WriteOutcome =
  | { status: 'stored'; refused?: readonly RefusedRows[] }
  | { status: 'spooled' }
  | { status: 'refused'; reason: string }
  | { status: 'overloaded' | 'unavailable'; retryAfterMs: number };

export const batchLimits = {
  /** Bodies wait at least this long for company, */
  gatherMs: 5,
  /** this long while something is being inserted, */
  gatherBusyMs: 100,
  /** and up to this long when `gatherRows` or more arrive in that time: an insert costs as much as a thousand rows. */
  gatherMaxMs: 300,
  gatherRows: 1_500,
  /** Small batches, three at a time, keep ClickHouse busy evenly: a third more spans a second than 16,384 rows and two. */
  rows: 8_192,
  bytes: 32 * 1024 * 1024,
  /** Batches on their way at one time. */
  inFlight: 3,
  /** Bodies waiting or being stored, as their batch weighs them; above it a request is answered `overloaded`. */
  queueBytes: 256 * 1024 * 1024,
  /** An insert that fails or is not answered is repeated this long, then its bodies are spooled: exporters wait 10 s. */
  retryMs: 6_000,
} as const;
export type BatchLimits = Readonly<Record<keyof typeof batchLimits, number>>;

/** What a sender is told of its body. */
export interface Receipt<Told> {
  outcome: WriteOutcome;
  /** What the batch said of the body when it took it; undefined where it was not taken. */
  told: Told | undefined;
}

interface Waiting<Body> extends Received<Body> {
  rows: number;
  weightBytes: number;
  answer: (outcome: WriteOutcome) => void;
}

/** Bodies that are stored together. */
interface Batch<Body, Told> {
  content: ReceivedContent<Body, Told>;
  /** Of the bodies, as sent. */
  bytes: number;
  waiting: Waiting<Body>[];
  /** By `performance.now`. */
  openedMs: number;
  gatherMs: number;
}

/** Where bodies go that ClickHouse does not take. */
export interface Refuge<Body> {
  spool: Spool<Body>;
  deadLetters: DeadLetters<Body>;
  circuit: Circuit;
}

export interface BatcherDeps<Body, Told> {
  inserter: Inserter;
  newContent: NewContent<Body, Told>;
  /** Without one a batch that is not stored is answered `unavailable`. */
  refuge?: Refuge<Body> | undefined;
  limits?: Partial<BatchLimits> | undefined;
  nowMs?: (() => number) | undefined;
  onEvent?: OnWriteEvent | undefined;
  /** Hears of every batch that was not stored, with the cause. */
  onFailure?: ((error: Error) => void) | undefined;
}

/**
 * Group commit: bodies that arrive while inserts run share the next one, and each is answered when its rows are in
 * ClickHouse, or when it is in the spool. After an insert that failed batches go to the spool at once, until one that was
 * tried again has been stored.
 */
export class Batcher<Body, Told> {
  readonly #deps: BatcherDeps<Body, Told>;
  readonly #limits: BatchLimits;
  readonly #batches: Batch<Body, Told>[] = [];
  readonly #turns = new Turns();
  readonly #underWay = new Set<Promise<void>>();
  #queuedBytes = 0;
  /** Since the latest batch was opened. */
  #arrivals = { sinceMs: 0, rows: 0 };
  #timer: NodeJS.Timeout | undefined;
  #isDraining = false;
  #lastInsertMs = Number.NEGATIVE_INFINITY;

  constructor(deps: BatcherDeps<Body, Told>) {
    this.#deps = deps;
    this.#limits = { ...batchLimits, ...deps.limits };
  }

  get status() {
    return { queuedBytes: this.#queuedBytes, queueLimitBytes: this.#limits.queueBytes };
  }

  /** True while senders wait, or have just done so. */
  get isBusy(): boolean {
    return this.#underWay.size > 0 || performance.now() - this.#lastInsertMs < busyMs;
  }

  /**
   * Answers when the rows of the body, which is so many bytes, are durable or the outcome is known.
   * @throws what the batch throws of a body that cannot be read; the body is not taken then
   */
  async submit(body: Body, bytes: number): Promise<Receipt<Told>> {
    if (this.#isOverloaded(bytes)) return overloaded;
    const received = { body, receivedAtMs: (this.#deps.nowMs ?? Date.now)() };
    this.#queuedBytes += bytes; // until it is known what it weighs as rows
    await this.#turns.take();
    this.#queuedBytes -= bytes;
    if (this.#isOverloaded(bytes)) return overloaded;
    const batch = this.#openBatch(bytes);
    const { rows, weightBytes, told } = batch.content.append(received);
    if (rows === 0) return { outcome: { status: 'stored' }, told };
    batch.bytes += bytes;
    this.#queuedBytes += weightBytes;
    if (!this.#batches.includes(batch)) {
      this.#batches.push(batch);
      this.#arrivals = { sinceMs: batch.openedMs, rows: 0 };
    }
    this.#arrivals.rows += rows;
    const outcome = await new Promise<WriteOutcome>((answer) => {
      batch.waiting.push({ ...received, rows, weightBytes, answer });
      if (this.#isFull(batch)) this.#pump();
      else this.#wait(batch);
    });
    return { outcome, told };
  }

  /** Resolves when nothing is waiting any more. From now on nothing waits for company. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#turns.end();
    this.#pump();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #isOverloaded(bytes: number): boolean {
    return this.#queuedBytes > 0 && this.#queuedBytes + bytes > this.#limits.queueBytes;
  }

  #openBatch(bytes: number): Batch<Body, Told> {
    const last = this.#batches.at(-1);
    if (last !== undefined && !this.#isFull(last) && last.bytes + bytes <= this.#limits.bytes) return last;
    const content = new ReceivedContent(this.#deps.newContent);
    const openedMs = performance.now();
    return { content, bytes: 0, waiting: [], openedMs, gatherMs: this.#gatherMs(openedMs) };
  }

  /** The more rows a second since the batch before was opened, the longer; where few come, none waits in vain. */
  #gatherMs(nowMs: number): number {
    const { gatherMs, gatherMaxMs, gatherRows } = this.#limits;
    const { sinceMs, rows } = this.#arrivals;
    const expectedRows = (rows / Math.max(1, nowMs - sinceMs)) * gatherMaxMs;
    return Math.max(gatherMs, gatherMaxMs * Math.min(1, expectedRows / gatherRows));
  }

  #isFull({ content, bytes }: Batch<Body, Told>): boolean {
    return content.rows >= this.#limits.rows || bytes >= this.#limits.bytes;
  }

  /** Sends off what may go, and comes again when the next may. */
  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      if (this.#underWay.size >= this.#limits.inFlight) return; // the one that ends comes here again
      const waitMs = this.#waitMs(batch);
      if (waitMs > 0) {
        this.#wait(batch);
        return;
      }
      this.#batches.shift();
      const commit = this.#commit(batch).finally(() => {
        this.#underWay.delete(commit);
        this.#lastInsertMs = performance.now();
        this.#pump();
      });
      this.#underWay.add(commit);
    }
  }

  /** Not at once even when it is time: other bodies may have come in the same moment. */
  #wait(batch: Batch<Body, Told>): void {
    this.#timer ??= setTimeout(() => this.#pump(), Math.max(0, Math.ceil(this.#waitMs(batch))));
  }

  #waitMs(batch: Batch<Body, Told>): number {
    if (this.#isDraining || this.#batches.length > 1 || this.#isFull(batch)) return 0;
    const leastMs = this.#underWay.size > 0 ? this.#limits.gatherBusyMs : 0;
    return batch.openedMs + Math.max(leastMs, batch.gatherMs) - performance.now();
  }

  async #commit(batch: Batch<Body, Told>): Promise<void> {
    const outcome = await this.#store(batch);
    const refused = outcome?.status === 'done' ? outcome.refused : [];
    await this.#deps.refuge?.deadLetters.keep(refused, 'live');
    const elsewhere = outcome?.status === 'done' ? undefined : await this.#spool(batch);
    for (const one of batch.waiting) {
      this.#queuedBytes -= one.weightBytes;
      one.answer(elsewhere ?? describeStored(one, refused));
    }
  }

  /** Undefined where ClickHouse was not asked. */
  async #store({ content, waiting, bytes }: Batch<Body, Told>): Promise<ApartOutcome<Body> | undefined> {
    const { inserter, newContent, refuge, onEvent, onFailure } = this.#deps;
    if (!this.#mayInsert()) return undefined;
    const repeats = refuge === undefined || refuge.circuit.state === 'closed';
    const token = randomUUID();
    const began = performance.now();
    const leftMs = () => Math.max(1, began + this.#limits.retryMs - performance.now());
    const outcome = await storeBodies(content, waiting, {
      newContent,
      insert: (part, key) =>
        insertBatch(part, {
          ...{ inserter, source: 'live', limitMs: leftMs(), repeats, onEvent },
          token: `${token}:${key}`,
        }),
      isLate: () => leftMs() <= 1,
    });
    if (outcome.status === 'failed') {
      refuge?.circuit.fail(outcome.wasAnswered);
      onEvent?.({ type: 'failed', source: 'live', code: (outcome.error as { code?: string }).code });
      onFailure?.(outcome.error);
      return outcome;
    }
    refuge?.circuit.succeed();
    if (outcome.status === 'done') {
      const seconds = (performance.now() - began) / 1000;
      onEvent?.({ type: 'stored', source: 'live', bodies: waiting.length, rows: outcome.rows, bytes, seconds });
    }
    return outcome;
  }

  /**
   * Not while ClickHouse is known not to take anything: the replay of the spool finds out when it does, without a sender
   * that waits. A sender finds out where the spool is empty, or where the answer comes at once.
   */
  #mayInsert(): boolean {
    const { refuge } = this.#deps;
    if (refuge === undefined || refuge.circuit.state === 'closed') return true;
    return (refuge.spool.isEmpty || refuge.circuit.wasAnswered) && refuge.circuit.mayTry();
  }

  async #spool({ waiting }: Batch<Body, Told>): Promise<WriteOutcome> {
    const isSpooled = (await this.#deps.refuge?.spool.append(waiting)) ?? false;
    return isSpooled ? { status: 'spooled' } : { status: 'unavailable', retryAfterMs: 2_000 };
  }
}

const busyMs = 1_000;
const overloaded = { outcome: { status: 'overloaded', retryAfterMs: 1_000 }, told: undefined } as const;

function describeStored<Body>({ body, rows }: Waiting<Body>, refused: readonly RefusedPiece<Body>[]): WriteOutcome {
  const own = refused
    .filter((piece) => piece.body === body)
    .map(({ rows: count, reason }) => ({ rows: count, reason }));
  const [first] = own;
  if (first === undefined) return { status: 'stored' };
  const isAll = own.reduce((sum, piece) => sum + piece.rows, 0) >= rows;
  return isAll ? { status: 'refused', reason: first.reason } : { status: 'stored', refused: own };
}
