import type { Cost, Usage } from '../api/types.ts';
import { fromPico, toPico } from '../components/exact-usd.ts';
import {
  countOf,
  exactCount,
  exactTokens,
  exactUsd,
  formatCount,
  formatTokens,
  formatUsd,
  unknown,
} from '../components/format.ts';
import type { CostMetric } from './cost-query.ts';

export interface Sums {
  usage: Usage;
  cost: Cost;
}

/** What a metric is of some sums: whole 10^-12 dollars, tokens or calls; null where the cost is not known. */
export function measure(metric: CostMetric, { usage, cost }: Sums): bigint | null {
  if (metric === 'cost' && cost.usd !== null) return toPico(cost.usd);
  // Nothing happened: that costs nothing, which is known.
  const isEmpty = usage.modelCalls === 0 && usage.inputTokens === 0 && usage.outputTokens === 0;
  if (metric === 'cost') return isEmpty ? 0n : null;
  return BigInt(metric === 'calls' ? usage.modelCalls : usage.inputTokens + usage.outputTokens);
}

/** As a number to draw; money in dollars. */
export function toNumber(metric: CostMetric, value: bigint): number {
  return metric === 'cost' ? Number(fromPico(value)) : Number(value);
}

/** `$1.24`, `12.4 k tok`, `1,204 calls`. */
export function formatMeasure(metric: CostMetric, value: bigint | null): string {
  if (value === null) return unknown;
  if (metric === 'cost') return formatUsd(fromPico(value));
  return metric === 'tokens' ? formatTokens(Number(value)) : countOf(Number(value), 'call');
}

/** Every digit. */
export function exactMeasure(metric: CostMetric, value: bigint | null): string {
  if (value === null) return 'unknown';
  if (metric === 'cost') return exactUsd(fromPico(value));
  return metric === 'tokens' ? exactTokens(Number(value)) : countOf(Number(value), 'call');
}

/** A mark of an axis; its unit stands beside the axis, except that of money. */
export function formatMark(metric: CostMetric, value: number): string {
  if (metric !== 'cost') return value < 1_000 ? exactCount(value) : formatCount(value).replace(/\.0+(?= )/, '');
  return value === 0 ? '$0' : formatUsd(String(value));
}

/** `12.4 %`, `< 0.1 %`. */
export function formatShare(part: bigint | null, whole: bigint | null): string {
  if (part === null || whole === null || whole <= 0n) return unknown;
  const perMille = (Number(part) / Number(whole)) * 1_000;
  if (part > 0n && perMille < 1) return '< 0.1 %';
  return `${(Math.round(perMille) / 10).toFixed(1)} %`;
}
