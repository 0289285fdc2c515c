import { formatUsd } from '../../components/format.ts';
import { formatMoment } from '../../components/time.ts';
import { type BurnData, idealAt } from './burn-geometry.ts';

/** `$12.30 left at 22 Nov, 14:00; an even pace would have left $14.00`. */
export function describePoint(data: BurnData, place: number): string {
  const point = data.points[place];
  if (point === undefined) return 'No moment chosen';
  const ideal = idealAt(data, point.ms);
  const pace = ideal === null ? '' : `; an even pace would have left ${dollars(ideal)}`;
  return `${formatMoment(point.ms, data.nowMs)}: ${leftWords(point.leftUsd)}${pace}`;
}

/** `$3.00 left`, `$3.00 over`. */
export function leftWords(leftUsd: number): string {
  return leftUsd < 0 ? `${dollars(-leftUsd)} over` : `${dollars(leftUsd)} left`;
}

/** The whole drawing in a sentence, for who cannot see it. */
export function describeBurn(data: BurnData): string {
  const now = `Now ${leftWords(data.leftNowUsd)} of ${dollars(data.amountUsd)}`;
  const exhaustedMs = data.projection?.exhaustedMs ?? null;
  if (exhaustedMs === null) return `${now}.`;
  return `${now}; at this pace used up ${formatMoment(exhaustedMs, data.nowMs)}.`;
}

/** A drawn amount, to a millionth of a dollar. */
export function dollars(usd: number): string {
  return formatUsd(usd.toFixed(6));
}
