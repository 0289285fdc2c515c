import { setTimeout as sleep } from 'node:timers/promises';
import { diffLedger, type LedgerEntry, type SignedEntry, spanKey } from '../domain/settlement/booking.ts';
import {
  entriesInForce,
  hasOtherPrices,
  keepBookedPrices,
  keepPrice,
  type Repricing,
} from '../domain/settlement/keep-prices.ts';
import type { Db } from '../queries/db.ts';
import {
  countPassRows,
  readBooked,
  readLastPass,
  type SpanSlice,
  type TraceDays,
  wholeTraces,
} from '../queries/settlement-ledger.ts';
import { insertTimeoutMs, type SettlementWriter } from '../queries/settlement-writer.ts';
import type { DecidedTrace } from './batch.ts';
import { findSummaryChanges, isEmpty, type Summarized, summarizeTraces, type SummaryChanges } from './summarize.ts';

/** `lost`: somebody else booked meanwhile; what was read may be out of date, so the whole pass must be repeated. */
export type PassOutcome =
  /** `before` is the pass before this one: where it is not the one that the caller knew, a rival works, too. */
  | { status: 'unchanged'; before: number; lastPass: number; wanted: readonly LedgerEntry[] }
  /** `wanted` is what the ledger holds now, with the prices that were kept. */
  | { status: 'written'; before: number; lastPass: number; wanted: readonly LedgerEntry[]; rowCount: number }
  | { status: 'lost' };

/** With a ledger that was read longer ago nothing is written: the tokens of many passes are known, but not of all. */
const passAgeMaxMs = 60_000;
/** After so long an insert that was not seen is not coming any more: ClickHouse ends inserts sooner. */
const deadTokenMs = insertTimeoutMs + 5_000;
const rivalPauseMs = 250;
/** Passes that a rival's are told apart from: far more than are made between two looks. */
const ownMax = 1_000;

export interface PassContent {
  traces: readonly TraceDays[];
  wanted: readonly LedgerEntry[];
  slice: SpanSlice;
  summarized: readonly DecidedTrace[];
  /** Which booked amounts are priced anew; by default none. */
  isRepriced?: Repricing | undefined;
}

type SummarizedPass = Omit<PassContent, 'summarized'> & { summarized: Summarized };

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
  /** Numbers that this writer took, or is just trying to; those before are forgotten. */
  readonly #own = new Set<number>();
  #turn: Promise<unknown> = Promise.resolve();
  #attempts = 0;

  constructor(dependencies: PassDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether all passes after the one and up to the other are of this writer: then no rival has booked between them. */
  areOwn(after: number, upTo: number): boolean {
    for (let pass = upTo; pass > after; pass -= 1) if (!this.#own.has(pass)) return false;
    return true;
  }

  /** `lastPass` is of before the skeletons were read. */
  async write(traces: readonly DecidedTrace[], lastPass: number): Promise<PassOutcome> {
    const wanted = traces.flatMap(({ entries }) => [...entries.values()]);
    return this.writeSlice({ traces, wanted, slice: wholeTraces, summarized: traces }, lastPass);
  }

  /**
   * Writes the entries of some of the spans of these traces, and the summaries of those in `summarized`. One at a time: two
   * passes of one process would only take the number from each other.
   */
  async writeSlice(content: PassContent, lastPass: number): Promise<PassOutcome> {
    const summarized = summarizeTraces(content.summarized); // what can be done before it is its turn
    const turn = this.#turn.then(() => this.#writeNow({ ...content, summarized }, lastPass));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #writeNow(content: SummarizedPass, lastPass: number): Promise<PassOutcome> {
    const { db, writer, shard, monotonicMs } = this.#dependencies;
    const readAtMs = monotonicMs();
    const before = await readLastPass(db, shard);
    const [booked, asPriced] = await Promise.all([
      readBooked(db, content.traces, content.slice),
      findSummaryChanges(db, content.summarized),
    ]);
    // Another pass has booked these traces since they were read: it may have seen more of them.
    if (booked.lastPass > lastPass) return { status: 'lost' };
    const kept = hasOtherPrices(booked.entries, content.wanted) ? keepPrices(content, booked.entries) : undefined;
    const wanted = kept?.wanted ?? content.wanted;
    const summaries = kept === undefined ? asPriced : await findSummaryChanges(db, summarizeTraces(kept.summarized));
    const difference = diffLedger(booked.entries, wanted);
    // Places only grow, so they need no pass; and they are first, as what is not named there is not looked for.
    await writer.writePlaces(summaries.places);
    if (difference.length === 0 && isEmpty(summaries)) return { status: 'unchanged', before, lastPass: before, wanted };
    if (monotonicMs() - readAtMs > passAgeMaxMs) return { status: 'lost' };
    const pass = await this.#swap(before, difference);
    if (pass === undefined) return { status: 'lost' };
    await this.#writeSummaries(summaries, pass);
    return { status: 'written', before, lastPass: pass, wanted, rowCount: difference.length };
  }

  /** The number under which the difference was stored; undefined where a rival was first. */
  async #swap(before: number, difference: readonly SignedEntry[]): Promise<number | undefined> {
    const { db, writer, shard, monotonicMs } = this.#dependencies;
    const pass = this.#nextPass(before);
    // A name of this attempt alone: rows of an earlier one, whose answer was lost, are not taken for these.
    this.#attempts += 1;
    const owner = `${this.#dependencies.owner}/${this.#attempts}`;
    this.#own.add(pass);
    for (const oldest of this.#own) {
      if (this.#own.size <= ownMax) break;
      this.#own.delete(oldest);
    }
    const rowCount = await writer.writePass({ shard, pass, owner }, difference);
    const found = await countPassRows(db, { pass, owner });
    if (found === rowCount) {
      this.#unseen.clear();
      return pass;
    }
    this.#own.delete(pass);
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

  async #writeSummaries({ sessionTraces, traces, sessions }: SummaryChanges, pass: number): Promise<void> {
    const { writer } = this.#dependencies;
    const stamp = { pass: BigInt(pass) };
    await writer.writeSessionTraces(sessionTraces.map((row) => ({ ...row, ...stamp })));
    await Promise.all([
      writer.writeTraces(traces.map((row) => ({ ...row, ...stamp }))),
      writer.writeSessions(sessions.map((row) => ({ ...row, ...stamp }))),
    ]);
  }
}

/** What was booked at another price table keeps its price. */
function keepPrices(
  { wanted, summarized, isRepriced }: SummarizedPass,
  booked: readonly SignedEntry[],
): Pick<PassContent, 'wanted' | 'summarized'> {
  const inForce = entriesInForce(booked);
  return {
    wanted: wanted.map((entry) => keepPrice(entry, inForce.get(spanKey(entry)), isRepriced)),
    summarized: keepBookedPrices(summarized.traces, inForce, isRepriced),
  };
}
