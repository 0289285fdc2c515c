import { type Params, getJson } from './client.ts';
import type { FacetsReply, HistogramReply, ProjectsReply, SpanReply, TraceListReply, TraceReply } from './types.ts';

/** One page of a project's traces in the order of `sort`. */
export function listTraces(params: Params, signal?: AbortSignal): Promise<TraceListReply> {
  return getJson<TraceListReply>('/traces', params, signal);
}

/** Traces over time: buckets of equal width from `from` to `to`. */
export function getHistogram(params: Params, signal?: AbortSignal): Promise<HistogramReply> {
  return getJson<HistogramReply>('/traces/histogram', params, signal);
}

/** The commonest values of every filter. */
export function getFacets(params: Params, signal?: AbortSignal): Promise<FacetsReply> {
  return getJson<FacetsReply>('/facets', params, signal);
}

/** Projects that have received spans. */
export function listProjects(signal?: AbortSignal): Promise<ProjectsReply> {
  return getJson<ProjectsReply>('/projects', {}, signal);
}

/** A trace's summary and one page of its span skeletons, by start. */
export function getTrace(traceId: string, params: Params, signal?: AbortSignal): Promise<TraceReply> {
  return getJson<TraceReply>(`/traces/${encodeURIComponent(traceId)}`, params, signal);
}

/** One span with its messages, payloads and attributes. */
export function getSpan(
  ids: { traceId: string; spanId: string },
  params: Params,
  signal?: AbortSignal,
): Promise<SpanReply> {
  const path = `/traces/${encodeURIComponent(ids.traceId)}/spans/${encodeURIComponent(ids.spanId)}`;
  return getJson<SpanReply>(path, params, signal);
}
