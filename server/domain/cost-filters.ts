import { type CostDimension, type CostFilterQuery, costDimensions, type CostGroupName } from '../contract/costs.ts';
import { type LabelFilters, readLabelFilters } from './label-filters.ts';

/** What sums of the ledger are narrowed to. A list of values means any of them; different filters must all hold. */
export interface CostFilters {
  values: Readonly<Partial<Record<CostDimension, readonly string[]>>>;
  labels: LabelFilters;
  /** Dimensions that must be empty. */
  unattributed: readonly CostGroupName[];
}

/** The key of a `label:KEY` dimension; undefined of any other. */
export function labelKeyOf(name: CostGroupName): string | undefined {
  return name.startsWith('label:') ? name.slice('label:'.length) : undefined;
}

export function toCostFilters(query: CostFilterQuery): CostFilters {
  const values = costDimensions.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]] as const]));
  const labels = readLabelFilters(query.label);
  return { values: Object.fromEntries(values), labels, unattributed: query.unattributed ?? [] };
}

/** Every dimension that the filters look at. */
export function filteredDimensions({ values, labels, unattributed }: CostFilters): CostGroupName[] {
  const names = costDimensions.filter((name) => values[name] !== undefined);
  return [...names, ...[...labels.keys()].map((key) => `label:${key}` as const), ...unattributed];
}
