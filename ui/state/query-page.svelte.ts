import { type ApiFailure, isAborted, toFailure } from '../api/client.ts';
import type { Router } from './router.svelte.ts';

/** Settlement takes 1 to 2 s; a cost is to be on the page 5 s after its span. */
const followMs = 1_500;
/** A slow answer is asked for less often: the server works for an open page at most this share of the time. */
const followShare = 0.3;

type ReadAddress<Query> = (params: URLSearchParams) => { query: Query; problems: readonly string[] };

/** A page by its address: its last answer stays until the next one is there, and says whose it is. */
export abstract class QueryPage<Query extends object, View> {
  /** Null until there is an answer. */
  view: View | null = $state.raw(null);
  /** Why the last try gave no answer. */
  failure: ApiFailure | null = $state.raw(null);
  loading = $state(false);

  readonly #router: Router;
  readonly #readAddress: ReadAddress<Query>;
  #reloads = $state(0);
  #shownKey = $state('');
  #controller = new AbortController();

  readonly #reading = $derived.by(() => this.#readAddress(this.#router.params));

  constructor(router: Router, readAddress: ReadAddress<Query>) {
    this.#router = router;
    this.#readAddress = readAddress;
  }

  /** One consistent answer to a query. */
  protected abstract readView(query: Query, signal: AbortSignal): Promise<View>;

  get query(): Query {
    return this.#reading.query;
  }

  /** What is wrong in the address, a sentence each. */
  get problems(): readonly string[] {
    return this.#reading.problems;
  }

  /** Changes whenever something is to be loaded: another query, or the same once more. */
  get loadKey(): string {
    return `${this.queryKey} ${this.#reloads}`;
  }

  /** True while what is shown is the answer to another question than the address asks. */
  get stale(): boolean {
    return this.view !== null && this.#shownKey !== this.queryKey;
  }

  reload(): void {
    this.#reloads += 1;
  }

  async load(): Promise<void> {
    this.#controller.abort();
    this.#controller = new AbortController();
    const { signal } = this;
    const key = this.queryKey;
    this.loading = true;
    try {
      this.view = await this.readView(this.query, signal);
      this.#shownKey = key;
      this.failure = null;
    } catch (error) {
      if (isAborted(error)) return;
      this.failure = toFailure(error);
    }
    if (!signal.aborted) this.loading = false;
  }

  /** Loads again and again until the returned function is called; not while nobody looks. */
  follow(everyMs = followMs): () => void {
    let timer: ReturnType<typeof setTimeout>;
    const wait = (ms: number) => {
      timer = setTimeout(() => void turn(), ms);
    };
    const turn = async () => {
      if (document.hidden || this.loading) {
        wait(everyMs);
        return;
      }
      const startMs = performance.now();
      await this.load();
      wait(Math.max(everyMs, (performance.now() - startMs) / followShare));
    };
    wait(everyMs);
    return () => clearTimeout(timer);
  }

  /** Gives up what is under way, when the page is left. */
  stop(): void {
    this.#controller.abort();
  }

  /** Equal for two queries of one answer. */
  protected get queryKey(): string {
    return JSON.stringify({ ...this.query, live: undefined });
  }

  /** Aborted when another query is loaded, or the page is left. */
  protected get signal(): AbortSignal {
    return this.#controller.signal;
  }
}
