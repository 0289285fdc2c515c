import type { Logger } from 'pino';
import type { TraceSummary } from '../contract/traces.ts';
import type { Filters, TimeWindow } from '../domain/filters.ts';
import type { Db } from '../queries/db.ts';
import {
  type Arrivals,
  bucketMs,
  countArrivals,
  filterTraces,
  listArrivedTraces,
  overlapMs,
  summarizeArrivals,
  type SpreadTrace,
} from '../queries/live-arrivals.ts';
import { SettledNews } from './settled-news.ts';

const pollIntervalMs = 500;
/** Traces in one poll; of more, the newest, and the count of the rest. */
export const tracesPerPollMax = 100;
/** Looking for what was settled costs more than counting arrivals: rare, but at every poll after a trace without sums was sent. */
const settledIntervalMs = 2_000;
const awaitSettlementMs = 10_000;
/** Settled traces in one look, those first that were sent before. */
const settledPerLookMax = 200;
/** What arrived so shortly before was not settled yet, when a page was read or a client was last here. */
const settlingMs = 5_000;
/** A page has read its list a little before it listens: what arrived in between is sent, too. */
const joinLookbackMs = 2_000;
/** Summaries remembered so that an unchanged trace is not sent again. */
const rememberedMax = 2_000;

export interface LiveUpdate {
  traces: TraceSummary[];
  /** Traces that arrived as well, but are not among these. */
  moreCount: number;
  /** Where a client that comes back goes on: the second up to which this poll has seen. */
  eventId: string;
}

export interface Subscriber {
  filters: Filters;
  /** Traces that start in it. */
  window: TimeWindow;
  /** Equal for subscribers with equal filters and windows: they share their queries. */
  filterKey: string;
  hasFilters: boolean;
  send: (update: LiveUpdate) => void;
}

/**
 * Follows the arrivals of one project while somebody listens: one poll for all listeners. Seconds are counted and those that
 * grew are read again, so that what commits late is not missed and what is unchanged costs one small count.
 */
export class ProjectFeed {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #projectId: string;
  readonly #subscribers = new Set<Subscriber>();
  readonly #counts = new Map<string, number>();
  readonly #sent = new Map<string, string>();
  readonly #settled: SettledNews;
  #settledAtMs = 0;
  /** Until then sums of what was sent are expected. */
  #awaitsSumsUntilMs = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The newest second seen, in milliseconds since 1970; 0 before the first poll. */
  #seenToMs = 0;
  #isFirst = true;
  /** What arrived before is on the first listener's page already. */
  readonly #newsFromMs: number;
  #isFailing = false;

  constructor({ db, log, projectId }: { db: Db; log: Logger; projectId: string }) {
    this.#db = db;
    this.#log = log;
    this.#projectId = projectId;
    this.#settled = new SettledNews({ db, projectId });
    this.#newsFromMs = Date.now() - joinLookbackMs;
  }

  get isIdle(): boolean {
    return this.#subscribers.size === 0;
  }

