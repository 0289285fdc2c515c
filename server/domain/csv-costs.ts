import type { CostGroupName, CostInterval, CostRow } from '../contract/costs.ts';
import { labelKeyOf } from './cost-filters.ts';
import { type CsvCell, formatCsv } from './csv.ts';

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

/** Costs as a file: one line a row, with exact decimals; what has no such value, or no known cost, is an empty cell. */
export function formatCostsCsv(
  rows: readonly CostRow[],
  { groupBy, interval }: { groupBy: readonly CostGroupName[]; interval: CostInterval | undefined },
): string {
  const times = interval === undefined ? [] : [`${interval}_utc`];
  return formatCsv([
    [...times, ...groupBy, ...figures.map(([header]) => header)],
    ...rows.map((row): CsvCell[] => [
      ...(interval === undefined ? [] : [row.time ?? null]),
      ...groupBy.map((name) => valueOf(row, name)),
      ...figures.map(([, of]) => {
        const figure = of(row);
        return figure === null ? null : { figure };
      }),
    ]),
  ]);
}

function valueOf(row: CostRow, name: CostGroupName): string | null {
  const key = labelKeyOf(name);
  return (key === undefined ? row[name as Exclude<CostGroupName, `label:${string}`>] : row.labels?.[key]) ?? null;
}
