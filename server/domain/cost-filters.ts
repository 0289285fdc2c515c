import { type CostDimension, type CostFilterQuery, costDimensions, type CostGroupName } from '../contract/costs.ts';
import { type LabelFilters, readLabelFilters } from './label-filters.ts';
import type { OwnerMatcher } from './owners/owner-rule.ts';

/** What sums of the ledger are narrowed to. A list of values means any of them; different filters must all hold. */
export interface CostFilters {
  values: Readonly<Partial<Record<CostDimension, readonly string[]>>>;
  labels: LabelFilters;
  /** Dimensions that must be empty. */
  unattributed: readonly CostGroupName[];
  /** Who owns what: needed where a filter or a grouping is `costCentre` or `team`. */
  owners?: readonly OwnerMatcher[] | undefined;
}

/** What no column has: it follows from the owner rules. */
const ownerDimensions = ['costCentre', 'team'] as const;
export type OwnerDimension = (typeof ownerDimensions)[number];

export function isOwnerDimension(name: CostGroupName): name is OwnerDimension {
  return (ownerDimensions as readonly string[]).includes(name);
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

/** The dimensions that have a column, with those that owner rules look at in the place of what follows from them. */
export function storedDimensions(
  names: readonly CostGroupName[],
  owners: readonly Pick<OwnerMatcher, 'match'>[] = [],
): CostGroupName[] {
  const ofRules = owners.flatMap(({ match: { agent, user, label } }): CostGroupName[] => [
    ...(agent === undefined ? [] : (['agent'] as const)),
    ...(user === undefined ? [] : (['user'] as const)),
    ...(label === undefined ? [] : [`label:${label.key}` as const]),
  ]);
  return [...new Set(names.flatMap((name) => (isOwnerDimension(name) ? ofRules : [name])))];
}
