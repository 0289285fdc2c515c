import type { SpanDetail } from '../api/types.ts';

/** A detail may hold megabytes; this many cover walking up and down a trace. */
const usuallyKeptMax = 64;
/** While spans still arrive, messages may follow in log records: a detail is asked for anew after this long. */
const freshForMs = 5_000;

/** Fetched span details, the latest used ones kept; two who ask at once share one request. */
export class SpanDetails {
  readonly #fetch: (spanId: string) => Promise<SpanDetail>;
  readonly #now: () => number;
  readonly #keptMax: number;
  readonly #kept = new Map<string, { detail: Promise<SpanDetail>; askedMs: number }>();

  constructor(fetch: (spanId: string) => Promise<SpanDetail>, now: () => number, keptMax = usuallyKeptMax) {
    this.#fetch = fetch;
    this.#now = now;
    this.#keptMax = keptMax;
  }

  /** The span's detail; a failed request is forgotten, so that asking again tries again. */
  load(spanId: string, options: { isLive?: boolean } = {}): Promise<SpanDetail> {
    const known = this.#kept.get(spanId);
    const isFresh = known !== undefined && (options.isLive !== true || this.#now() - known.askedMs < freshForMs);
    const entry = isFresh ? known : { detail: this.#fetch(spanId), askedMs: this.#now() };
    if (!isFresh) entry.detail.catch(() => this.#kept.delete(spanId));
    // Taking it out and in again makes it the latest used.
    this.#kept.delete(spanId);
    this.#kept.set(spanId, entry);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#keptMax) break;
      this.#kept.delete(oldest);
    }
    return entry.detail;
  }

  /** Asks anew at the next load. */
  forget(spanId: string): void {
    this.#kept.delete(spanId);
  }
}
