import type { SessionCostsReply } from '../contract/cost-insights.ts';
import type { CostFileMetric, CostGroupName, CostInterval, CostRow } from '../contract/costs.ts';
import type { Cost, Usage } from '../contract/values.ts';
import { labelKeyOf } from './cost-filters.ts';
import { type CsvCell, formatCsv } from './csv.ts';
import { formatAmount, parseAmount } from './prices/amount.ts';

/** Every column after the dimensions; the name ends with its unit. */
const figures: readonly [header: string, of: (row: CostRow) => string | number | null][] = [
  ['model_calls', ({ usage }) => usage.modelCalls],
  ['priced_calls', ({ cost }) => cost.pricedCalls],
  ['unpriced_calls', ({ cost }) => cost.unpricedCalls],
  ['input_tokens', ({ usage }) => usage.inputTokens],
  ['output_tokens', ({ usage }) => usage.outputTokens],
  ['cache_read_tokens', ({ usage }) => usage.cacheReadTokens],
  ['cache_write_tokens', ({ usage }) => usage.cacheWriteTokens],
  ['reasoning_tokens', ({ usage }) => usage.reasoningTokens],
  ['cost_usd', ({ cost }) => cost.usd],
];

interface Sums {
  usage: Usage;
  cost: Cost;
}

interface CostFile {
  rows: readonly CostRow[];
  totals: Sums;
  groupBy: readonly CostGroupName[];
  interval: CostInterval | undefined;
  /** What shares and changes are of. */
  metric: CostFileMetric;
  /** The same groups in the period before; those that it has alone come last. */
  before?: readonly CostRow[] | undefined;
  /** What sessions cost, by the same groups: those that are not in it have none. Without a grouping its totals count. */
  sessions?: Pick<SessionCostsReply, 'totals' | 'rows'> | undefined;
}

/**
 * Costs as a file: one line a row, with exact decimals; what has no such value, or no known cost, is an empty cell. Shares and
 * changes in per cent have four digits.
 */
export function formatCostsCsv(file: CostFile): string {
  const { groupBy, interval, totals, metric, before, sessions } = file;
  const times = interval === undefined ? [] : [`${interval}_utc`];
  const unit = { cost: 'usd', tokens: 'tokens', calls: 'calls' }[metric];
  const compared = before === undefined ? [] : [`previous_${unit}`, `change_${unit}`, 'change_percent'];
  const earlier = new Map(before?.map((row) => [keyOf(row, groupBy), row]));
  const whole = sizeOf(totals, metric);
  const bySessions = sessions === undefined ? null : new Map(listSessionCosts(sessions, groupBy));
  const counted = bySessions === null ? [] : ['sessions', 'session_cost_usd', 'usd_per_session'];
  return formatCsv([
    [...times, ...groupBy, ...figures.map(([header]) => header), 'share_percent', ...compared, ...counted],
    ...[...sortBySize(file), ...goneRows(file)].map((row): CsvCell[] => {
      const size = sizeOf(row, metric);
      const past = earlier.get(keyOf(row, groupBy));
      const was = past === undefined ? 0n : sizeOf(past, metric);
      return [
        ...(interval === undefined ? [] : [row.time ?? null]),
        ...groupBy.map((name) => valueOf(row, name)),
        ...figures.map(([, of]) => toCell(of(row))),
        toCell(size === null ? null : percent(size, whole)),
        ...(before === undefined
          ? []
          : [
              toCell(was === null ? null : write(was, metric)),
              toCell(size === null || was === null ? null : write(size - was, metric)),
              toCell(size === null || was === null ? null : percent(size - was, was)),
            ]),
        ...(bySessions === null ? [] : sessionCells(bySessions.get(keyOf(row, groupBy)))),
      ];
    }),
  ]);
}

/** The database answers by cost; without intervals the file is in the order of what it is about. */
function sortBySize({ rows, interval, metric }: CostFile): readonly CostRow[] {
  if (interval !== undefined || metric === 'cost') return rows;
  return rows.toSorted((a, b) => Number((sizeOf(b, metric) ?? 0n) - (sizeOf(a, metric) ?? 0n)));
}

/** Groups of the period before that this one does not have: nothing was spent. */
function goneRows({ rows, before = [], groupBy }: CostFile): CostRow[] {
  const present = new Set(rows.map((row) => keyOf(row, groupBy)));
  const usage: Usage = {
    ...{ modelCalls: 0, inputTokens: 0, outputTokens: 0 },
    ...{ cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  };
  return before
    .filter((row) => !present.has(keyOf(row, groupBy)))
    .map((row) => ({ ...row, usage, cost: { usd: '0', pricedCalls: 0, unpricedCalls: 0 } }));
}

type SessionCosts = SessionCostsReply['totals'];

function listSessionCosts(
  { totals, rows }: Pick<SessionCostsReply, 'totals' | 'rows'>,
  groupBy: readonly CostGroupName[],
): [string, SessionCosts][] {
  return groupBy.length === 0 ? [['[]', totals]] : rows.map((row) => [JSON.stringify(row.values), row]);
}

function sessionCells(costs: SessionCosts | undefined): CsvCell[] {
  return [costs?.sessions ?? 0, costs?.cost.usd ?? null, costs?.usdPerSession ?? null].map(toCell);
}

/** Dollars are whole 10^-12; null: not known. */
function sizeOf({ usage, cost }: Sums, metric: CostFileMetric): bigint | null {
  if (metric === 'calls') return BigInt(usage.modelCalls);
  if (metric === 'tokens') return BigInt(usage.inputTokens + usage.outputTokens);
  if (cost.usd !== null) return parseAmount(cost.usd);
  return usage.modelCalls === 0 ? 0n : null;
}

function write(size: bigint, metric: CostFileMetric): string {
  return metric === 'cost' ? formatAmount(size) : String(size);
}

/** `12.3456`; null of nothing. */
function percent(part: bigint, whole: bigint | null): string | null {
  return whole === null || whole === 0n ? null : ((Number(part) / Number(whole)) * 100).toFixed(4);
}

function toCell(figure: string | number | null): CsvCell {
  return figure === null ? null : { figure };
}

function keyOf(row: CostRow, groupBy: readonly CostGroupName[]): string {
  return JSON.stringify(groupBy.map((name) => valueOf(row, name)));
}

function valueOf(row: CostRow, name: CostGroupName): string | null {
  const key = labelKeyOf(name);
  return (key === undefined ? row[name as Exclude<CostGroupName, `label:${string}`>] : row.labels?.[key]) ?? null;
}
