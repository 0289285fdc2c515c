import type { FacetName } from '../../api/types.ts';
import { kindLooks } from '../kinds.ts';

/** A filter by its name in the address and the API. The first ones are also facets. */
export type FilterName = FacetName | 'label' | 'minCostUsd' | 'minDurationMs';
export type Filters = Readonly<Partial<Record<FilterName, readonly string[]>>>;

export interface FilterField {
  name: FilterName;
  /** What is typed before the colon. */
  key: string;
  label: string;
  /** Several values, any of which matches. */
  many: boolean;
  /** What may stand after the colon, in words. */
  hint: string;
  /** All values there are, where that is known. */
  allowed?: readonly string[];
}

const facet = (name: FacetName, label: string, hint: string): FilterField => ({
  name,
  key: name,
  label,
  many: true,
  hint,
});

export const filterFields: readonly FilterField[] = [
  facet('agent', 'Agent', 'name of an agent'),
  facet('model', 'Model', 'name of a model'),
  { ...facet('status', 'Status', 'ok or error'), many: false, allowed: ['ok', 'error'] },
  { ...facet('kind', 'Span kind', 'kind of a span'), allowed: Object.keys(kindLooks) },
  facet('tool', 'Tool', 'name of a tool'),
  facet('provider', 'Provider', 'name of a provider'),
  facet('service', 'Service', 'name of a service'),
  facet('environment', 'Environment', 'such as production'),
  facet('user', 'User', 'id of a user'),
  facet('session', 'Session', 'id of a session'),
  { name: 'label', key: 'label', label: 'Label', many: true, hint: 'such as label:team=search' },
  { name: 'minDurationMs', key: 'duration', label: 'Duration', many: false, hint: 'at least, such as >2s or >500ms' },
  { name: 'minCostUsd', key: 'cost', label: 'Cost', many: false, hint: 'at least, in US dollars, such as >0.10' },
];

export const facetFields = filterFields.filter(
  (field): field is FilterField & { name: FacetName } =>
    field.name !== 'label' && field.name !== 'minCostUsd' && field.name !== 'minDurationMs',
);

/** The field of a key as typed, capitals or not. */
export function findField(key: string): FilterField | undefined {
  const name = key.toLowerCase();
  return filterFields.find((field) => field.key === name);
}
