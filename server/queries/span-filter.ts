import type { Filters, ValueFilter } from '../domain/filters.ts';
import { valueFilters } from '../domain/filters.ts';
import type { QueryParameters } from './db.ts';
import { textParameters } from './text-search.ts';

/** The model a span is priced by and grouped under. */
export const modelColumn = "if(response_model = '', request_model, response_model)";

/** Whether a span's own columns match one filter; values are bound under the filter's name. */
const valueConditions: Readonly<Record<ValueFilter, string>> = {
  agent: 'agent_name IN {agent:Array(String)}',
  model: '(response_model IN {model:Array(String)} OR request_model IN {model:Array(String)})',
  user: 'user_id IN {user:Array(String)}',
  session: 'session_id IN {session:Array(String)}',
  tool: 'tool_name IN {tool:Array(String)}',
  provider: 'provider IN {provider:Array(String)}',
  service: 'service_name IN {service:Array(String)}',
  environment: 'environment IN {environment:Array(String)}',
  kind: 'kind IN {kind:Array(String)}',
};

/** A filter on a span's own columns: a value filter, or that on the values of one label. */
export type SpanFilterName = ValueFilter | `label:${string}`;

/** The condition of every such filter that is set. Bind `filterParameters`. */
export function spanConditions(filters: Filters): { name: SpanFilterName; sql: string }[] {
  return [
    ...activeValueFilters(filters).map((name) => ({ name, sql: valueConditions[name] })),
    ...labelConditions(filters).map(({ key, sql }) => ({ name: `label:${key}` as const, sql })),
  ];
}

/** For each key that is filtered by: the row's own label has one of the values. */
export function labelConditions({ labels = new Map() }: Filters): { key: string; sql: string }[] {
  return [...labels.keys()].map((key, place) => ({
    key,
    sql: `labels[{labelKey${place}:String}] IN {labelValues${place}:Array(String)}`,
  }));
}

/** The value filters that are set, and the values to bind for them. */
export function activeValueFilters(filters: Filters): ValueFilter[] {
  return valueFilters.filter((name) => filters[name] !== undefined);
}

export function filterParameters(filters: Filters): QueryParameters {
  const values: Record<string, string | readonly string[]> = {};
  for (const name of activeValueFilters(filters)) values[name] = filters[name] ?? [];
  for (const [place, [key, wanted]] of [...(filters.labels ?? [])].entries()) {
    values[`labelKey${place}`] = key;
    values[`labelValues${place}`] = wanted;
  }
  return {
    ...values,
    minCostUsd: filters.minCostUsd ?? '0',
    minDurationNs: BigInt(filters.minDurationMs ?? 0) * 1_000_000n,
    ...textParameters(filters.text),
  };
}
