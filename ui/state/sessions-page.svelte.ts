import { createContext } from 'svelte';
import type { Projects } from './projects.svelte.ts';
import type { Router } from './router.svelte.ts';
import type { SessionList } from './session-list.svelte.ts';
import { type SessionQuery, readSessionQuery } from './session-query.ts';
import type { TraceOverview } from './trace-overview.svelte.ts';
import { toApiParams } from './trace-query.ts';

/** What arrives is in a session's sums a moment later, once it is settled; a busy project is read this often at most. */
const refreshDelayMs = 3_000;

interface Parts {
  router: Router;
  list: SessionList;
  overview: TraceOverview;
  projects: Projects;
}

/** What the sessions page shows, by its address, and how that is kept fresh while it is open. */
export class SessionsPage {
  readonly #parts: Parts;
  #reloads = $state(0);
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  // The row under the cursor is in the address too, but moving it loads nothing.
  readonly #queryKey: string = $derived.by(() => withoutRow(this.#parts.router.params));
  readonly #reading = $derived.by(() => readSessionQuery(new URLSearchParams(this.#queryKey)));

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get query(): SessionQuery {
    return this.#reading.query;
  }

  /** What is wrong in the address, a sentence each. */
  get problems(): readonly string[] {
    return this.#reading.problems;
  }

  /** Changes whenever something is to be loaded: another query, or the same once more. */
  get loadKey(): string {
    return `${this.#queryKey} ${this.#reloads}`;
  }

  load(): void {
    const { list, overview } = this.#parts;
    const { query } = this;
    const params = toApiParams(query, Date.now());
    // Whether it is live changes nothing in the list.
    const key = JSON.stringify({ ...query, live: undefined });
    void list.load({ key, project: query.project, params, sort: query.sort });
    void overview.load(params);
  }

  reload(): void {
    this.#reloads += 1;
  }

  /** Gives up what is under way, when the page is left. */
  stop(): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = undefined;
    this.#parts.list.stop();
    this.#parts.overview.stop();
  }

  /** Something arrived: at the top of the list it is read anew soon, further down a mark says that there is more. */
  noteArrival(): void {
    this.#refreshTimer ??= setTimeout(() => {
      const { list, projects } = this.#parts;
      this.#refreshTimer = undefined;
      if (projects.isEmpty(this.query.project)) void projects.load();
      if (list.scrollTop === 0) this.reload();
      else list.outdated = true;
    }, refreshDelayMs);
  }

  /** Who scrolls back to the top sees what happened meanwhile. */
  noteScroll(scrollTop: number): void {
    const { list } = this.#parts;
    list.scrollTop = scrollTop;
    if (scrollTop === 0 && list.outdated) this.reload();
  }

  /** While the project has no span, its first one is looked for. */
  async checkForFirst(): Promise<void> {
    const { projects } = this.#parts;
    await projects.load();
    if (!projects.isEmpty(this.query.project)) this.reload();
  }
}

export const [getSessionsPage, setSessionsPage] = createContext<SessionsPage>();

function withoutRow(params: URLSearchParams): string {
  const rest = new URLSearchParams(params);
  rest.delete('row');
  return rest.toString();
}
