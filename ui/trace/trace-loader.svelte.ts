import type { TraceLabel, TraceReply } from '../api/types.ts';
import type { TraceView } from './trace-view.svelte.ts';

/** The first page is small, so that something is drawn soon; the others are the largest that the API gives. */
const firstPageSpans = 2_000;
const pageSpans = 10_000;
/** Half a gigabyte of browser memory; a larger trace is shown to here, and says so. */
export const loadedSpansMax = 500_000;
/** Exporters send within seconds; a trace that was silent for this long is taken as complete. */
const liveForMs = 180_000;
/** Settlement takes seconds; a trace that is not settled after this long is shown as it is. */
const settlingForMs = 60_000;
const pollEveryMs = 2_000;
/** A poll that is slow to answer is not repeated at once. */
const restFactor = 4;
const restMaxMs = 10_000;

type Page = { limit: number; cursor?: string };
export type LoadDeps = {
  getPage: (page: Page, signal: AbortSignal) => Promise<TraceReply>;
  now: () => number;
  /** Ends early, without an error, when the signal does. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** False while nobody looks, when polling would be waste. */
  isWatched: () => boolean;
};

/** Fetches a trace page by page into the view, then follows it while it is young or not settled. */
export class TraceLoader {
  readonly #view: TraceView;
  readonly #deps: LoadDeps;
  status: 'loading' | 'complete' | 'failed' = $state('loading');
  failure: unknown = $state.raw(null);
  received = $state(0);
  expected = $state(0);
  isLive = $state(false);
  /** What the spans of the trace are labelled with. */
  labels: readonly TraceLabel[] = $state.raw([]);

  constructor(view: TraceView, deps: LoadDeps) {
    this.#view = view;
    this.#deps = deps;
  }

  /** Runs until the trace is complete or the signal ends it; failures become state. */
  async run(signal: AbortSignal): Promise<void> {
    this.status = 'loading';
    this.failure = null;
    try {
      let last = await this.#loadAll(signal);
      this.status = 'complete';
      const loadedMs = this.#deps.now();
      const isSettling = ({ trace }: TraceReply) =>
        trace.settled === false && this.#deps.now() - loadedMs < settlingForMs;
      while (((this.isLive = this.#isYoung(last)) || isSettling(last)) && !signal.aborted) {
        last = await this.#follow(last, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.isLive = false;
      this.failure = error;
      this.status = 'failed';
    }
  }

  async #loadAll(signal: AbortSignal): Promise<TraceReply> {
    let page: Page = { limit: firstPageSpans };
    for (let fetched = 0; ;) {
      const reply = await this.#deps.getPage(page, signal);
      fetched += reply.spans.length;
      this.labels = reply.labels ?? this.labels;
      const isLast = reply.nextCursor === null || fetched >= loadedSpansMax;
      this.#view.add(reply.trace, reply.spans, isLast);
      this.received = this.#view.table.length;
      this.expected = Math.max(reply.trace.spanCount, this.received);
      if (isLast || reply.nextCursor === null) return reply;
      page = { limit: pageSpans, cursor: reply.nextCursor };
    }
  }

  /**
   * Late spans may start before all others, so a changed trace is read anew as a whole. What cannot be read now is
   * tried again: the trace that is there stays.
   */
  async #follow(last: TraceReply, signal: AbortSignal): Promise<TraceReply> {
    const askedMs = this.#deps.now();
    const latest = await this.#readChanges(last, signal).catch(() => last);
    const restMs = Math.min(restMaxMs, (this.#deps.now() - askedMs) * restFactor);
    await this.#deps.wait(Math.max(pollEveryMs, restMs), signal);
    return latest;
  }

  async #readChanges(last: TraceReply, signal: AbortSignal): Promise<TraceReply> {
    if (!this.#deps.isWatched()) return last;
    const reply = await this.#deps.getPage({ limit: 1 }, signal);
    const isSame = JSON.stringify(reply.trace) === JSON.stringify(last.trace);
    return isSame ? reply : await this.#loadAll(signal);
  }

  #isYoung({ trace }: TraceReply): boolean {
    const endMs = Number(BigInt(trace.endTimeUnixNano) / 1_000_000n);
    // A clock that is ahead by more than this does not say when the trace ended.
    return Math.abs(this.#deps.now() - endMs) < liveForMs;
  }
}
