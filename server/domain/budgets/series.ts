import { budgetLimits } from '../../contract/budgets.ts';
import type { PeriodWindow } from '../calendar.ts';
import { formatAmount } from '../prices/amount.ts';
import { msPerDay, msPerHour } from '../time.ts';

const minuteMs = 60_000;
/** Lengths of a step that divide hours, days or years well. */
const stepsMs = [
  ...[minuteMs, 5 * minuteMs, 15 * minuteMs],
  ...[msPerHour, 2 * msPerHour, 3 * msPerHour, 6 * msPerHour, 12 * msPerHour],
  ...[msPerDay, 2 * msPerDay, 7 * msPerDay, 30 * msPerDay, 365 * msPerDay],
];

/** How a window is cut for its burn-down: equal steps from its begin up to now. */
export interface SeriesSteps {
  fromMs: number;
  stepMs: number;
  nowMs: number;
}

/** What was spent in each step, 10^-12 dollars; the last step is not over yet. */
export interface SpendSeries extends SeriesSteps {
  amounts: bigint[];
}

/** The smallest steps of which the whole window has no more than a chart can show. */
export function seriesSteps({ fromMs, toMs }: Pick<PeriodWindow, 'fromMs' | 'toMs'>, nowMs: number): SeriesSteps {
  const lengthMs = Math.max(toMs ?? nowMs, nowMs) - fromMs;
  const last = stepsMs.at(-1) ?? lengthMs;
  const stepMs = stepsMs.find((step) => lengthMs / step <= budgetLimits.seriesPointsMax - 1) ?? last;
  return { fromMs, stepMs, nowMs };
}

/** From sums by the start of their step; what lies after now (a clock that is ahead) is in the last step. */
export function toSeries(steps: SeriesSteps, sums: Iterable<{ ms: number; amount: bigint }>): SpendSeries {
  const { fromMs, stepMs, nowMs } = steps;
  const last = Math.max(0, Math.floor((nowMs - fromMs) / stepMs));
  const amounts = Array.from({ length: last + 1 }, () => 0n);
  for (const { ms, amount } of sums) {
    const at = Math.min(last, Math.max(0, Math.floor((ms - fromMs) / stepMs)));
    amounts[at] = (amounts[at] ?? 0n) + amount;
  }
  return { ...steps, amounts };
}

/** Spent since the window began, at the end of each step; the last point is now. */
export function describeSeries({ fromMs, stepMs, nowMs, amounts }: SpendSeries): { time: string; spentUsd: string }[] {
  let sum = 0n;
  return amounts.map((amount, i) => {
    sum += amount;
    const endMs = Math.min(fromMs + (i + 1) * stepMs, nowMs);
    return { time: new Date(endMs).toISOString(), spentUsd: formatAmount(sum) };
  });
}
