import type { AlertCause, AlertChange, AlertEvent } from '../../api/alerts.ts';
import { formatCount, formatDuration, formatTokens, formatUsd } from '../../components/format.ts';
import { formatMoment } from '../../components/time.ts';
import { formatValue } from './alert-metrics.ts';
import { nameGroupBy } from './rule-words.ts';
import { nameState, type StateTone } from './state-words.ts';

/** What an event tells, as a chip: `critical`, `resolved`, `80 % of the budget`. */
export function nameEvent(event: AlertEvent): { text: string; tone: StateTone } {
  if (event.budget !== null) {
    const { threshold } = event.budget;
    return { text: `${threshold} % of budget`, tone: threshold >= 100 ? 'danger' : 'warning' };
  }
  const shown = nameState(event.to, event.severity);
  return event.isReminder ? { ...shown, text: `still ${shown.text}` } : shown;
}

/** `agent support`, `user u-1`; null where the rule has no groups. */
export function nameEventGroup({ group, groupBy, budget }: AlertEvent): string | null {
  if (budget !== null) return budget.value;
  if (groupBy === null) return group;
  return group === null || group === '' ? `no ${nameGroupBy(groupBy)}` : `${nameGroupBy(groupBy)} ${group}`;
}

/** `$61.20, limit $50`; a budget's exact sums. */
export function describeValue(event: AlertEvent): string {
  if (event.budget !== null) return `${formatUsd(event.budget.spentUsd)} of ${formatUsd(event.budget.amountUsd)}`;
  const { metric, value, limit } = event;
  const shown = formatValue(metric, value);
  return limit === null ? shown : `${shown}, limit ${formatValue(metric, limit)}`;
}

/** `agent support $12.40, +35 %`. */
export function describeCause({ dimension, value, amount, unit, change }: AlertCause): string {
  return `${nameGroupBy(dimension)} ${value} ${formatAmount(amount, unit)}, ${nameChange(change)}`;
}

/** `agent support: revision 4f2a → 91c0, 14:05`. */
export function describeChange({ what, agent, from, to, atMs }: AlertChange, nowMs: number): string {
  const before = from === null ? '' : `${from} → `;
  return `${agent}: ${what} ${before}${to}, ${formatMoment(atMs, nowMs)}`;
}

/** What comes if it goes on; null where nobody can tell. */
export function describeProjection({ projection }: AlertEvent, nowMs: number): string | null {
  if (projection === null) return null;
  const { exhaustedAtMs, usdAtEnd } = projection;
  const parts = [
    ...(exhaustedAtMs === null ? [] : [`used up ${formatMoment(exhaustedAtMs, nowMs)}`]),
    ...(usdAtEnd === null ? [] : [`${formatUsd(usdAtEnd)} at the end of the period`]),
  ];
  return parts.length === 0 ? null : `At this rate: ${parts.join(', ')}.`;
}

function formatAmount(amount: number, unit: AlertCause['unit']): string {
  if (unit === 'usd') return formatUsd(amount.toFixed(12));
  if (unit === 'percent') return `${Math.round(amount * 10) / 10} %`;
  if (unit === 'tokens') return formatTokens(amount);
  if (unit === 'count') return formatCount(amount);
  return formatDuration(BigInt(Math.round(amount * (unit === 'ms' ? 1 : 60_000))) * 1_000_000n);
}

function nameChange(change: number | null): string {
  if (change === null) return 'new';
  // From ten times on, per cent are no longer read.
  if (change >= 9) return `${formatCount(Math.round(change + 1))} times as much`;
  const percent = Math.round(change * 100);
  return percent === 0 ? 'as before' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`;
}
