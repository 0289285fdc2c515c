import type { CostRow } from '../../api/types.ts';
import { toPico } from '../../components/exact-usd.ts';
import type { GroupValues } from '../../state/cost-drill.ts';
import { keyOfGroup, nameGroup, readGroup } from '../../state/cost-groups.ts';
import { measure } from '../../state/cost-measure.ts';
import type { CostView } from '../../state/cost-page.svelte.ts';
import type { CostColumn, CostOrder } from '../../state/cost-query.ts';
import { type Change, describeChange } from './change.ts';
import type { PerSession } from './session-costs.ts';

/** One row of the table. */
export interface GroupRow {
  key: string;
  values: GroupValues;
  /** All names together, for what is read out and for the order. */
  name: string;
  row: CostRow;
  size: bigint | null;
  /** Cached of all input tokens, 0 to 1; null without input. */
  cachedShare: number | null;
  /** Null unless compared. */
  change: Change | null;
  /** Null where sessions are not counted. */
  perSession: PerSession | null;
}

type SessionCosts = ((values: GroupValues) => PerSession) | null;

/** The groups of an answer in the order of a column; what is not known comes last either way. */
export function listGroupRows(view: CostView, order: CostOrder, sessionCosts: SessionCosts = null): GroupRow[] {
  const { query, groups, before } = view;
  const earlier = new Map(before?.rows.map((row) => [keyOfGroup(readGroup(query.by, row)), row]));
  const allRead = before !== null && before.rows.length >= before.groupCount;
  const rows = groups.rows.map((row): GroupRow => {
    const values = readGroup(query.by, row);
    const key = keyOfGroup(values);
    const past = earlier.get(key);
    const size = measure(query.metric, row);
    const { inputTokens, cacheReadTokens } = row.usage;
    return {
      ...{ key, values, row, size, name: nameGroup(query.by, values) },
      cachedShare: inputTokens === 0 ? null : cacheReadTokens / inputTokens,
      perSession: sessionCosts?.(values) ?? null,
      change:
        before === null
          ? null
          : describeChange({
              metric: query.metric,
              now: size,
              before: past === undefined ? (allRead ? 0n : undefined) : measure(query.metric, past),
            }),
    };
  });
  return [...rows, ...listGone(view, sessionCosts)].sort((a, b) => compareRows(a, b, order));
}

/** Groups of the period before that this one does not have: they changed as well. Unknown where not all were read. */
function listGone({ query, groups, before }: CostView, sessionCosts: SessionCosts): GroupRow[] {
  if (before === null || groups.rows.length < groups.groupCount) return [];
  const present = new Set(groups.rows.map((row) => keyOfGroup(readGroup(query.by, row))));
  return before.rows.flatMap((past): GroupRow[] => {
    const values = readGroup(query.by, past);
    const key = keyOfGroup(values);
    if (present.has(key)) return [];
    const row: CostRow = { ...past, ...nothing };
    const change = describeChange({ metric: query.metric, now: 0n, before: measure(query.metric, past) });
    const perSession = sessionCosts?.(values) ?? null;
    const name = nameGroup(query.by, values);
    return [{ key, values, row, change, size: 0n, name, cachedShare: null, perSession }];
  });
}

const nothing: Pick<CostRow, 'usage' | 'cost'> = {
  usage: {
    ...{ modelCalls: 0, inputTokens: 0, outputTokens: 0 },
    ...{ cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  },
  cost: { usd: '0', pricedCalls: 0, unpricedCalls: 0 },
};

/** The order after a click on a column: its own, the other way round where it had that already. */
export function nextOrder(column: CostColumn, order: CostOrder): CostOrder {
  if (order.column === column) return { column, descending: !order.descending };
  return { column, descending: column !== 'name' };
}

function compareRows(a: GroupRow, b: GroupRow, { column, descending }: CostOrder): number {
  const sign = descending ? -1 : 1;
  if (column === 'name') return sign * a.name.localeCompare(b.name);
  const [first, second] = [sizeOf(a, column), sizeOf(b, column)];
  if (first === null || second === null) return first === second ? byName(a, b) : first === null ? 1 : -1;
  return first === second ? byName(a, b) : first < second ? -sign : sign;
}

function byName(a: GroupRow, b: GroupRow): number {
  return a.name.localeCompare(b.name);
}

function sizeOf(
  { row, size, cachedShare, change, perSession }: GroupRow,
  column: Exclude<CostColumn, 'name'>,
): bigint | number | null {
  if (column === 'calls') return row.usage.modelCalls;
  if (column === 'input') return row.usage.inputTokens;
  if (column === 'output') return row.usage.outputTokens;
  if (column === 'cached') return cachedShare;
  if (column === 'cost') return measure('cost', row);
  if (column === 'session') return toPicoOrNull(perSession?.usd ?? null);
  return column === 'share' ? size : (change?.difference ?? null);
}

function toPicoOrNull(usd: string | null): bigint | null {
  return usd === null ? null : toPico(usd);
}
