import { createContext } from 'svelte';
import { type ApiFailure, type Params, isAborted, toFailure } from '../api/client.ts';
import { listTraces } from '../api/traces.ts';
import type { TraceSummary } from '../api/types.ts';
import { compareNewest, insertNewest, layOver, replaceKnown } from './trace-merge.ts';
import type { TraceSort } from './trace-query.ts';

const pageSize = 100;
/** What the API gives at once at most. */
const pageSizeMax = 500;
/** What may arrive while one page loads; the rest comes with the next reload. */
const earlyMax = 500;
/** More rows than anyone reads; the list says that it ends here. */
export const rowsMax = 10_000;

export interface ListRequest {
  /** Equal for two requests that show the same list at different moments. */
  key: string;
  project: string;
  params: Params;
  sort: TraceSort;
}

/** The rows of the traces list: pages by cursor, live arrivals, and what failed. Outlives the page, so that “back” finds its place. */
export class TraceList {
  rows: readonly TraceSummary[] = $state.raw([]);
  phase: 'loading' | 'ready' | 'failed' = $state('loading');
  failure: ApiFailure | null = $state.raw(null);
  loadingMore = $state(false);
  moreFailure: ApiFailure | null = $state.raw(null);
  /** There is more below. */
  hasMore = $state(false);
  /** Traces that arrived while the reader was elsewhere in the list; `showArrivals` brings them. */
  arrivals: readonly TraceSummary[] = $state.raw([]);
  /** More arrived than was sent: only a reload shows it all. */
  missed = $state(false);
  /** Ids that arrived live a moment ago, to slide in. */
  justArrived: ReadonlySet<string> = $state.raw(new Set());
  /** The list was cut at `rowsMax`. */
  cut = $state(false);
  /** The rows are still those of the request before; they are shown until their successors are there. */
  stale = $state(false);
  /** The request whose rows are shown. */
  shownKey = $state('');
  /** Where the reader was, in pixels. */
  scrollTop = 0;

  readonly #readPage: typeof listTraces;
  #request: ListRequest | null = null;
  #cursor: string | null = null;
  #controller = new AbortController();
  /** What arrived while the first page was on its way. */
  #early: TraceSummary[] = [];

  constructor(readPage: typeof listTraces = listTraces) {
    this.#readPage = readPage;
  }

  /** Shows another list, or the same one anew: then rows, place and selection stay while it loads. */
  async load(request: ListRequest): Promise<void> {
    const before = this.#request;
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#request = request;
    this.#early = [];
    this.stale = request.key !== this.shownKey;
    if (before !== null && request.project !== before.project) this.#setRows([]);
    const kept = this.stale ? [] : this.rows;
    this.phase = 'loading';
    try {
      const limit = Math.min(Math.max(kept.length, pageSize), pageSizeMax);
      const reply = await this.#readPage({ ...request.params, sort: request.sort, limit }, this.#controller.signal);
      this.#showFirstPage(reply.traces, reply.nextCursor, kept);
    } catch (error) {
      if (isAborted(error)) return;
      this.failure = toFailure(error);
      this.phase = 'failed';
    }
  }

  /** Gives up what is under way, when the page is left. */
  stop(): void {
    this.#controller.abort();
    this.loadingMore = false;
  }

  /** The next page, once: calls while it loads, or at the end, do nothing. */
  async loadMore(): Promise<void> {
    const request = this.#request;
    if (request === null || this.phase !== 'ready' || this.#cursor === null || this.loadingMore || this.cut) return;
    this.loadingMore = true;
    this.moreFailure = null;
    try {
      const page = { sort: request.sort, limit: pageSize, cursor: this.#cursor };
      const reply = await this.#readPage({ ...request.params, ...page }, this.#controller.signal);
      this.#setRows([...this.rows, ...reply.traces]);
      this.#setCursor(reply.nextCursor);
    } catch (error) {
      if (!isAborted(error)) this.moreFailure = toFailure(error);
    } finally {
      this.loadingMore = false;
    }
  }

  /** Takes live traces in: known ones in place, new ones on top, or aside while the reader is not at the top. */
  receive(traces: readonly TraceSummary[], { atTop }: { atTop: boolean }): void {
    const { rows, fresh: unknown } = replaceKnown(this.rows, traces);
    this.rows = rows;
    if (this.phase === 'loading') this.#early = [...this.#early, ...unknown].slice(-earlyMax);
    const fresh = unknown.filter((trace) => this.#belongsAbove(trace));
    if (fresh.length === 0 || this.phase !== 'ready') return;
    const waiting = replaceKnown(this.arrivals, fresh);
    this.arrivals = [...waiting.fresh, ...waiting.rows];
    if (atTop && this.canInsert) this.showArrivals();
  }

  /** In another order than newest first, or where some were missed, only a reload knows the places of what arrived. */
  get canInsert(): boolean {
    return this.#request?.sort === '-startTime' && !this.missed;
  }

  /** Puts the waiting traces into the list. */
  showArrivals(): void {
    this.justArrived = new Set(this.arrivals.map((trace) => trace.traceId));
    this.#setRows(insertNewest(this.rows, this.arrivals));
    this.arrivals = [];
  }

  /** What began before the last row comes with a later page. */
  #belongsAbove(trace: TraceSummary): boolean {
    const last = this.rows.at(-1);
    if (last === undefined || !this.hasMore || this.#request?.sort !== '-startTime') return true;
    return compareNewest(trace, last) < 0;
  }

  #showFirstPage(page: readonly TraceSummary[], cursor: string | null, kept: readonly TraceSummary[]): void {
    const reachedFurther = this.#request?.sort === '-startTime' && kept.length > page.length && cursor !== null;
    if (this.stale) this.scrollTop = 0;
    this.shownKey = this.#request?.key ?? '';
    this.stale = false;
    this.#setRows(reachedFurther ? layOver(page, kept) : page);
    if (!reachedFurther) this.#setCursor(cursor);
    this.arrivals = [];
    this.justArrived = new Set();
    this.missed = false;
    this.failure = null;
    this.moreFailure = null;
    this.phase = 'ready';
    this.receive(this.#early, { atTop: this.scrollTop === 0 });
  }

  #setRows(rows: readonly TraceSummary[]): void {
    // A trace that grew between two pages may be on both.
    const once = [...new Map(rows.toReversed().map((row) => [row.traceId, row])).values()].reverse();
    this.cut = once.length > rowsMax;
    this.rows = this.cut ? once.slice(0, rowsMax) : once;
  }

  #setCursor(cursor: string | null): void {
    this.#cursor = cursor;
    this.hasMore = cursor !== null;
  }
}

export const [getTraceList, setTraceList] = createContext<TraceList>();
