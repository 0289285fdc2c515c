import type { PriceBook } from '../domain/prices/unit-prices.ts';
import type { Db } from '../queries/db.ts';
import { placeKey, readClock } from '../queries/settlement-changes.ts';
import { type Failures, isAway } from './failures.ts';
import { settleLargeTrace } from './large-trace.ts';
import { type LocatedTrace, locateTraces, measureTraces, type SizedTrace } from './locate.ts';
import type { SettledTraces } from './settled-traces.ts';
import type { SettlerLog } from './settlement.ts';
import type { PassWriter } from './write-pass.ts';

const attemptsMax = 20;

export interface LargeLaneOptions {
  db: Db;
  book: PriceBook;
  passes: PassWriter;
  shard: number;
  settled: SettledTraces;
  failures: Failures;
  log: SettlerLog;
  isStopped: () => boolean;
}

/** Settles very large traces one at a time, beside the other lanes: one takes long, and others should not wait for it. */
export class LargeLane {
  readonly #options: LargeLaneOptions;
  readonly #queue = new Map<string, LocatedTrace>();
  #running: Promise<void> | undefined;

  constructor(options: LargeLaneOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Starts with them at once; a trace that waits already keeps its place. */
  add(traces: readonly LocatedTrace[]): void {
    for (const trace of traces) this.#queue.set(placeKey(trace), trace);
    if (this.#running !== undefined || this.#queue.size === 0) return;
    this.#running = this.#run()
      .catch((error: unknown) => {
        this.#options.log.error({ error: String(error) }, 'a large trace was not settled and is tried again');
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  clear(): void {
    this.#queue.clear();
  }

  async #run(): Promise<void> {
    for (const [key, queued] of this.#queue) {
      this.#queue.delete(key);
      for (let attempt = 0; attempt < attemptsMax && !this.#options.isStopped(); attempt += 1) {
        if (await this.#settle(queued)) break;
      }
    }
  }

  /** False when another settler booked it meanwhile. */
  async #settle(queued: LocatedTrace): Promise<boolean> {
    const { db, settled, failures } = this.#options;
    const horizon = { untilMs: await readClock(db) };
    const [trace]: SizedTrace[] = await measureTraces(db, await locateTraces(db, [queued], horizon), horizon);
    if (trace === undefined) return true;
    try {
      const outcome = await settleLargeTrace(trace, { ...this.#options, horizon });
      if (outcome.status === 'lost') return false;
    } catch (error) {
      if (isAway(error)) throw error;
      failures.note(trace, error);
    }
    settled.remember(trace, horizon.untilMs);
    return true;
  }
}
