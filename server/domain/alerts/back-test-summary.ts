import type { AlertRuleInput } from '../../contract/alert-rules.ts';
import type { BackTestReply } from '../../contract/alerts.ts';
import type { BackTestChange, BackTestPlan, Firing } from './back-test.ts';
import { groupOfKey } from './rule-series.ts';

/** Groups and points that a chart has room for. */
const seriesMax = 8;
const pointsMax = 400;
/** Firings that are listed; all are counted. */
const firedMax = 500;

interface Point {
  atMs: number;
  value: number | null;
}

/** Gathers what a back-test finds into what is shown of it: when it fired, and the worst value of each part of the time. */
export class BackTestSummary {
  readonly #rule: AlertRuleInput;
  readonly #partMs: number;
  readonly #fromMs: number;
  readonly #open = new Map<string, Firing>();
  readonly #fired: Firing[] = [];
  readonly #points = new Map<string, Point[]>();
  #messages = 0;

  constructor(rule: AlertRuleInput, { fromMs, toMs, stepMs }: BackTestPlan) {
    this.#rule = rule;
    this.#fromMs = fromMs + stepMs;
    this.#partMs = Math.max(1, Math.ceil((toMs - fromMs) / stepMs / pointsMax)) * stepMs;
  }

  add(look: { atMs: number; values: ReadonlyMap<string, number | null>; changes: readonly BackTestChange[] }): void {
    this.#messages += look.changes.length;
    for (const change of look.changes) this.#note(change);
    for (const [key, value] of look.values) {
      const firing = this.#open.get(key);
      if (firing !== undefined) firing.peak = this.#worse(firing.peak, value);
      this.#draw(key, look.atMs, value);
    }
  }

  get summary(): Pick<BackTestReply, 'firedCount' | 'fired' | 'messages' | 'series'> {
    const byTime = this.#fired.toSorted((a, b) => b.fromMs - a.fromMs || (a.groupKey < b.groupKey ? -1 : 1));
    const worst = (points: readonly Point[]) =>
      points.reduce<number | null>((one, { value }) => this.#worse(one, value), null);
    const groups = [...this.#points]
      .map(([key, points]) => ({ key, points, worst: worst(points) }))
      .sort((a, b) => (a.worst === b.worst ? 0 : this.#worse(a.worst, b.worst) === a.worst ? -1 : 1));
    return {
      firedCount: this.#fired.length,
      fired: byTime.slice(0, firedMax).map(({ groupKey, ...firing }) => ({ group: groupOfKey(groupKey), ...firing })),
      messages: this.#messages,
      series: groups.slice(0, seriesMax).map(({ key, points }) => ({ group: groupOfKey(key), points })),
    };
  }

  #note({ groupKey, change, atMs }: BackTestChange): void {
    const open = this.#open.get(groupKey);
    if (change.to === 'firing') {
      if (open !== undefined) {
        if (change.severity === 'critical') open.severity = 'critical';
        return;
      }
      const firing: Firing = {
        ...{ groupKey, severity: change.severity ?? 'warning', fromMs: atMs, toMs: null, peak: null },
      };
      this.#open.set(groupKey, firing);
      this.#fired.push(firing);
    } else if (open !== undefined) {
      open.toMs = atMs;
      this.#open.delete(groupKey);
    }
  }

  #draw(key: string, atMs: number, value: number | null): void {
    const points = this.#points.get(key) ?? [];
    if (points.length === 0) this.#points.set(key, points);
    const partAtMs = this.#fromMs + Math.floor((atMs - this.#fromMs) / this.#partMs) * this.#partMs;
    const last = points.at(-1);
    if (last?.atMs === partAtMs) last.value = this.#worse(last.value, value);
    else points.push({ atMs: partAtMs, value });
  }

  #worse(one: number | null, other: number | null): number | null {
    if (one === null || other === null) return one ?? other;
    return this.#rule.operator === '>' ? Math.max(one, other) : Math.min(one, other);
  }
}
