import { randomUUID } from 'node:crypto';
import type { Insert, Inserter } from '../write/clickhouse.ts';
import type { WriteStatus } from '../write/write-stats.ts';
import { type CollectorIdentity, collectorInsert, countsInsert, rejectsInsert } from './number-rows.ts';
import type { RejectLog } from './reject-log.ts';
import type { Tally } from './tally.ts';

/** What a killed collector forgets of its counts; never spans. */
const saveEveryMs = 5_000;

export interface SavingDeps {
  inserter: Pick<Inserter, 'insert'>;
  tally: Tally;
  rejectLog: RejectLog;
  status: () => WriteStatus;
  identity: CollectorIdentity;
  nowMs: () => number;
  everyMs?: number | undefined;
}

/**
 * Saves what was counted, every few seconds in which something was: an idle collector writes nothing. What ClickHouse does
 * not take is sent again under its token, and what is counted meanwhile waits in the tally, which is bounded.
 */
export class NumbersSaving {
  readonly #deps: SavingDeps;
  readonly #timer: NodeJS.Timeout;
  /** Taken from the tally, not acknowledged yet. */
  #unsaved: (Insert & { token: string })[] = [];
  #saving: Promise<void> | undefined;
  #savedState = '';

  constructor(deps: SavingDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.save(), deps.everyMs ?? saveEveryMs).unref();
  }

  /** Resolves when ClickHouse has what was counted so far, or did not take it. Never throws. */
  async save(): Promise<void> {
    await this.#saving;
    this.#saving = this.#saveOnce(false).finally(() => (this.#saving = undefined));
    await this.#saving;
  }

  /** Saves for the last time. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#saving;
    await this.#saveOnce(true);
  }

  async #saveOnce(hasEnded: boolean): Promise<void> {
    if (this.#unsaved.length === 0) this.#unsaved = this.#takeInserts(hasEnded);
    for (let [next] = this.#unsaved; next !== undefined; [next] = this.#unsaved) {
      const { status } = await this.#deps.inserter.insert(next);
      if (status === 'retryable' || status === 'lost') return;
      this.#unsaved.shift();
    }
  }

  #takeInserts(hasEnded: boolean): (Insert & { token: string })[] {
    const { tally, rejectLog, status, identity, nowMs } = this.#deps;
    const counts = tally.take();
    const notes = rejectLog.take();
    const now = status();
    const state = JSON.stringify([now, hasEnded]);
    const isNews = counts.length > 0 || state !== this.#savedState;
    this.#savedState = state;
    return [
      ...(counts.length === 0 ? [] : [countsInsert(counts)]),
      ...(notes.length === 0 ? [] : [rejectsInsert(notes)]),
      ...(isNews ? [collectorInsert(identity, now, { nowMs: nowMs(), hasEnded })] : []),
    ].map((insert) => ({ ...insert, token: `numbers:${randomUUID()}` }));
  }
}
