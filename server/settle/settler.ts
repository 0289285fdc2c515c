import { setTimeout as sleep } from 'node:timers/promises';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import type { Db } from '../queries/db.ts';
import {
  type ChangedTrace,
  placeKey,
  readChangedTraces,
  readClock,
  readFirstArrival,
  readWindowEnd,
} from '../queries/settlement-changes.ts';
import { readCursor } from '../queries/settlement-cursor.ts';
import { readLastPass } from '../queries/settlement-ledger.ts';
import { readTraceSizes } from '../queries/settlement-skeletons.ts';
import type { SettlementWriter } from '../queries/settlement-writer.ts';
import { decideBatch, readBatch } from './batch.ts';
import { PassWriter } from './write-pass.ts';

export interface SettlerLog {
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
  error: (fields: object, message: string) => void;
}

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
}

const defaultVerifiedLagMs = 30_000;
const defaultLeaseMs = 10_000;
const tickMs = 1_000;
const standbyMs = 2_000;
const errorPauseMs = 1_000;
/** Arrivals of one verified window: what a pass holds in memory. */
const verifiedRowsMax = 50_000;
/** When more arrived since the last tick, the fast lane leaves the older ones to the verified lane. */
const fastRowsMax = 100_000;
/** The fast lane looks back so far: what it left waiting for longer is the verified lane's. */
const fastReachMs = 5 * 60_000;
/** Spans of one pass: traces are settled in batches of about so many. */
const batchRowsMax = 40_000;
const verifiedEveryMs = 2_000;
const heartbeatMs = 3_000;
const attemptsMax = 20;
/** A growing trace is settled again only after this long per thousand spans. */
const debouncePerThousandMs = 1_000;
const debounceMaxMs = 30_000;
const rememberedTracesMax = 200_000;

