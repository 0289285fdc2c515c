import { createContext } from 'svelte';
import { type ApiFailure, type Params, isAborted, toFailure } from '../api/client.ts';
import { listSessions } from '../api/sessions.ts';
import type { SessionSort, SessionSummary } from '../api/types.ts';

const pageSize = 100;
/** What the API gives at once at most. */
const pageSizeMax = 500;
/** More rows than anyone reads; the list says that it ends here. */
export const sessionRowsMax = 10_000;

export interface SessionListRequest {
  /** Equal for two requests that show the same list at different moments. */
  key: string;
  project: string;
  params: Params;
  sort: SessionSort;
}

/**
 * The rows of the sessions list: pages by cursor, read anew while live. A session grows with every turn and moves, so
 * that a refresh reads the rows again from the top. Outlives the page, so that “back” finds its place.
 */
export class SessionList {
  rows: readonly SessionSummary[] = $state.raw([]);
  phase: 'loading' | 'ready' | 'failed' = $state('loading');
  failure: ApiFailure | null = $state.raw(null);
  loadingMore = $state(false);
  moreFailure: ApiFailure | null = $state.raw(null);
  /** There is more below. */
  hasMore = $state(false);
  /** The list was cut at `sessionRowsMax`. */
  cut = $state(false);
  /** The rows are still those of the request before; they are shown until their successors are there. */
  stale = $state(false);
  /** The request whose rows are shown. */
  shownKey = $state('');
  /** Something happened since the rows were read. */
  outdated = $state(false);
  /** Where the reader was, in pixels. */
  scrollTop = 0;

  readonly #readPage: typeof listSessions;
  #request: SessionListRequest | null = null;
  #cursor: string | null = null;
  #controller = new AbortController();

  constructor(readPage: typeof listSessions = listSessions) {
    this.#readPage = readPage;
  }

  /** Shows another list, or the same one anew: then rows, place and selection stay while it loads. */
  async load(request: SessionListRequest): Promise<void> {
    const before = this.#request;
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#request = request;
    this.stale = request.key !== this.shownKey;
    if (before !== null && request.project !== before.project) this.rows = [];
    const kept = this.stale ? 0 : this.rows.length;
    this.phase = 'loading';
    this.outdated = false;
    try {
      const limit = Math.min(Math.max(kept, pageSize), pageSizeMax);
      const reply = await this.#readPage({ ...request.params, sort: request.sort, limit }, this.#controller.signal);
      if (this.stale) this.scrollTop = 0;
      this.shownKey = request.key;
      this.stale = false;
      this.#show(reply.sessions, reply.nextCursor);
      this.failure = null;
      this.moreFailure = null;
      this.phase = 'ready';
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
      this.#show([...this.rows, ...reply.sessions], reply.nextCursor);
    } catch (error) {
      if (!isAborted(error)) this.moreFailure = toFailure(error);
    } finally {
      this.loadingMore = false;
    }
  }

  #show(rows: readonly SessionSummary[], cursor: string | null): void {
    // A session that grew between two pages may be on both; what was read last is newer.
    const once = [...new Map(rows.map((row) => [row.sessionId, row])).values()];
    this.cut = once.length > sessionRowsMax;
    this.rows = this.cut ? once.slice(0, sessionRowsMax) : once;
    this.#cursor = cursor;
    this.hasMore = cursor !== null;
  }
}

export const [getSessionList, setSessionList] = createContext<SessionList>();
