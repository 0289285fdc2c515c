import type { AlertMetric, BackTestReply } from '../../api/alerts.ts';
import { countOf } from '../../components/format.ts';
import { formatMoment, formatWidth } from '../../components/time.ts';
import { formatValue } from './alert-metrics.ts';

type Firing = BackTestReply['fired'][number];

/** `It would have fired 4 times in the last 14 days.` */
export function countFirings({ firedCount }: Pick<BackTestReply, 'firedCount'>, days: number): string {
  const when = `in the last ${days} days`;
  if (firedCount === 0) return `It would not have fired ${when}.`;
  return `It would have fired ${firedCount === 1 ? 'once' : countOf(firedCount, 'time')} ${when}.`;
}

/** What a count of firings means for who gets the messages; null where it is neither silent nor loud. */
export function judgeFirings(
  { firedCount, series }: Pick<BackTestReply, 'firedCount' | 'series'>,
  days: number,
): string | null {
  const hasValues = series.some(({ points }) => points.some(({ value }) => value !== null));
  if (!hasValues) return 'There is no data to try it on: no value of this metric, with these filters, in that time.';
  // More than three a day is what people mute.
  if (firedCount > days * 3)
    return 'That is more than three a day. A higher limit, or a longer wait before it fires, calms it.';
  if (firedCount === 0) return 'The chart shows how far the values stay from the limits.';
  return null;
}

/** `critical`, `12 Nov, 14:00`, `for 2 h`, `$61.20`. */
export function describeFiring(
  firing: Firing,
  metric: AlertMetric,
  nowMs: number,
): { when: string; long: string; peak: string } {
  const { fromMs, toMs, peak } = firing;
  return {
    when: formatMoment(fromMs, nowMs),
    long: toMs === null ? 'still' : formatWidth(Math.max(toMs - fromMs, 60_000)),
    peak: formatValue(metric, peak),
  };
}
