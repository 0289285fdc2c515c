import { createContext } from 'svelte';
import { type ApiFailure, type Params, isAborted, toFailure } from '../api/client.ts';
import { getFacets, getHistogram } from '../api/traces.ts';
import { LabelFacets } from './label-facets.svelte.ts';
import type { FacetsReply, HistogramReply } from '../api/types.ts';

export type Facet = FacetsReply['facets'][number];

/** What surrounds the list: traces over time, and the values to filter by. Each may fail without the other. */
export class TraceOverview {
  histogram: HistogramReply | null = $state.raw(null);
  histogramFailure: ApiFailure | null = $state.raw(null);
  facets: readonly Facet[] | null = $state.raw(null);
  facetsFailure: ApiFailure | null = $state.raw(null);

  readonly labels = new LabelFacets();

  #controller = new AbortController();

  /** Traces that match, in the whole range; null until known. */
  readonly total: { traces: number; errors: number } | null = $derived(sumBuckets(this.histogram));

  /** Loads both; what is shown stays until its successor is there. */
  async load(params: Params): Promise<void> {
    this.#controller.abort();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    await Promise.all([
      this.labels.load(params),
      getHistogram(params, signal).then(
        (reply) => {
          this.histogram = reply;
          this.histogramFailure = null;
        },
        (error: unknown) => {
          if (!isAborted(error)) this.histogramFailure = toFailure(error);
        },
      ),
      getFacets(params, signal).then(
        (reply) => {
          this.facets = reply.facets;
          this.facetsFailure = null;
        },
        (error: unknown) => {
          if (!isAborted(error)) this.facetsFailure = toFailure(error);
        },
      ),
    ]);
  }

  stop(): void {
    this.#controller.abort();
    this.labels.stop();
  }
}

export const [getTraceOverview, setTraceOverview] = createContext<TraceOverview>();

function sumBuckets(histogram: HistogramReply | null): { traces: number; errors: number } | null {
  if (histogram === null) return null;
  let [traces, errors] = [0, 0];
  for (const bucket of histogram.buckets) {
    traces += bucket.traceCount;
    errors += bucket.errorCount;
  }
  return { traces, errors };
}
