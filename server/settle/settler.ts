import { setTimeout as sleep } from 'node:timers/promises';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import type { Db } from '../queries/db.ts';
import {
  type ChangedTrace,
  placeKey,
  readChangedTraces,
  readClock,
  readFirstArrival,
  readPresent,
  readWindowEnd,
} from '../queries/settlement-changes.ts';
import { readCursor } from '../queries/settlement-cursor.ts';
import { readLastPass } from '../queries/settlement-ledger.ts';
import { readQueueShare } from '../queries/settlement-pressure.ts';
import type { SettlementWriter } from '../queries/settlement-writer.ts';
import { decideBatch, largeTraceRows, readBatch } from './batch.ts';
import { Failures, isAway } from './failures.ts';
import { LargeLane } from './large-lane.ts';
import { type Horizon, type LocatedTrace, locateTraces, measureTraces, type SizedTrace } from './locate.ts';
import type { SettlerLog } from './settlement.ts';
import { PastClock } from './past-clock.ts';
import { SettledTraces } from './settled-traces.ts';
import { placeRecords } from './place-records.ts';
import { PassWriter } from './write-pass.ts';

export interface SettlerOptions {
  db: Db;
  writer: SettlementWriter;
  book: PriceBook;
  log: SettlerLog;
  /** Who writes; another name at every start. */
  owner: string;
  shard?: number | undefined;
  /** The verified cursor stays this far behind: longer than any insert lives. */
  verifiedLagMs?: number | undefined;
  /** With another settler's cursor younger than this, stand by; 0 = never. Saves work; correctness does not rest on it. */
  leaseMs?: number | undefined;
  monotonicMs?: (() => number) | undefined;
  /** Arrivals of one verified window: what a pass holds in memory. */
  verifiedRowsMax?: number | undefined;
  /** Arrivals of one look of the fast lane. */
  fastRowsMax?: number | undefined;
  /** Spans of one pass: traces are settled in batches of about so many. */
  batchRowsMax?: number | undefined;
  /** So long settlement leaves the machine to collectors whose queues fill up, */
  restMaxMs?: number | undefined;
  /** and not when more arrivals than this wait for it. */
  restRowsMax?: number | undefined;
}

const defaultVerifiedLagMs = 30_000;
const defaultLeaseMs = 10_000;
const tickMs = 1_000;
const standbyMs = 2_000;
const errorPauseMs = 1_000;
const defaultVerifiedRowsMax = 50_000;
/** When more arrived since the last tick, the fast lane leaves the older ones to the verified lane. */
const defaultFastRowsMax = 200_000;
/** The fast lane looks back so far: what it left waiting for longer is the verified lane's. */
const fastReachMs = 5 * 60_000;
/** Arrival is noted before a row can be seen: the fast lane looks this far back again. What is settled costs no second pass. */
const fastOverlapMs = 3_000;
const defaultBatchRowsMax = 20_000;
/** While one batch is being written the next one is read and decided: ClickHouse and this thread work at the same time. */
const batchesAtOnce = 2;
/** Senders wait when more of a collector's queue is full. */
const pressedShare = 0.08;
/** What arrives comes before what it cost, for so long at most. */
const defaultRestMaxMs = 30_000;
/** What waits is to be booked within a minute: two cores book 16,000 spans a second and more (measured). */
const defaultRestRowsMax = 350_000;
const verifiedEveryMs = 2_000;
const heartbeatMs = 3_000;
/** Without arrivals the cursor is only written so often: within the lease, or an idle settler would lose it. */
const idleHeartbeatMs = 8_000;
const attemptsMax = 20;
type Clock = Awaited<ReturnType<typeof readPresent>>;
type Lane = 'fast' | 'verified';

/**
 * Turns skeletons into ledger rows and summaries, in numbered passes. A fast lane settles what arrived since the last tick; a
 * verified lane goes over everything once more when no insert can be on its way any longer, and its cursor says up to when
 * all arrivals are booked.
 */
