/** What one day cost, in dollars. */
export interface DayCost {
  /** 1 (Monday) to 7. */
  weekday: number;
  usd: number;
}

interface MonthForecast {
  usd: number;
  lowUsd: number;
  highUsd: number;
  confidence: number;
  dailyUsd: number;
  historyDays: number;
  isWeekdayAware: boolean;
}

const historyDaysMin = 7;
/** Two of each weekday: with less, a busy Monday cannot be told from what Mondays are like. */
const weekdayDaysMin = 14;
/** What a day says is worth half after so many days. */
const halfLifeDays = 14;
/** One day in the middle weighs as much as this many observed ones in what a weekday is like. */
const weekdayShrinkage = 1;
/** Busy days come in a row: residuals of neighbours that go together widen the range, up to this much. */
const autocorrelationMax = 0.6;
const confidence = 0.8;
/** 80 % of a normal distribution lie within so many deviations. */
const deviations = 1.2816;

/**
 * What a month ends with: what is spent, and for each day to come the level of the recent days (weighted, half after 14 days)
 * times what its weekday is like. The range comes from how far past days were off that same fit: the spread of a sum of days
 * whose deviations go together as neighbours' did, and the uncertainty of the level itself. Undefined with fewer than seven
 * whole days. It knows no growth but what the recent days have, no holidays and no plans.
 */
export function forecastMonth(input: {
  spentUsd: number;
  /** Whole days without a gap, the oldest first. */
  history: readonly DayCost[];
  /** Today's weekday with the share of the day that is left, then whole days. */
  remaining: readonly { weekday: number; share: number }[];
}): MonthForecast | undefined {
  const { spentUsd, history, remaining } = input;
  if (history.length < historyDaysMin) return undefined;
  const weights = history.map((_, i) => 0.5 ** ((history.length - 1 - i) / halfLifeDays));
  const isWeekdayAware = history.length >= weekdayDaysMin;
  const factors = isWeekdayAware ? weekdayFactors(history, weights) : new Map<number, number>();
  const factorOf = (weekday: number) => factors.get(weekday) ?? 1;
  const fitted = add(history.map(({ weekday }, i) => (weights[i] ?? 0) * factorOf(weekday)));
  const level = fitted === 0 ? 0 : add(history.map(({ usd }, i) => (weights[i] ?? 0) * usd)) / fitted;
  const residuals = history.map(({ weekday, usd }) => usd - level * factorOf(weekday));
  const days = add(weights) ** 2 / add(weights.map((weight) => weight ** 2));
  const freedom = Math.max(1, days - 1);
  const variance = (add(residuals.map((one, i) => (weights[i] ?? 0) * one ** 2)) / add(weights)) * (days / freedom);
  const neighbours = autocorrelation(residuals);
  const stretch = (1 + neighbours) / (1 - neighbours);
  const ahead = add(remaining.map(({ share }) => share));
  const comingFactor = add(remaining.map(({ weekday, share }) => share * factorOf(weekday)));
  const spread = Math.sqrt(variance * stretch * (ahead + comingFactor ** 2 / days));
  // Student's t: a spread that was measured on few days is itself uncertain.
  const reach = (deviations + (deviations ** 3 + deviations) / (4 * freedom)) * spread;
  const usd = spentUsd + level * comingFactor;
  return {
    ...{ usd, lowUsd: Math.max(spentUsd, usd - reach), highUsd: usd + reach },
    ...{ confidence, dailyUsd: level, historyDays: history.length, isWeekdayAware },
  };
}

/** What each weekday costs of an average day; all seven together are seven average days. */
function weekdayFactors(history: readonly DayCost[], weights: readonly number[]): Map<number, number> {
  const mean = add(history.map(({ usd }, i) => (weights[i] ?? 0) * usd)) / add(weights);
  if (mean === 0) return new Map();
  const raw = [1, 2, 3, 4, 5, 6, 7].map((weekday) => {
    const own = history.flatMap((day, i) =>
      day.weekday === weekday ? [{ usd: day.usd, weight: weights[i] ?? 0 }] : [],
    );
    const ratio = add(own.map(({ usd, weight }) => usd * weight)) / add(own.map(({ weight }) => weight)) / mean;
    return (own.length * ratio + weekdayShrinkage) / (own.length + weekdayShrinkage);
  });
  const average = add(raw) / raw.length;
  return new Map(raw.map((factor, i) => [i + 1, factor / average]));
}

/** Of each day with the next, 0 to `autocorrelationMax`. */
function autocorrelation(residuals: readonly number[]): number {
  const square = add(residuals.map((one) => one ** 2));
  if (square === 0) return 0;
  const product = add(residuals.slice(1).map((one, i) => one * (residuals[i] ?? 0)));
  return Math.min(autocorrelationMax, Math.max(0, product / square));
}

function add(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
