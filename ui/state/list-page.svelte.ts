import type { PagedList } from './paged-list.svelte.ts';
import type { Projects } from './projects.svelte.ts';
import type { Router } from './router.svelte.ts';
import type { TraceOverview } from './trace-overview.svelte.ts';
import { type NarrowQuery, toApiParams } from './trace-query.ts';

/** Histogram, facets and sums follow what arrives at this pace: a busy project is read this often at most. */
const refreshDelayMs = 3_000;

export interface ListPageParts<List> {
  router: Router;
  list: List;
  overview: TraceOverview;
  projects: Projects;
}

interface ListAddress<Query> {
  read: (params: URLSearchParams) => { query: Query; problems: readonly string[] };
  /** Names the row under the cursor; moving it loads nothing. */
  rowParam: string;
}

/** What a page with a list, a histogram and facets shows, by its address, and how that is kept fresh while it is open. */
export abstract class ListPage<
  Sort extends string,
  Query extends NarrowQuery & { sort: Sort },
  List extends PagedList<unknown, Sort>,
> {
  protected readonly parts: ListPageParts<List>;
  readonly #address: ListAddress<Query>;
  #reloads = $state(0);
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  readonly #queryKey: string = $derived.by(() => leaveOut(this.parts.router.params, this.#address.rowParam));
  readonly #reading = $derived.by(() => this.#address.read(new URLSearchParams(this.#queryKey)));

  constructor(parts: ListPageParts<List>, address: ListAddress<Query>) {
    this.parts = parts;
    this.#address = address;
  }

  /** What arrived a moment ago comes in. */
  protected abstract refresh(): void;

  get query(): Query {
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
    const { list, overview } = this.parts;
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
    this.parts.list.stop();
    this.parts.overview.stop();
  }

  noteScroll(scrollTop: number): void {
    this.parts.list.scrollTop = scrollTop;
  }

  /** While the project has no span, its first one is also looked for: it may be older than what the stream brings. */
  async checkForFirst(): Promise<void> {
    const { projects } = this.parts;
    await projects.load();
    if (!projects.isEmpty(this.query.project)) this.reload();
  }

  protected refreshSoon(): void {
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = undefined;
      this.refresh();
    }, refreshDelayMs);
  }
}

/** What the surroundings of a list need of its page. */
export type ShownPage = Pick<
  ListPage<string, NarrowQuery & { sort: string }, PagedList<unknown, string>>,
  'query' | 'problems' | 'loadKey' | 'load' | 'reload' | 'stop' | 'checkForFirst'
>;

function leaveOut(params: URLSearchParams, name: string): string {
  const rest = new URLSearchParams(params);
  rest.delete(name);
  return rest.toString();
}