export class Settler {
  readonly #db: Db;
  readonly #book: PriceBook;
  readonly #log: SettlerLog;
  readonly #writer: SettlementWriter;
  readonly #passes: PassWriter;
  readonly #owner: string;
  readonly #shard: number;
  readonly #verifiedLagMs: number;
  readonly #pastClock: PastClock;
  readonly #leaseMs: number;
  readonly #verifiedRowsMax: number;
  readonly #fastRowsMax: number;
  readonly #batchRowsMax: number;
  readonly #restMaxMs: number;
  readonly #restRowsMax: number;
  readonly #monotonicMs: () => number;
  readonly #settled: SettledTraces;
  readonly #largeLane: LargeLane;
  readonly #failures: Failures;
  readonly #waiting = new Map<string, ChangedTrace>();
  readonly #stop = new AbortController();
  #fastToMs: number | undefined;
  /** When the fast lane last looked; it may have taken less than had arrived by then. */
  #fastLookMs = 0;
  #verifiedToMs: number | undefined;
  #verifiedAtMs = 0;
  #cursorWrittenAtMs = 0;
  #ownPass = -1;
  /** Since the last rest: what arrived meanwhile is settled oldest first. */
  #catchesUp = false;

  constructor(options: SettlerOptions) {
    const { db, writer, book, log, owner, shard = 0, monotonicMs = () => performance.now() } = options;
    this.#db = db;
    this.#writer = writer;
    this.#book = book;
    this.#log = log;
    this.#owner = owner;
    this.#shard = shard;
    this.#verifiedLagMs = options.verifiedLagMs ?? defaultVerifiedLagMs;
    this.#pastClock = new PastClock({ lagMs: this.#verifiedLagMs, monotonicMs });
    this.#leaseMs = options.leaseMs ?? defaultLeaseMs;
    this.#verifiedRowsMax = options.verifiedRowsMax ?? defaultVerifiedRowsMax;
    this.#fastRowsMax = options.fastRowsMax ?? defaultFastRowsMax;
    this.#batchRowsMax = options.batchRowsMax ?? defaultBatchRowsMax;
    this.#restMaxMs = options.restMaxMs ?? defaultRestMaxMs;
    this.#restRowsMax = options.restRowsMax ?? defaultRestRowsMax;
    this.#monotonicMs = monotonicMs;
    this.#settled = new SettledTraces(monotonicMs);
    this.#passes = new PassWriter({ db, writer, shard, owner, monotonicMs });
    this.#failures = new Failures(log);
    this.#largeLane = new LargeLane({
      ...{ db, book, log, shard, passes: this.#passes, failures: this.#failures, settled: this.#settled },
      isStopped: () => this.#isStopped(),
    });
  }

  /** Works until it is stopped; an error is logged and the tick repeated. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const pauseMs = await this.#tickSafely();
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Everything that arrived by then is booked; undefined before the first look and while another settler works. */
  get verifiedToMs(): number | undefined {
    return this.#verifiedToMs;
  }

  /** Ends `run` after the pass at hand. */
  stop(): void {
    this.#stop.abort();
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** One round of both lanes; gives how long to wait for the next. */
  async tick(): Promise<number> {
    const startedMs = this.#monotonicMs();
    if (await this.#standsBy()) return standbyMs;
    const clock = await readPresent(this.#db);
    if (await this.#rests(clock)) return tickMs;
    const isLate = await this.#fastLane(clock);
    const isBehind = await this.#verifiedLane(clock);
    return isLate || isBehind ? 0 : Math.max(50, tickMs - (this.#monotonicMs() - startedMs));
  }

  /** While senders wait for the collectors, settlement does: it would take what they lack from them. */
  async #rests({ nowMs, lastArrivalMs }: Clock): Promise<boolean> {
    const verifiedToMs = this.#verifiedToMs ?? 0;
    const isLate = nowMs - verifiedToMs > this.#verifiedLagMs + this.#restMaxMs && lastArrivalMs > verifiedToMs;
    if (isLate || lastArrivalMs <= (this.#fastToMs ?? 0)) return false;
    if ((await readQueueShare(this.#db)) < pressedShare) return false;
    this.#catchesUp = true;
    const waiting = { fromMs: this.#fastToMs ?? verifiedToMs, toMs: nowMs };
    if ((await readWindowEnd(this.#db, waiting, this.#restRowsMax)) < nowMs) return false;
    if (this.#monotonicMs() - this.#cursorWrittenAtMs > heartbeatMs) await this.#writeCursor(verifiedToMs);
    return true;
  }

  async #tickSafely(): Promise<number> {
    try {
      return await this.tick();
    } catch (error) {
      if (this.#stop.signal.aborted) return 0;
      this.#log.error({ error: String(error) }, 'settlement was interrupted and is repeated');
      this.#forget();
      return errorPauseMs;
    }
  }

  async #standsBy(): Promise<boolean> {
    const isDue = this.#monotonicMs() - this.#cursorWrittenAtMs > heartbeatMs || this.#verifiedToMs === undefined;
    if (!isDue) return false;
    const cursor = await readCursor(this.#db, this.#shard);
    if (cursor !== undefined && cursor.owner !== this.#owner && cursor.ageMs < this.#leaseMs) {
      this.#forget();
      this.#verifiedToMs = undefined;
      return true;
    }
    this.#verifiedToMs ??= cursor?.verifiedToMs ?? ((await readFirstArrival(this.#db)) ?? 1) - 1;
    return false;
  }

  /** True where more is waiting. */
  async #fastLane({ nowMs, lastArrivalMs }: Clock): Promise<boolean> {
    const oldest = Math.max(this.#verifiedToMs ?? 0, nowMs - fastReachMs);
    // Rows that could not be seen yet arrived shortly before that look, which may be long after what it took.
    const seenToMs = Math.min(this.#fastToMs ?? oldest, this.#fastLookMs - fastOverlapMs);
    const window = { fromMs: Math.max(seenToMs, oldest), toMs: nowMs };
    this.#fastToMs = this.#fastLookMs = nowMs;
    if (lastArrivalMs <= window.fromMs && this.#waiting.size === 0) return false;
    const endMs = await readWindowEnd(this.#db, window, this.#fastRowsMax);
    if (this.#catchesUp) this.#fastToMs = window.toMs = endMs;
    else if (endMs < nowMs) window.fromMs = Math.max(window.fromMs, nowMs - tickMs);
    const isLate = window.toMs < nowMs;
    this.#catchesUp = isLate;
    const changed = new Map(this.#waiting);
    for (const trace of await readChangedTraces(this.#db, window)) changed.set(placeKey(trace), trace);
    this.#waiting.clear();
    await this.#settle([...changed.values()], { horizon: { untilMs: nowMs }, lane: 'fast' });
    return isLate;
  }

  /** One window of the verified lane; true when there is more to do at once. */
  async #verifiedLane({ nowMs, lastArrivalMs }: Clock): Promise<boolean> {
    const fromMs = this.#verifiedToMs ?? 0;
    const limitMs = this.#pastClock.read(nowMs);
    const isDue = this.#monotonicMs() - this.#verifiedAtMs >= Math.min(verifiedEveryMs, this.#verifiedLagMs);
    if (limitMs <= fromMs || !isDue) return false;
    // A rival may have settled these traces having seen less of them: nothing is taken for done.
    await this.#readLastPass();
    const isQuiet = lastArrivalMs <= fromMs;
    let toMs = isQuiet ? limitMs : await readWindowEnd(this.#db, { fromMs, toMs: limitMs }, this.#verifiedRowsMax);
    const changed = isQuiet ? [] : await readChangedTraces(this.#db, { fromMs, toMs });
    const isBehind = toMs < limitMs;
    // Also of traces in a window of the past everything is looked at: a narrower view would take back what is booked of them.
    const horizon = { untilMs: nowMs };
    await placeRecords({ db: this.#db, writer: this.#writer }, changed);
    for (const trace of await this.#settle(changed, { horizon, lane: 'verified' })) {
      // A large trace is settled beside the lanes: the cursor waits for it.
      const settledToMs = this.#settled.settledUntil(trace);
      toMs = Math.min(toMs, Math.max(fromMs, settledToMs - this.#verifiedLagMs));
    }
    if (toMs <= fromMs) return false;
    this.#verifiedToMs = toMs;
    if (!isBehind) this.#verifiedAtMs = this.#monotonicMs();
    const isSilent = changed.length === 0 && this.#monotonicMs() - this.#cursorWrittenAtMs < idleHeartbeatMs;
    if (!isSilent) await this.#writeCursor(toMs);
    return isBehind;
  }

  async #writeCursor(toMs: number): Promise<void> {
    const pass = this.#ownPass < 0 ? await readLastPass(this.#db, this.#shard) : this.#ownPass;
    await this.#writer.writeCursor({ shard: this.#shard, pass, owner: this.#owner }, toMs);
    this.#cursorWrittenAtMs = this.#monotonicMs();
  }

  /** Settles what is due; gives the traces that are left for a pass of their own. */
  async #settle(
    changed: readonly ChangedTrace[],
    { horizon, lane }: { horizon: Horizon; lane: Lane },
  ): Promise<LocatedTrace[]> {
    const { batches, large } = await this.#plan(changed, { horizon, lane });
    const open = batches.values();
    const work = async () => {
      for (const batch of open) await this.#settleParts(batch, horizon);
    };
    const outcomes = await Promise.allSettled(Array.from({ length: batchesAtOnce }, work));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    this.#largeLane.add(large);
    return large;
  }

  /** What is due, in groups that fit into memory. A trace that this process has settled as it is needs nothing. */
  async #plan(
    changed: readonly ChangedTrace[],
    { horizon, lane }: { horizon: Horizon; lane: Lane },
  ): Promise<{ batches: SizedTrace[][]; large: SizedTrace[] }> {
    const batches: SizedTrace[][] = [];
    const large: SizedTrace[] = [];
    let rows = 0;
    for (const trace of await this.#measure(changed, horizon)) {
      const key = placeKey(trace);
      if (this.#settled.isSame(trace)) continue;
      if (lane === 'fast' && this.#settled.isTooSoon(trace)) {
        this.#waiting.set(key, waitingOf(trace));
        continue;
      }
      if (trace.rowCount > largeTraceRows) {
        large.push(trace);
        continue;
      }
      const open = batches.at(-1);
      if (open === undefined || rows + trace.rowCount > this.#batchRowsMax) {
        batches.push([trace]);
        rows = trace.rowCount;
      } else {
        open.push(trace);
        rows += trace.rowCount;
      }
    }
    return { batches, large };
  }

  async #measure(changed: readonly ChangedTrace[], horizon: Horizon): Promise<SizedTrace[]> {
    const verifiedToMs = this.#verifiedToMs ?? 0;
    const traces = changed.map(({ projectId, traceId, firstMs }) => ({
      projectId,
      traceId,
      // Without a place of its own, a trace has nothing from before the verified cursor.
      sinceMs: Math.min(firstMs, Math.max(verifiedToMs, horizon.untilMs - fastReachMs)),
    }));
    return measureTraces(this.#db, await locateTraces(this.#db, traces, horizon), horizon);
  }

  /** A trace that cannot be settled does not hold up its neighbours: a batch that fails is tried in halves. */
  async #settleParts(batch: readonly SizedTrace[], horizon: Horizon): Promise<void> {
    if (this.#isStopped()) throw new Error('stopped');
    try {
      await this.#settleBatch(batch, horizon);
    } catch (error) {
      if (this.#isStopped() || isAway(error)) throw error;
      const [only] = batch;
      if (batch.length === 1 && only !== undefined) {
        this.#failures.note(only, error);
        this.#settled.remember(only, horizon.untilMs);
        return;
      }
      const middle = Math.ceil(batch.length / 2);
      await this.#settleParts(batch.slice(0, middle), horizon);
      await this.#settleParts(batch.slice(middle), horizon);
    }
  }

  async #settleBatch(batch: readonly SizedTrace[], horizon: Horizon): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (this.#isStopped()) throw new Error('stopped');
      const lastPass = await this.#readLastPass();
      // A view from before the last pass could take back what a rival has booked since, having seen more.
      const seen = { untilMs: await readClock(this.#db) };
      const located = await locateTraces(this.#db, batch, seen);
      const { traces, largeCopies } = await readBatch(this.#db, { traces: located, horizon: seen });
      const outcome = await this.#passes.write(decideBatch(traces, this.#book), lastPass);
      if (outcome.status === 'lost') continue;
      this.#ownPass = Math.max(this.#ownPass, outcome.lastPass);
      // With a rival's pass in between, what it saw is not known, nor what it made of the sessions of these traces.
      if (!this.#passes.areOwn(lastPass, outcome.before)) this.#settled.clear();
      else for (const trace of batch) this.#settled.remember(trace, horizon.untilMs);
      this.#largeLane.add(largeCopies);
      return;
    }
    throw new Error(`a pass over ${batch.length} traces lost ${attemptsMax} times to another settler`);
  }

  async #readLastPass(): Promise<number> {
    const lastPass = await readLastPass(this.#db, this.#shard);
    // Another settler works too: what it saw is not known here.
    if (this.#ownPass >= 0 && !this.#passes.areOwn(this.#ownPass, lastPass)) this.#settled.clear();
    return lastPass;
  }

  #forget(): void {
    this.#settled.clear();
    this.#waiting.clear();
    this.#largeLane.clear();
    this.#fastToMs = undefined;
    this.#ownPass = -1;
  }
}

function waitingOf({ projectId, traceId, sinceMs, untilMs }: SizedTrace): ChangedTrace {
  return { projectId, traceId, firstMs: sinceMs, lastMs: untilMs, spanCount: 1 };
}
