import { type ApiFailure, isAborted, toFailure } from '../api/client.ts';
import { listUnpriced } from '../api/costs.ts';
import type { UnpricedReply } from '../api/types.ts';
import { type CostSelection, readSelection, resolveWindow, toCostParams } from './cost-query.ts';
import type { Router } from './router.svelte.ts';

/** Groups that one page shows; filters find the others. */
const groupsMax = 500;

/** One answer, and the window it is of. */
export interface UnpricedView {
  query: CostSelection;
  window: { fromMs: number; toMs: number };
  reply: UnpricedReply;
}

/** What has no price, by the page's address. */
export class UnpricedPage {
  view: UnpricedView | null = $state.raw(null);
  failure: ApiFailure | null = $state.raw(null);
  loading = $state(false);

  readonly #router: Router;
  #reloads = $state(0);
  #shownKey = $state('');
  #controller = new AbortController();

  readonly #reading = $derived.by(() => {
    const problems: string[] = [];
    return { query: readSelection(this.#router.params, problems), problems };
  });

  constructor(router: Router) {
    this.#router = router;
  }

  get query(): CostSelection {
    return this.#reading.query;
  }

  get problems(): readonly string[] {
    return this.#reading.problems;
  }

  get loadKey(): string {
    return `${this.#queryKey} ${this.#reloads}`;
  }

  /** True while what is shown is the answer to another question than the address asks. */
  get stale(): boolean {
    return this.view !== null && this.#shownKey !== this.#queryKey;
  }

  get #queryKey(): string {
    return JSON.stringify({ ...this.query, live: undefined });
  }

  reload(): void {
    this.#reloads += 1;
  }

  async load(): Promise<void> {
    this.#controller.abort();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    const { query } = this;
    const key = this.#queryKey;
    const window = resolveWindow(query, Date.now());
    this.loading = true;
    try {
      const reply = await listUnpriced({ ...toCostParams(query, window), limit: groupsMax }, signal);
      this.view = { query, window, reply };
      this.#shownKey = key;
      this.failure = null;
    } catch (error) {
      if (isAborted(error)) return;
      this.failure = toFailure(error);
    }
    if (!signal.aborted) this.loading = false;
  }

  stop(): void {
    this.#controller.abort();
  }
}
