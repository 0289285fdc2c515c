import type { CostRow } from '../api/types.ts';
import { type GroupValues, labelKey, nameDimension, narrowTo } from './cost-drill.ts';
import { type CostFilters, type CostQuery, type GroupName, filterValueMax } from './cost-query.ts';

/** Parts of the chart with a colour of their own; the rest is “other”. */
export const topGroupsMax = 8;

/** What a row stands for, in the order of the grouping. */
export function readGroup(by: readonly GroupName[], row: CostRow): GroupValues {
  return by.map(
    (name) =>
      ((name.startsWith('label:') ? row.labels?.[labelKey(name)] : row[name as keyof CostRow]) as string | null) ??
      null,
  );
}

/** Equal for groups of equal values. */
export function keyOfGroup(values: GroupValues): string {
  return JSON.stringify(values);
}

/** `support · gpt-5-mini`, `no user`. */
export function nameGroup(by: readonly GroupName[], values: GroupValues): string {
  return by.map((name, place) => values[place] ?? nameNone(name)).join(' · ');
}

/** What stands for “has none”. */
export function nameNone(name: GroupName): string {
  if (name === 'costCentre') return 'unallocated';
  return `no ${nameDimension(name)}`;
}

/** The largest groups that can be asked for by name. */
export function pickTop(options: {
  by: readonly GroupName[];
  rows: readonly CostRow[];
  sizeOf: (row: CostRow) => bigint | null;
}): GroupValues[] {
  return options.rows
    .map((row) => ({ values: readGroup(options.by, row), size: options.sizeOf(row) ?? 0n }))
    .filter(({ values, size }) => size > 0n && values.every((value) => (value ?? '').length <= filterValueMax))
    .sort((a, b) => (a.size === b.size ? 0 : a.size < b.size ? 1 : -1))
    .slice(0, topGroupsMax)
    .map(({ values }) => values);
}

/**
 * Filters that select at least these groups, in as few questions as possible: “any of these” and “has none” cannot be asked in
 * one, so there is a question for each pattern of missing values.
 */
export function selectGroups(query: Pick<CostQuery, 'by' | 'filters'>, groups: readonly GroupValues[]): CostFilters[] {
  const patterns = Map.groupBy(groups, (values) => values.map((value) => value === null).join());
  return [...patterns.values()].map((ofPattern) =>
    ofPattern.map((values) => narrowTo(query, values)).reduce((all, one) => joinFilters(query.by, all, one)),
  );
}

/** Which colour each group has: one that it had keeps it, so that a refresh does not repaint the chart. */
export function assignSlots(before: ReadonlyMap<string, number>, keys: readonly string[]): Map<string, number> {
  const slots = new Map<string, number>();
  for (const key of keys) {
    const slot = before.get(key);
    if (slot !== undefined) slots.set(key, slot);
  }
  const taken = new Set(slots.values());
  const free = Array.from({ length: topGroupsMax }, (_, slot) => slot).filter((slot) => !taken.has(slot));
  for (const key of keys) if (!slots.has(key)) slots.set(key, free.shift() ?? 0);
  return slots;
}

function joinFilters(by: readonly GroupName[], first: CostFilters, second: CostFilters): CostFilters {
  const joined = { ...first };
  for (const name of by) {
    const filter = name.startsWith('label:') ? 'label' : (name as keyof CostFilters);
    const values = [...new Set([...(first[filter] ?? []), ...(second[filter] ?? [])])];
    if (values.length > 0) joined[filter] = values;
  }
  return joined;
}
