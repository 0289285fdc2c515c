import type { AlertEvent } from '../../contract/alerts.ts';
import type { AlertMetric } from '../../contract/alert-values.ts';
import { formatFigure, formatShare, formatUsd } from './format-figure.ts';

const metricLabels: Readonly<Record<AlertMetric, string>> = {
  spend: 'Spend',
  budget: 'Budget used',
  forecast: 'Forecast',
  cost_per_session: 'Cost per session',
  error_rate: 'Error rate',
  latency_p50: 'Latency, median',
  latency_p95: 'Latency, 95th percentile',
  latency_p99: 'Latency, 99th percentile',
  first_token_p95: 'First token, 95th percentile',
  token_growth_per_turn: 'Token growth per turn',
  loop: 'Equal tool calls in a row',
  tool_error_streak: 'Tool errors in a row',
  unpriced_calls: 'Calls without a price',
  missing_data: 'Time without data',
};

/** What happened, in two or three words: `Critical`, `Budget at 80 %`, `Resolved`. */
export function describeChange(event: AlertEvent): string {
  const { budget, to, severity, isReminder } = event;
  if (event.isTest) return 'Test';
  if (to === 'resolved' || to === 'ok') return 'Resolved';
  if (to === 'no_data') return 'No data';
  if (budget !== null) return isUsedUp(event) ? 'Budget used up' : `Budget at ${budget.threshold} %`;
  const level = severity === 'critical' ? 'critical' : 'warning';
  return isReminder ? `Still ${level}` : level.charAt(0).toUpperCase() + level.slice(1);
}

/** A mark that is seen before a word is read. */
export function markOf(event: AlertEvent): string {
  if (event.isTest) return '🧪';
  if (event.to === 'resolved' || event.to === 'ok') return '✅';
  if (event.to === 'no_data') return '⚪';
  return event.severity === 'critical' || isUsedUp(event) ? '🔴' : '🟠';
}

export function describeState({ to, severity }: AlertEvent): string {
  const state = to === 'no_data' ? 'no data' : to;
  return to === 'firing' && severity !== null ? `${state}, ${severity}` : state;
}

export function labelOfMetric({ metric }: AlertEvent): string {
  return metricLabels[metric];
}

/** How much of how much: `$41.20 of $50.00 (82.4 %)`, `12.5 %, limit 5 %`. */
export function describeAmount({ budget, value, limit, unit }: AlertEvent): string {
  if (budget !== null) {
    const [spent, amount] = [Number(budget.spentUsd), Number(budget.amountUsd)];
    return withShare(`${formatUsd(spent)} of ${formatUsd(amount)}`, formatShare(spent, amount));
  }
  if (value === null) return limit === null ? 'no data' : `no data, limit ${formatFigure(limit, unit)}`;
  if (limit === null) return formatFigure(value, unit);
  if (unit !== 'usd') return `${formatFigure(value, unit)}, limit ${formatFigure(limit, unit)}`;
  return withShare(`${formatFigure(value, unit)} of ${formatFigure(limit, unit)}`, formatShare(value, limit));
}

/** What the budget's action means now; undefined without one. */
export function describeAction(event: AlertEvent): string | undefined {
  if (event.action === null) return undefined;
  if (event.action === 'warn') return 'none: this budget only warns';
  const effect = {
    downgrade: 'calls go to a cheaper model',
    pause: 'sessions pause until the budget is raised or its period ends',
    block: 'calls are refused until the budget is raised or its period ends',
  }[event.action];
  if (!isUsedUp(event)) return `none yet; at 100 %: ${effect}`;
  const waiting = event.budget?.waitingSessions ?? 0;
  return waiting === 0 ? effect : `${waiting} ${waiting === 1 ? 'session waits' : 'sessions wait'} now; ${effect}`;
}

function isUsedUp({ budget }: AlertEvent): boolean {
  return budget !== null && budget.threshold >= 100;
}

function withShare(text: string, share: string | undefined): string {
  return share === undefined ? text : `${text} (${share})`;
}
