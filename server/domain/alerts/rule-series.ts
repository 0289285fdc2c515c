import type { AlertRuleInput } from '../../contract/alert-rules.ts';
import { trendWindowOf, windowEndOf, windowOf } from './alert-window.ts';
import { formulaOf } from './metrics.ts';
import type { Reading } from './reading.ts';
import { SlidingWindow, type WindowSums } from './sliding-window.ts';
import { forecastOf, windowValue } from './window-value.ts';

/** The values of a rule's groups, by group key; a group that has nothing in the window is not in it. */
export type GroupValues = ReadonlyMap<string, number | null>;

interface GroupWindows {
  own: SlidingWindow;
  trend: SlidingWindow;
}

/**
 * The values of a rule at moments that only go forward, out of the parts of the time that its windows cover. One moment now and
 * each of the last thousand are worked out by the same code, so that a back-test says what a rule would have said.
 */
export class RuleSeries {
  readonly #rule: AlertRuleInput;
  readonly #groups: ReadonlyMap<string, GroupWindows>;

  /** The windows' ends must be where parts begin or end. */
  constructor(rule: AlertRuleInput, readings: ReadonlyMap<string, readonly Reading[]>) {
    this.#rule = rule;
    this.#groups = new Map(
      [...readings].map(([key, parts]) => [key, { own: new SlidingWindow(parts), trend: new SlidingWindow(parts) }]),
    );
  }

  valuesAt(atMs: number): GroupValues {
    const values = new Map<string, number | null>();
    const isForecast = formulaOf(this.#rule.metric) === 'forecast';
    const own = windowOf(this.#rule.window, atMs);
    for (const [key, windows] of this.#groups) {
      const sums = windows.own.moveTo(own);
      if (isForecast) {
        const trend = windows.trend.moveTo(trendWindowOf(this.#rule.window, atMs));
        if (sums !== undefined || trend !== undefined) values.set(key, this.#forecast(sums?.usd, trend?.usd, atMs));
      } else if (sums !== undefined && !isNothing(sums)) {
        values.set(key, windowValue(this.#rule, sums, atMs));
      }
    }
    return values;
  }

  #forecast(spent = 0n, trend = 0n, atMs: number): number {
    const { window } = this.#rule;
    const { fromMs, toMs } = trendWindowOf(window, atMs);
    const restMs = (windowEndOf(window, atMs) ?? atMs) - atMs;
    return forecastOf({ spent, trend, trendMs: toMs - fromMs, restMs });
  }
}

/** What was booked and taken back again is not there. */
function isNothing({ usd, whole, part, keys, items }: WindowSums): boolean {
  return usd === 0n && whole === 0 && part === 0 && keys.size === 0 && items.length === 0;
}

/** Of a group's value; null is the one group of a rule that has none. */
export function groupKeyOf(group: string | null): string {
  return group === null ? '' : `=${group}`;
}

export function groupOfKey(key: string): string | null {
  return key === '' ? null : key.slice(1);
}
