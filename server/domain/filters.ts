import type { SpanKind } from '../contract/values.ts';
import type { LabelFilters } from './label-filters.ts';
import type { TextQuery } from './text-query.ts';
import type { UnixNano } from './time.ts';

/** From inclusive, to exclusive. */
export interface TimeWindow {
  from: UnixNano;
  to: UnixNano;
}

/** What a list is narrowed to. A list of values means any of them; different filters must all hold. */
export interface Filters {
  agent?: readonly string[] | undefined;
  model?: readonly string[] | undefined;
  user?: readonly string[] | undefined;
  session?: readonly string[] | undefined;
  tool?: readonly string[] | undefined;
  provider?: readonly string[] | undefined;
  service?: readonly string[] | undefined;
  environment?: readonly string[] | undefined;
  kind?: readonly SpanKind[] | undefined;
  labels?: LabelFilters | undefined;
  status?: 'ok' | 'error' | undefined;
  minDurationMs?: number | undefined;
  minCostUsd?: string | undefined;
  text?: TextQuery | undefined;
}

/** The filters that compare a span's own column with a list of values. */
export const valueFilters = [
  'agent',
  'model',
  'user',
  'session',
  'tool',
  'provider',
  'service',
  'environment',
  'kind',
] as const;
export type ValueFilter = (typeof valueFilters)[number];
