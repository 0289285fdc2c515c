import type { CostDimension } from '../api/types.ts';
import {
  type CostFilterName,
  type CostFilters,
  type CostQuery,
  type GroupName,
  costDimensions,
  writeCostFilters,
  writeGroups,
} from './cost-query.ts';

/** A group of costs by the values of the dimensions it was grouped by; null = has none. */
export type GroupValues = readonly (string | null)[];
type ParamChanges = Record<string, string | readonly string[] | null>;

/** Into a group: its values become filters, and the next dimension that is still open is shown. */
export function drillDown(query: CostQuery, values: GroupValues): ParamChanges {
  const filters = narrowTo(query, values);
  return {
    ...writeCostFilters(filters),
    by: writeGroups([findNext(query.by, filters)]),
    drill: [...query.drill, query.by].map(writeGroups),
  };
}

/** The filters of one group. */
export function narrowTo({ by, filters }: Pick<CostQuery, 'by' | 'filters'>, values: GroupValues): CostFilters {
  return by.reduce((narrowed, name, place) => narrowOne(narrowed, name, values[place] ?? null), filters);
}

export interface Crumb {
  label: string;
  /** The address parameters of this step. */
  changes: ParamChanges;
}

/** The way back: one step for each grouping that was drilled through; the page itself is the last, without changes. */
export function listCrumbs(query: CostQuery): Crumb[] {
  return query.drill.map((by, place) => ({
    label: place === 0 ? `All ${by.map(namePlural).join(' and ')}` : nameStep(query, place - 1),
    changes: {
      ...writeCostFilters(query.drill.slice(place).flat().reduce(withoutGroup, query.filters)),
      by: writeGroups(by),
      drill: query.drill.slice(0, place).map(writeGroups),
    },
  }));
}

/** What was chosen last; null before the first step. */
export function nameLastStep(query: CostQuery): string | null {
  return query.drill.length === 0 ? null : nameStep(query, query.drill.length - 1);
}

/** The filters in words, one chip each. */
export function listChips(filters: CostFilters): { name: CostFilterName; value: string; key: string; text: string }[] {
  return (Object.entries(filters) as [CostFilterName, readonly string[]][]).flatMap(([name, values]) =>
    values.map((value) =>
      name === 'unattributed'
        ? { name, value, key: 'no ', text: value }
        : { name, value, key: `${name}:`, text: value },
    ),
  );
}

export function withoutFilter(filters: CostFilters, name: CostFilterName, value: string): CostFilters {
  const rest = (filters[name] ?? []).filter((one) => one !== value);
  const { [name]: _removed, ...others } = filters;
  return rest.length === 0 ? others : { ...others, [name]: rest };
}

export function withFilter(filters: CostFilters, name: CostFilterName, value: string): CostFilters {
  return { ...filters, [name]: [...new Set([...(filters[name] ?? []), value])] };
}

/** `agents`, `labels team`. */
export function namePlural(name: GroupName): string {
  return name.startsWith('label:') ? `labels ${labelKey(name)}` : `${nameDimension(name)}s`;
}

/** `agent`, `cost centre`, `label team`. */
export function nameDimension(name: GroupName): string {
  if (name.startsWith('label:')) return `label ${labelKey(name)}`;
  return name === 'costCentre' ? 'cost centre' : name;
}

/** `team` of `label:team`. */
export function labelKey(name: GroupName): string {
  return name.slice('label:'.length);
}

function narrowOne(filters: CostFilters, name: GroupName, value: string | null): CostFilters {
  const rest = withoutGroup(filters, name);
  if (value === null) return withFilter(rest, 'unattributed', name);
  if (name.startsWith('label:')) return withFilter(rest, 'label', `${labelKey(name)}=${value}`);
  return { ...rest, [name]: [value] };
}

/** Without the filters on one dimension, or on one label. */
function withoutGroup(filters: CostFilters, name: GroupName): CostFilters {
  const rest = withoutFilter(filters, 'unattributed', name);
  if (name.startsWith('label:')) {
    return labelValues(filters, name).reduce((fewer, value) => withoutFilter(fewer, 'label', value), rest);
  }
  const { [name as CostDimension]: _values, ...others } = rest;
  return others;
}

/** The `KEY=VALUE` filters of one key. */
function labelValues(filters: CostFilters, name: GroupName): string[] {
  return (filters.label ?? []).filter((value) => value.startsWith(`${labelKey(name)}=`));
}

/** The first dimension that is not down to one value yet; the last of all where every one is. */
function findNext(by: readonly GroupName[], filters: CostFilters): GroupName {
  const isOpen = (name: CostDimension) =>
    !by.includes(name) && filters[name]?.length !== 1 && filters.unattributed?.includes(name) !== true;
  return costDimensions.find(isOpen) ?? by[0] ?? 'agent';
}

function nameStep({ drill, filters }: CostQuery, place: number): string {
  const words = (drill[place] ?? []).map((name) => {
    if (filters.unattributed?.includes(name) === true) return `no ${name}`;
    const values = name.startsWith('label:') ? labelValues(filters, name) : filters[name as CostDimension];
    return values === undefined || values.length === 0 ? `any ${name}` : values.join(' or ');
  });
  return words.join(' · ');
}
