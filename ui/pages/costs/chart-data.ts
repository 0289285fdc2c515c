import type { CostRow } from '../../api/types.ts';
import type { GroupValues } from '../../state/cost-drill.ts';
import { keyOfGroup, nameGroup, readGroup } from '../../state/cost-groups.ts';
import { listIntervals } from '../../state/cost-intervals.ts';
import { measure } from '../../state/cost-measure.ts';
import type { CostView } from '../../state/cost-page.svelte.ts';

/** A colour of the chart: one of the top groups, or all others together. */
export interface ChartPart {
  key: string;
  /** Null: all others together. */
  values: GroupValues | null;
  label: string;
  colour: string;
}

/** One interval. */
export interface ChartColumn {
  startMs: number;
  endMs: number;
  /** Null: the cost is not known. Zero where nothing happened. */
  total: bigint | null;
  calls: number;
  /** Calls that are not in a sum of money. */
  missing: number;
  /** Of each part, in their order; null: not known. */
  values: readonly (bigint | null)[];
  /** The range covers only a part of the interval. */
  partial: boolean;
}

export interface ChartData {
  parts: readonly ChartPart[];
  columns: readonly ChartColumn[];
}

const otherKey = 'other';

/** The intervals of the window, empty ones as well, each with what every part has in it. */
export function buildChart(view: CostView): ChartData {
  const { query, window, interval } = view;
  const totals = new Map(view.byTime.map((row) => [startOf(row), row]));
  const cells = new Map(view.parts.map((row) => [`${startOf(row)} ${keyOfGroup(readGroup(query.by, row))}`, row]));
  const keys = view.top.map(keyOfGroup);
  const columns = listIntervals(interval, window).map(({ startMs, endMs }): ChartColumn => {
    const row = totals.get(startMs);
    const total = row === undefined ? 0n : measure(query.metric, row);
    const values = keys.map((key) => {
      const cell = cells.get(`${startMs} ${key}`);
      return cell === undefined ? 0n : measure(query.metric, cell);
    });
    const named = values.reduce<bigint>((sum, value) => sum + (value ?? 0n), 0n);
    // Two answers may be a moment apart: what was booked in between is no negative rest.
    const rest = (total ?? 0n) - named;
    return {
      ...{ startMs, endMs, total },
      calls: row?.usage.modelCalls ?? 0,
      missing: row?.cost.unpricedCalls ?? 0,
      values: [...values, rest > 0n ? rest : 0n],
      partial: startMs < window.fromMs || endMs > window.toMs,
    };
  });
  const parts = view.top.map((values, place): ChartPart => ({
    key: keys[place] ?? '',
    values,
    label: nameGroup(query.by, values),
    colour: `var(--series-${(view.slots.get(keys[place] ?? '') ?? 0) + 1})`,
  }));
  const other = { key: otherKey, values: null, label: nameOther(view), colour: 'var(--series-other)' };
  const hasOther = columns.some(({ values }) => (values.at(-1) ?? 0n) > 0n);
  if (hasOther) return { parts: [...parts, other], columns };
  return { parts, columns: columns.map((column) => ({ ...column, values: column.values.slice(0, -1) })) };
}

function startOf(row: CostRow): number {
  return Date.parse(row.time ?? '');
}

function nameOther({ groups, top }: CostView): string {
  const rest = groups.groupCount - top.length;
  return rest > 0 ? `${rest} ${rest === 1 ? 'other' : 'others'}` : 'other';
}
