import { createContext } from 'svelte';
import type { TraceSummary } from '../api/types.ts';
import { toMs } from '../components/time.ts';
import { resolveRange } from '../components/range/time-range.ts';
import type { Projects } from './projects.svelte.ts';
import type { Router } from './router.svelte.ts';
import type { TraceList } from './trace-list.svelte.ts';
import type { TraceOverview } from './trace-overview.svelte.ts';
import { type TraceQuery, readTraceQuery, toApiParams } from './trace-query.ts';

/** Histogram and facets follow live traces at this pace. */
const overviewDelayMs = 3_000;

interface Parts {
  router: Router;
  list: TraceList;
  overview: TraceOverview;
  projects: Projects;
}

/** What the traces page shows, by its address, and how that is kept fresh while it is open. */
export class TracesPage {
  readonly #parts: Parts;
  #reloads = $state(0);
  #overviewTimer: ReturnType<typeof setTimeout> | undefined;

  // The row under the cursor is in the address too, but moving it loads nothing.
  readonly #queryKey: string = $derived.by(() => withoutCursor(this.#parts.router.params));
  readonly #reading = $derived.by(() => readTraceQuery(new URLSearchParams(this.#queryKey)));

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get query(): TraceQuery {
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
    clearTimeout(this.#overviewTimer);
    this.#overviewTimer = undefined;
    this.#parts.list.stop();
    this.#parts.overview.stop();
  }

  /** The stream brings traces of any time; what began before the range does not belong here. */
  receive(traces: readonly TraceSummary[]): void {
    const { list, projects } = this.#parts;
    const { fromMs } = resolveRange(this.query.range, Date.now());
    list.receive(
      traces.filter((trace) => toMs(trace.startTimeUnixNano) >= fromMs),
      { atTop: list.scrollTop === 0 },
    );
    if (projects.isEmpty(this.query.project)) void projects.load();
    this.#refreshSoon();
  }

  /** More arrived than the stream says. */
  noteMissed(): void {
    this.#parts.list.missed = true;
    this.#refreshSoon();
  }

  showArrivals(): void {
    const { list } = this.#parts;
    if (list.canInsert) list.showArrivals();
    else this.reload();
  }

  /** Who scrolls back to the top sees what arrived meanwhile. */
  noteScroll(scrollTop: number): void {
    const { list } = this.#parts;
    list.scrollTop = scrollTop;
    if (scrollTop === 0 && list.arrivals.length > 0 && list.canInsert) list.showArrivals();
  }

  /** While the project has no span, its first one is also looked for: it may be older than what the stream brings. */
  async checkForFirst(): Promise<void> {
    const { projects } = this.#parts;
    await projects.load();
    if (!projects.isEmpty(this.query.project)) this.reload();
  }

  /** At the top of the list, where new rows come in by themselves, what was missed does so too. */
  #refreshSoon(): void {
    this.#overviewTimer ??= setTimeout(() => {
      const { list, overview } = this.#parts;
      this.#overviewTimer = undefined;
      if (list.missed && list.scrollTop === 0 && this.query.sort === '-startTime') this.reload();
      else void overview.load(toApiParams(this.query, Date.now()));
    }, overviewDelayMs);
  }
}

export const [getTracesPage, setTracesPage] = createContext<TracesPage>();

function withoutCursor(params: URLSearchParams): string {
  const rest = new URLSearchParams(params);
  rest.delete('trace');
  return rest.toString();
}