/** What this process has settled of a trace. */
interface Settled {
  rowCount: number;
  fingerprint: string;
  atMs: number;
}

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
  readonly #leaseMs: number;
  readonly #monotonicMs: () => number;
  readonly #settled = new Map<string, Settled>();
  readonly #waiting = new Map<string, ChangedTrace>();
  readonly #stop = new AbortController();
  #fastToMs: number | undefined;
  #verifiedToMs: number | undefined;
  #verifiedAtMs = 0;
  #cursorWrittenAtMs = 0;
  #ownPass = -1;

  constructor(options: SettlerOptions) {
    const { db, writer, book, log, owner, shard = 0, monotonicMs = () => performance.now() } = options;
    this.#db = db;
    this.#writer = writer;
    this.#book = book;
    this.#log = log;
    this.#owner = owner;
    this.#shard = shard;
    this.#verifiedLagMs = options.verifiedLagMs ?? defaultVerifiedLagMs;
    this.#leaseMs = options.leaseMs ?? defaultLeaseMs;
    this.#monotonicMs = monotonicMs;
    this.#passes = new PassWriter({ db, writer, shard, owner, monotonicMs });
  }

  /** Works until it is stopped; an error is logged and the tick repeated. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const pauseMs = await this.#tickSafely();
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Ends `run` after the pass at hand. */
  stop(): void {
    this.#stop.abort();
  }

  /** One round of both lanes; gives how long to wait for the next. */
  async tick(): Promise<number> {
    const startedMs = this.#monotonicMs();
    if (await this.#standsBy()) return standbyMs;
    const nowMs = await readClock(this.#db);
    await this.#fastLane(nowMs);
    const isBehind = await this.#verifiedLane(nowMs);
    return isBehind ? 0 : Math.max(50, tickMs - (this.#monotonicMs() - startedMs));
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

  async #fastLane(nowMs: number): Promise<void> {
    const oldest = Math.max(this.#verifiedToMs ?? 0, nowMs - fastReachMs);
    const window = { fromMs: Math.max(this.#fastToMs ?? oldest, oldest), toMs: nowMs };
    if ((await readWindowEnd(this.#db, window, fastRowsMax)) < nowMs)
      window.fromMs = Math.max(window.fromMs, nowMs - tickMs);
    this.#fastToMs = nowMs;
    const changed = new Map(this.#waiting);
    for (const trace of await readChangedTraces(this.#db, window)) changed.set(placeKey(trace), trace);
    this.#waiting.clear();
    await this.#settle([...changed.values()], { untilMs: nowMs, lane: 'fast' });
  }

  /** One window of the verified lane; true when there is more to do at once. */
  async #verifiedLane(nowMs: number): Promise<boolean> {
    const fromMs = this.#verifiedToMs ?? 0;
    const limitMs = nowMs - this.#verifiedLagMs;
    const isDue = this.#monotonicMs() - this.#verifiedAtMs >= Math.min(verifiedEveryMs, this.#verifiedLagMs);
    if (limitMs <= fromMs || !isDue) return false;
    const toMs = await readWindowEnd(this.#db, { fromMs, toMs: limitMs }, verifiedRowsMax);
    const changed = await readChangedTraces(this.#db, { fromMs, toMs });
    const isBehind = toMs < limitMs;
    // What arrived after a window of the past belongs to a later window; of the present, everything is looked at.
    await this.#settle(changed, { untilMs: isBehind ? toMs : nowMs, lane: 'verified' });
    this.#verifiedToMs = toMs;
    if (!isBehind) this.#verifiedAtMs = this.#monotonicMs();
    const isSilent = changed.length === 0 && this.#monotonicMs() - this.#cursorWrittenAtMs < heartbeatMs;
    if (!isSilent) {
      const pass = this.#ownPass < 0 ? await readLastPass(this.#db, this.#shard) : this.#ownPass;
      await this.#writer.writeCursor({ shard: this.#shard, pass, owner: this.#owner }, toMs);
      this.#cursorWrittenAtMs = this.#monotonicMs();
    }
    return isBehind;
  }

  async #settle(
    changed: readonly ChangedTrace[],
    { untilMs, lane }: { untilMs: number; lane: 'fast' | 'verified' },
  ): Promise<void> {
    for (const batch of await this.#batches(changed, { untilMs, lane })) {
      if (this.#stop.signal.aborted) throw new Error('stopped');
      await this.#settleBatch(batch, untilMs);
    }
  }

  /** What is due, in groups that fit into memory. A trace that this process has settled as it is needs nothing. */
  async #batches(
    changed: readonly ChangedTrace[],
    { untilMs, lane }: { untilMs: number; lane: 'fast' | 'verified' },
  ): Promise<SizedTrace[][]> {
    if (changed.length === 0) return [];
    const sinceMs = Math.min(...changed.map(({ firstMs }) => firstMs), untilMs);
    const sizes = new Map(
      (
        await readTraceSizes(this.#db, {
          traceIds: changed.map(({ traceId }) => traceId),
          sinceMs: Math.min(sinceMs, untilMs - fastReachMs),
          untilMs,
        })
      ).map((size) => [placeKey(size), size]),
    );
    const batches: SizedTrace[][] = [];
    let rows = 0;
    for (const trace of changed) {
      const key = placeKey(trace);
      const size = sizes.get(key);
      const rowCount = size?.rowCount ?? 0;
      const settled = this.#settled.get(key);
      if (settled !== undefined && settled.fingerprint === size?.fingerprint) continue;
      if (lane === 'fast' && settled !== undefined && this.#isTooSoon(settled)) {
        this.#waiting.set(key, trace);
        continue;
      }
      const open = batches.at(-1);
      const sized = { ...trace, rowCount, fingerprint: size?.fingerprint ?? '' };
      if (open === undefined || rows + rowCount > batchRowsMax) {
        batches.push([sized]);
        rows = rowCount;
      } else {
        open.push(sized);
        rows += rowCount;
      }
    }
    return batches;
  }

  #isTooSoon({ rowCount, atMs }: Settled): boolean {
    const waitMs = Math.min(debounceMaxMs, (rowCount / 1_000) * debouncePerThousandMs);
    return waitMs >= tickMs && this.#monotonicMs() - atMs < waitMs;
  }

  async #settleBatch(batch: readonly SizedTrace[], untilMs: number): Promise<void> {
    const verifiedToMs = this.#verifiedToMs ?? 0;
    const traces = batch.map(({ projectId, traceId, firstMs }) => ({
      projectId,
      traceId,
      // Without a place of its own, a trace has nothing from before the verified cursor.
      sinceMs: Math.min(firstMs, Math.max(verifiedToMs, untilMs - fastReachMs)),
    }));
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (this.#stop.signal.aborted) throw new Error('stopped');
      const readAtMs = this.#monotonicMs();
      const lastPass = await readLastPass(this.#db, this.#shard);
      if (this.#ownPass >= 0 && lastPass !== this.#ownPass) this.#settled.clear(); // another settler works too
      const decided = decideBatch(await readBatch(this.#db, { traces, horizon: { untilMs } }), this.#book);
      const outcome = await this.#passes.write(decided, { lastPass, readAtMs });
      if (outcome.status === 'lost') continue;
      this.#ownPass = outcome.lastPass;
      this.#remember(batch, readAtMs);
      return;
    }
    throw new Error(`a pass over ${batch.length} traces lost ${attemptsMax} times to another settler`);
  }

  #remember(batch: readonly SizedTrace[], atMs: number): void {
    for (const trace of batch) {
      const key = placeKey(trace);
      this.#settled.delete(key);
      this.#settled.set(key, { rowCount: trace.rowCount, fingerprint: trace.fingerprint, atMs });
    }
    for (const key of this.#settled.keys()) {
      if (this.#settled.size <= rememberedTracesMax) break;
      this.#settled.delete(key);
    }
  }

  #forget(): void {
    this.#settled.clear();
    this.#waiting.clear();
    this.#fastToMs = undefined;
    this.#ownPass = -1;
  }
}

interface SizedTrace extends ChangedTrace {
  rowCount: number;
  fingerprint: string;
}
