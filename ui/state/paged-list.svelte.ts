import { type ApiFailure, type Params, isAborted, toFailure } from '../api/client.ts';

const pageSize = 100;
/** What the API gives at once at most. */
const pageSizeMax = 500;
/** More rows than anyone reads; the list says that it ends here. */
export const rowsMax = 10_000;

export interface ListRequest<Sort extends string> {
  /** Equal for two requests that show the same list at different moments. */
  key: string;
  project: string;
  params: Params;
  sort: Sort;
}

export interface ListPart<Row> {
  rows: readonly Row[];
  nextCursor: string | null;
}

/** The rows of a list: pages by cursor, and what failed. Outlives its page, so that “back” finds its place. */
export abstract class PagedList<Row, Sort extends string> {
  rows: readonly Row[] = $state.raw([]);
  phase: 'loading' | 'ready' | 'failed' = $state('loading');
  failure: ApiFailure | null = $state.raw(null);
  loadingMore = $state(false);
  moreFailure: ApiFailure | null = $state.raw(null);
  /** There is more below. */
  hasMore = $state(false);
  /** The list was cut at `rowsMax`. */
  cut = $state(false);
  /** The rows are still those of the request before; they are shown until their successors are there. */
  stale = $state(false);
  /** The request whose rows are shown. */
  shownKey = $state('');
  /** Where the reader was, in pixels. */
  scrollTop = 0;

  protected request: ListRequest<Sort> | null = null;
  protected cursor: string | null = null;
  #controller = new AbortController();

  protected abstract readPart(params: Params, signal: AbortSignal): Promise<ListPart<Row>>;

  /** Rows without repetition: one that grew between two pages may be on both. */
  protected abstract dropRepeated(rows: readonly Row[]): Row[];

  /** Shows another list, or the same one anew: then rows, place and selection stay while it loads. */
  async load(request: ListRequest<Sort>): Promise<void> {
    const before = this.request;
    this.#controller.abort();
    this.#controller = new AbortController();
    this.request = request;
    this.stale = request.key !== this.shownKey;
    if (before !== null && request.project !== before.project) this.setRows([]);
    const kept = this.stale ? [] : this.rows;
    this.phase = 'loading';
    try {
      const limit = Math.min(Math.max(kept.length, pageSize), pageSizeMax);
      const params = { ...request.params, sort: request.sort, limit };
      this.showFirst(await this.#read(params), kept);
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
    const { request, cursor } = this;
    if (request === null || this.phase !== 'ready' || cursor === null || this.loadingMore || this.cut) return;
    this.loadingMore = true;
    this.moreFailure = null;
    try {
      const params = { ...request.params, sort: request.sort, limit: pageSize, cursor };
      const { rows, nextCursor } = await this.#read(params);
      this.setRows([...this.rows, ...rows]);
      this.#setCursor(nextCursor);
    } catch (error) {
      if (!isAborted(error)) this.moreFailure = toFailure(error);
    } finally {
      this.loadingMore = false;
    }
  }

  /** `kept`: the rows so far, where they are of the same list. */
  protected showFirst(first: ListPart<Row>, _kept: readonly Row[]): void {
    if (this.stale) this.scrollTop = 0;
    this.shownKey = this.request?.key ?? '';
    this.stale = false;
    this.setRows(first.rows);
    this.#setCursor(first.nextCursor);
    this.failure = null;
    this.moreFailure = null;
    this.phase = 'ready';
  }

  protected setRows(rows: readonly Row[]): void {
    const once = this.dropRepeated(rows);
    this.cut = once.length > rowsMax;
    this.rows = this.cut ? once.slice(0, rowsMax) : once;
  }

  /** Throws where another request has overtaken this one. */
  async #read(params: Params): Promise<ListPart<Row>> {
    const { signal } = this.#controller;
    const part = await this.readPart(params, signal);
    signal.throwIfAborted();
    return part;
  }

  #setCursor(cursor: string | null): void {
    this.cursor = cursor;
    this.hasMore = cursor !== null;
  }
}
