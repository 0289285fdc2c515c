import { setTimeout as sleep } from 'node:timers/promises';
import { diffLedger, type LedgerEntry, type SignedEntry } from '../domain/settlement/booking.ts';
import type { Db } from '../queries/db.ts';
import { countPassRows, readBooked, readLastPass } from '../queries/settlement-ledger.ts';
import { insertTimeoutMs, type SettlementWriter } from '../queries/settlement-writer.ts';
import type { DecidedTrace } from './batch.ts';
import { findSummaryChanges, isEmpty, type SummaryChanges } from './summarize.ts';

/** `lost`: somebody else booked meanwhile; what was read may be out of date, so the whole pass must be repeated. */
export type PassOutcome =
  | { status: 'unchanged'; lastPass: number }
  | { status: 'written'; lastPass: number; rowCount: number }
  | { status: 'lost' };

/** A pass that was read longer ago is not written: the tokens of so many passes are known, but not of all that ever were. */
export const passAgeMaxMs = 60_000;
/** After so long an insert that was not seen is not coming any more: ClickHouse ends inserts sooner. */
const deadTokenMs = insertTimeoutMs + 5_000;
const rivalPauseMs = 250;

export interface PassDependencies {
  db: Db;
  writer: SettlementWriter;
  shard: number;
  owner: string;
  /** Milliseconds of a clock that never goes back. */
  monotonicMs: () => number;
}

/**
 * Writes what differs from the ledger and the summaries. The number of a pass is a compare-and-swap: it is written under the
 * token of the next number, of which ClickHouse stores one, and read back. Nothing is written where nothing differs.
 */
export class PassWriter {
  readonly #dependencies: PassDependencies;
  /** Numbers whose token ClickHouse knows though no row has them, and since when: it died between the two. */
  readonly #unseen = new Map<number, number>();

  constructor(dependencies: PassDependencies) {
    this.#dependencies = dependencies;
  }

  /** `lastPass` and `readAtMs` are of before the skeletons were read. */
  async write(
    traces: readonly DecidedTrace[],
    { lastPass, readAtMs }: { lastPass: number; readAtMs: number },
  ): Promise<PassOutcome> {
    const { db, shard, monotonicMs } = this.#dependencies;
    const before = await readLastPass(db, shard);
    const [booked, summaries] = await Promise.all([readBooked(db, traces), findSummaryChanges(db, traces)]);
    // Another pass has booked these traces since they were read: it may have seen more of them.
    if (booked.lastPass > lastPass) return { status: 'lost' };
    const wanted: LedgerEntry[] = traces.flatMap(({ entries }) => [...entries.values()]);
    const difference = diffLedger(booked.entries, wanted);
    if (difference.length === 0 && isEmpty(summaries)) return { status: 'unchanged', lastPass: before };
    if (monotonicMs() - readAtMs > passAgeMaxMs) return { status: 'lost' };
    const pass = await this.#swap(before, difference);
    if (pass === undefined) return { status: 'lost' };
    await this.#writeSummaries(summaries, pass);
    return { status: 'written', lastPass: pass, rowCount: difference.length };
  }

  /** The number under which the difference was stored; undefined where a rival was first. */
  async #swap(before: number, difference: readonly SignedEntry[]): Promise<number | undefined> {
    const { db, writer, shard, owner, monotonicMs } = this.#dependencies;
    const pass = this.#nextPass(before);
    const rowCount = await writer.writePass({ shard, pass, owner }, difference);
    const found = await countPassRows(db, { pass, owner });
    if (found === rowCount) {
      this.#unseen.clear();
      return pass;
    }
    if (found > 0) throw new Error(`pass ${pass} has ${found} rows of ${rowCount}: a block was split`);
    if ((await readLastPass(db, shard)) < pass) {
      if (!this.#unseen.has(pass)) this.#unseen.set(pass, monotonicMs());
      await sleep(rivalPauseMs);
    }
    return undefined;
  }

  #nextPass(before: number): number {
    let pass = before + 1;
    const now = this.#dependencies.monotonicMs();
    for (let since = this.#unseen.get(pass); since !== undefined; since = this.#unseen.get(pass)) {
      if (now - since < deadTokenMs) break;
      pass += 1;
    }
    return pass;
  }

  async #writeSummaries({ places, sessionTraces, traces, sessions }: SummaryChanges, pass: number): Promise<void> {
    const { writer } = this.#dependencies;
    const stamp = { pass: BigInt(pass) };
    // Places first: what is not named there is not looked for.
    await writer.writePlaces(places.map((row) => ({ ...row, ...stamp })));
    await writer.writeSessionTraces(sessionTraces.map((row) => ({ ...row, ...stamp })));
    await Promise.all([
      writer.writeTraces(traces.map((row) => ({ ...row, ...stamp }))),
      writer.writeSessions(sessions.map((row) => ({ ...row, ...stamp }))),
    ]);
  }
}