  /** `sinceMs`: the subscriber has been here before and wants what arrived since. */
  async add(subscriber: Subscriber, sinceMs: number | undefined): Promise<void> {
    this.#subscribers.add(subscriber);
    if (this.#timer === undefined) this.#schedule(0);
    if (sinceMs === undefined && this.#isFirst) return; // the first poll sends what has just arrived
    const arrivals = await countArrivals(this.#db, {
      projectId: this.#projectId,
      sinceMs: (sinceMs ?? Date.now() - joinLookbackMs) - settlingMs,
    });
    await this.#publishArrivals(
      arrivals.map((arrival) => arrival.bucket),
      [subscriber],
      { onlyChanged: false },
    );
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.isIdle) this.close();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#subscribers.clear();
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => void this.#poll(), delayMs);
  }

  async #poll(): Promise<void> {
    try {
      const sinceMs = this.#seenToMs === 0 ? 0 : this.#seenToMs - overlapMs;
      const arrivals = await countArrivals(this.#db, { projectId: this.#projectId, sinceMs });
      await this.#publishArrivals(this.#grown(arrivals), [...this.#subscribers], { onlyChanged: true });
      this.#remember(arrivals);
      await this.#publishSettled();
      this.#isFirst = false;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#log.warn({ projectId: this.#projectId, err: error }, 'live feed waits for ClickHouse');
      this.#isFailing = true;
    }
    if (!this.isIdle) this.#schedule(pollIntervalMs);
  }

  /** The seconds that have more spans than before. */
  #grown(arrivals: readonly Arrivals[]): string[] {
    return arrivals
      .filter(({ bucket, spanCount }) => Number(spanCount) > (this.#counts.get(bucket) ?? 0))
      .map((arrival) => arrival.bucket)
      .filter((bucket) => !this.#isFirst || (Number(bucket) + 1) * bucketMs > this.#newsFromMs);
  }

  /** Keeps the counts of the seconds that the next poll counts again. */
  #remember(arrivals: readonly Arrivals[]): void {
    for (const { bucket, spanCount } of arrivals) this.#counts.set(bucket, Number(spanCount));
    const newest = arrivals.at(-1);
    if (newest !== undefined) this.#seenToMs = Math.max(this.#seenToMs, Number(newest.bucket) * bucketMs);
    for (const bucket of this.#counts.keys()) {
      if (Number(bucket) * bucketMs < this.#seenToMs - 2 * overlapMs) this.#counts.delete(bucket);
    }
  }

  async #publishArrivals(
    buckets: readonly string[],
    subscribers: readonly Subscriber[],
    { onlyChanged }: { onlyChanged: boolean },
  ): Promise<void> {
    if (buckets.length === 0) return;
    const projectId = this.#projectId;
    const arrived = await listArrivedTraces(this.#db, { projectId, buckets, limit: tracesPerPollMax });
    const moreCount = Number(arrived[0]?.traceCount ?? 0) - arrived.length;
    const eventId = String(Math.max(...buckets.map(Number)) * bucketMs);
    await this.#publish(arrived, { subscribers, onlyChanged, moreCount, eventId });
  }

  /** A trace comes again when settlement has summed it up, or judges anew. */
  async #publishSettled(): Promise<void> {
    const isAwaited = Date.now() < this.#awaitsSumsUntilMs;
    if (!isAwaited && Date.now() - this.#settledAtMs < settledIntervalMs) return;
    this.#settledAtMs = Date.now();
    const news = await this.#settled.look({ sinceMs: this.#newsFromMs - settlingMs });
    const known = (traceId: string) => (this.#sent.has(traceId) ? 0 : 1);
    const traces = news.sort((a, b) => known(a.traceId) - known(b.traceId)).slice(0, settledPerLookMax);
    const eventId = String(this.#seenToMs === 0 ? this.#newsFromMs : this.#seenToMs);
    await this.#publish(traces, { subscribers: [...this.#subscribers], onlyChanged: true, moreCount: 0, eventId });
  }

  async #publish(
    spreads: readonly SpreadTrace[],
    {
      subscribers,
      onlyChanged,
      moreCount,
      eventId,
    }: { subscribers: readonly Subscriber[]; onlyChanged: boolean; moreCount: number; eventId: string },
  ): Promise<void> {
    const projectId = this.#projectId;
    const summaries = await summarizeArrivals(this.#db, projectId, spreads);
    const traces = onlyChanged ? summaries.filter((trace) => this.#isNews(trace)) : summaries;
    if (traces.length === 0 && moreCount === 0) return;
    if (traces.some((trace) => trace.settled === false)) this.#awaitsSumsUntilMs = Date.now() + awaitSettlementMs;
    const matching = new Map<string, Promise<Set<string>>>();
    for (const subscriber of subscribers) {
      const { filters, window, filterKey, hasFilters } = subscriber;
      if (!hasFilters) {
        subscriber.send({ traces, moreCount, eventId });
        continue;
      }
      const ids = matching.get(filterKey) ?? filterTraces(this.#db, { projectId, filters, window, traces });
      matching.set(filterKey, ids);
      const known = await ids;
      // How many of the others match is unknown: with filters only what was looked at is reported.
      subscriber.send({ traces: traces.filter((trace) => known.has(trace.traceId)), moreCount: 0, eventId });
    }
  }

  #isNews(trace: TraceSummary): boolean {
    const summary = JSON.stringify(trace);
    if (this.#sent.get(trace.traceId) === summary) return false;
    this.#sent.delete(trace.traceId);
    this.#sent.set(trace.traceId, summary);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > rememberedMax && oldest !== undefined) this.#sent.delete(oldest);
    return true;
  }
}
