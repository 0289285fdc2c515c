import type { AlertMetric } from '../../contract/alert-values.ts';
import { formatAmount } from '../prices/amount.ts';
import { formulaOf, percentileOf } from './metrics.ts';
import { durationOfBin, type ReadingItem } from './reading.ts';
import type { WindowSums } from './sliding-window.ts';

const msPerMinute = 60_000;
/** Fewer turns say nothing of a trend. */
const growthTurnsMin = 3;

/** The value of a window that has anything in it; null: it cannot be told. A forecast is made by `forecastOf`. */
export function windowValue(
  { metric, minimumCount }: { metric: AlertMetric; minimumCount: number },
  sums: WindowSums,
  toMs: number,
): number | null {
  switch (formulaOf(metric)) {
    case 'usd':
    case 'forecast':
      return dollars(sums.usd);
    case 'usdPerKey': {
      const sessions = [...sums.keys.values()].filter((count) => count > 0).length;
      return sessions < minimumCount ? null : dollars(sums.usd) / sessions;
    }
    case 'share':
      return sums.whole < minimumCount ? null : Number(((sums.part / sums.whole) * 100).toFixed(3));
    case 'percentile':
      return percentile(sums.bins, { share: percentileOf(metric), minimumCount });
    case 'growth':
      return growthPerTurn(sums.items);
    case 'mostOfKey':
      return sums.keys.values().reduce((most, count) => Math.max(most, count), 0);
    case 'streak':
      return longestStreak(sums.items);
    case 'count':
      return sums.part;
    case 'silence':
      return Math.max(0, Math.floor((toMs - sums.lastMs) / msPerMinute));
  }
}

/** What will be spent when the window ends: what was spent, and the rest of the time at the speed of late. */
export function forecastOf(request: { spent: bigint; trend: bigint; trendMs: number; restMs: number }): number {
  return dollars(request.spent) + (dollars(request.trend) / request.trendMs) * request.restMs;
}

/** Of 10^-12 dollars. */
export function dollars(amount: bigint): number {
  return Number(formatAmount(amount));
}

function percentile(
  bins: ReadonlyMap<number, number>,
  { share, minimumCount }: { share: number; minimumCount: number },
): number | null {
  const sorted = [...bins].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0 || total < minimumCount) return null;
  let rest = Math.ceil(total * share);
  for (const [bin, count] of sorted) {
    rest -= count;
    if (rest <= 0) return durationOfBin(bin);
  }
  return null;
}

/** Tokens by which the input of a turn is larger than that of the one before, on average; of the session where it is most. */
function growthPerTurn(items: readonly ReadingItem[]): number | null {
  let most: number | null = null;
  for (const turnsOfSession of groupItems(items).values()) {
    const turns = [...Map.groupBy(turnsOfSession, ({ part }) => part).values()].map((calls) => ({
      atUs: Math.min(...calls.map(({ atUs }) => atUs)),
      tokens: Math.max(...calls.map(({ amount }) => amount)),
    }));
    turns.sort((a, b) => a.atUs - b.atUs || a.tokens - b.tokens);
    const [first, last] = [turns[0], turns.at(-1)];
    if (turns.length < growthTurnsMin || first === undefined || last === undefined) continue;
    const growth = Math.round((last.tokens - first.tokens) / (turns.length - 1));
    most = most === null ? growth : Math.max(most, growth);
  }
  return most;
}

/** The most failures of one tool, one after the other. */
function longestStreak(items: readonly ReadingItem[]): number {
  let longest = 0;
  for (const calls of groupItems(items).values()) {
    let streak = 0;
    for (const { amount } of calls) {
      streak = amount > 0 ? streak + 1 : 0;
      longest = Math.max(longest, streak);
    }
  }
  return longest;
}

/** By key, each in the order of time. */
function groupItems(items: readonly ReadingItem[]): Map<string, ReadingItem[]> {
  const sorted = items.toSorted((a, b) => a.atUs - b.atUs || (a.part < b.part ? -1 : a.part > b.part ? 1 : 0));
  return Map.groupBy(sorted, ({ key }) => key);
}
