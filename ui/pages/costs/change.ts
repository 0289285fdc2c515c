import type { CostMetric } from '../../state/cost-query.ts';
import { exactMeasure } from '../../state/cost-measure.ts';

export interface Change {
  direction: 'up' | 'down' | 'same' | 'unknown';
  /** `+12.3 %`, `new`, `–`. */
  text: string;
  /** With both amounts to the last digit. */
  title: string;
  /** What rows are ordered by: the difference; null where it is not known. */
  difference: bigint | null;
}

/** From the previous period to this one. `before` is undefined where the group is not among those that were read. */
export function describeChange(options: {
  metric: CostMetric;
  now: bigint | null;
  before: bigint | null | undefined;
  /** What is not in one of the sums, as a sentence. */
  gap?: string | null;
}): Change {
  const { metric, now, before, gap } = options;
  if (before === undefined)
    return unknownChange('What it was in the previous period was not read: there are too many groups.');
  if (now === null || before === null) {
    return unknownChange(`The cost of ${now === null ? 'this' : 'the previous'} period is not known.`);
  }
  const difference = now - before;
  const sign = difference < 0n ? '−' : '+';
  const size = difference < 0n ? -difference : difference;
  const note = gap === null || gap === undefined ? '' : ` ${gap}`;
  const title = `${sign}${exactMeasure(metric, size)}: from ${exactMeasure(metric, before)} to ${exactMeasure(metric, now)}.${note}`;
  if (difference === 0n)
    return {
      direction: 'same',
      text: '0 %',
      title: `${exactMeasure(metric, now)} in both periods.${note}`,
      difference,
    };
  const direction = difference > 0n ? 'up' : 'down';
  if (before === 0n) return { direction, text: 'new', title, difference };
  return { direction, text: `${sign}${formatRatio(Number(size) / Number(before))}`, title, difference };
}

function unknownChange(title: string): Change {
  return { direction: 'unknown', text: '–', title, difference: null };
}

/** `0.4 %`, `12.3 %`, `140 %`. */
function formatRatio(ratio: number): string {
  const percent = ratio * 100;
  if (percent < 0.1) return '< 0.1 %';
  return `${percent >= 99.95 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}
