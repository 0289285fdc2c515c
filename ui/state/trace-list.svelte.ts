import { createContext } from 'svelte';
import type { Params } from '../api/client.ts';
import { listTraces } from '../api/traces.ts';
import type { TraceSummary } from '../api/types.ts';
import { type ListPart, type ListRequest, PagedList } from './paged-list.svelte.ts';
import { compareNewest, insertNewest, layOver, replaceKnown } from './trace-merge.ts';
import type { TraceSort } from './trace-query.ts';

/** What may arrive while one page loads; the rest comes with the next reload. */
const earlyMax = 500;

/** The rows of the traces list: its pages, and live arrivals. */
export class TraceList extends PagedList<TraceSummary, TraceSort> {
  /** Traces that arrived while the reader was elsewhere in the list; `showArrivals` brings them. */
  arrivals: readonly TraceSummary[] = $state.raw([]);
  /** More arrived than was sent: only a reload shows it all. */
  missed = $state(false);
  /** Ids that arrived live a moment ago, to slide in. */
  justArrived: ReadonlySet<string> = $state.raw(new Set());

  readonly #readPage: typeof listTraces;
  /** What arrived while the first page was on its way. */
  #early: TraceSummary[] = [];

  constructor(readPage: typeof listTraces = listTraces) {
    super();
    this.#readPage = readPage;
  }

  override load(request: ListRequest<TraceSort>): Promise<void> {
    this.#early = [];
    return super.load(request);
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
    return this.request?.sort === '-startTime' && !this.missed;
  }

  /** Puts the waiting traces into the list. */
  showArrivals(): void {
    this.justArrived = new Set(this.arrivals.map((trace) => trace.traceId));
    this.setRows(insertNewest(this.rows, this.arrivals));
    this.arrivals = [];
  }

  /** What began before the last row comes with a later page. */
  #belongsAbove(trace: TraceSummary): boolean {
    const last = this.rows.at(-1);
    if (last === undefined || !this.hasMore || this.request?.sort !== '-startTime') return true;
    return compareNewest(trace, last) < 0;
  }

  protected async readPart(params: Params, signal: AbortSignal): Promise<ListPart<TraceSummary>> {
    const { traces, nextCursor } = await this.#readPage(params, signal);
    return { rows: traces, nextCursor };
  }

  protected override showFirst(first: ListPart<TraceSummary>, kept: readonly TraceSummary[]): void {
    const { rows, nextCursor } = first;
    const reachedFurther = this.request?.sort === '-startTime' && kept.length > rows.length && nextCursor !== null;
    super.showFirst(reachedFurther ? { rows: layOver(rows, kept), nextCursor: this.cursor } : first, kept);
    this.arrivals = [];
    this.justArrived = new Set();
    this.missed = false;
    this.receive(this.#early, { atTop: this.scrollTop === 0 });
  }

  protected dropRepeated(rows: readonly TraceSummary[]): TraceSummary[] {
    return [...new Map(rows.toReversed().map((row) => [row.traceId, row])).values()].reverse();
  }
}

export const [getTraceList, setTraceList] = createContext<TraceList>();
