import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertRuleInput } from '../../../../../server/contract/alert-rules.ts';
import { readWindowOf } from '../../../../../server/domain/alerts/alert-window.ts';
import { type BackTestPlan, planBackTest, runBackTest } from '../../../../../server/domain/alerts/back-test.ts';
import { BackTestSummary } from '../../../../../server/domain/alerts/back-test-summary.ts';
import { emptyReading, type Reading } from '../../../../../server/domain/alerts/reading.ts';
import { RuleSeries } from '../../../../../server/domain/alerts/rule-series.ts';
import { type GroupStates, stepRule } from '../../../../../server/domain/alerts/step-rule.ts';
import { ruleOf } from '../../../../support/alert-rules.ts';

const nowMs = Date.parse('2026-11-20T12:00:17Z');
const hourMs = 3_600_000;

/** One sample: what a reading of an instant would be. */
interface Sample {
  atMs: number;
  group: string;
  size: number;
}

/** The parts of a window, as the database would sum them up. */
function readParts(
  samples: readonly Sample[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
  cutOf: (ms: number) => number,
) {
  const groups = new Map<string, Reading[]>();
  const inside = samples.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  for (const [key, all] of Map.groupBy(inside, ({ group }) => group)) {
    const parts = [...Map.groupBy(all, ({ atMs }) => cutOf(atMs))].map(([atMs, part]) => ({
      ...emptyReading,
      atMs,
      usd: part.reduce((sum, { size }) => sum + BigInt(size) * 1_000_000_000_000n, 0n),
      whole: part.length,
      part: part.filter(({ size }) => size > 5).length,
      bins: [...Map.groupBy(part, ({ size }) => size * 10)].map(([bin, list]) => [bin, list.length] as const),
      keys: [...Map.groupBy(part, ({ size }) => String(size % 3))].map(([one, list]) => [one, list.length] as const),
      items: part.map(({ atMs: ms, size }) => ({
        key: 'tool',
        part: String(ms),
        atUs: ms * 1_000,
        amount: size > 5 ? 1 : 0,
      })),
      lastMs: Math.max(...part.map(({ atMs: ms }) => ms)),
    }));
    groups.set(key, parts);
  }
  return groups;
}

/** The same rule as it is looked at live: at each tick a question of its own. */
function runLive(rule: AlertRuleInput, plan: BackTestPlan, samples: readonly Sample[]) {
  let states: GroupStates = new Map();
  const changes: unknown[] = [];
  for (let atMs = plan.fromMs + plan.stepMs; atMs <= plan.toMs; atMs += plan.stepMs) {
    const { read, cutsMs } = readWindowOf(rule, atMs);
    const readings = readParts(samples, read, (ms) => cutsMs.findLast((cut) => cut <= ms) ?? read.fromMs);
    const values = new RuleSeries(rule, readings).valuesAt(atMs);
    const step = stepRule(rule, states, { atMs, values, isSilenced: () => false, isAcknowledged: () => false });
    states = step.states;
    changes.push(...step.changes.map((change) => ({ atMs, ...change })));
  }
  return changes;
}

const metrics = [
  'spend',
  'error_rate',
  'latency_p95',
  'cost_per_session',
  'tool_error_streak',
  'loop',
  'forecast',
  'missing_data',
] as const;

describe('a back-test', () => {
  it('tells what live evaluation would have told on the same data', () => {
    const rules = fc.record({
      metric: fc.constantFrom(...metrics),
      isGrouped: fc.boolean(),
      minutes: fc.constantFrom(60, 180, 400),
      unit: fc.constantFrom('day' as const, 'week' as const),
      isCalendar: fc.boolean(),
      forSeconds: fc.constantFrom(0, 600),
      noDataAs: fc.constantFrom('ok' as const, 'no_data' as const),
      limit: fc.integer({ min: 0, max: 60 }),
    });
    const samples = fc.array(
      fc.record({
        agoMinutes: fc.integer({ min: 1, max: 3 * 1_440 }),
        group: fc.constantFrom('=a', '=b'),
        size: fc.integer({ min: 0, max: 12 }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(rules, samples, ({ metric, isGrouped, minutes, unit, isCalendar, limit, ...fields }, given) => {
        const calendar = metric === 'forecast' || (isCalendar && metric !== 'missing_data');
        const rule = ruleOf({
          ...{ metric, groupBy: isGrouped ? 'agent' : null, warning: limit, critical: limit * 2 + 1, ...fields },
          window: calendar ? { kind: 'calendar', unit, timeZone: 'Asia/Kathmandu' } : { kind: 'rolling', minutes },
        });
        const all = given.map(({ agoMinutes, group, size }) => ({
          ...{ atMs: nowMs - agoMinutes * 60_000, size },
          group: isGrouped ? group : '',
        }));
        const plan = planBackTest(rule, { days: 1, nowMs });
        const cut = (ms: number) => plan.read.fromMs + Math.floor((ms - plan.read.fromMs) / plan.stepMs) * plan.stepMs;
        const looks = [...runBackTest(rule, plan, readParts(all, plan.read, cut))];
        expect(looks.flatMap(({ changes }) => changes)).toEqual(runLive(rule, plan, all));
      }),
      { numRuns: 60 },
    );
  });

  it('looks so often that no window is passed over, at moments that windows can begin at', () => {
    for (const minutes of [1, 5, 7, 60, 1_440, 10_080, 44_640]) {
      for (const days of [1, 14, 31]) {
        const rule = ruleOf({ window: { kind: 'rolling', minutes } });
        const { fromMs, toMs, stepMs, read } = planBackTest(rule, { days, nowMs });
        expect((minutes * 60_000) % stepMs).toBe(0);
        expect(stepMs % 30_000).toBe(0);
        expect([toMs % stepMs, fromMs % stepMs, read.fromMs % stepMs]).toEqual([0, 0, 0]);
        expect(toMs).toBeLessThanOrEqual(nowMs);
        expect((toMs - fromMs) / stepMs).toBeLessThanOrEqual(90_000);
      }
    }
  });

  it('says when it would have fired, how high it came, and what a chart needs', () => {
    const rule = ruleOf({ groupBy: 'agent', warning: 10, critical: 20, window: { kind: 'rolling', minutes: 60 } });
    const plan = planBackTest(rule, { days: 2, nowMs });
    const at = (hours: number, size: number, group = '=a') => ({ atMs: plan.toMs - hours * hourMs, group, size });
    const samples = [at(30, 11), at(20, 12), at(20, 13), at(1, 11, '=b'), at(0.5, 2, '=c')];
    const cut = (ms: number) => plan.read.fromMs + Math.floor((ms - plan.read.fromMs) / plan.stepMs) * plan.stepMs;
    const summary = new BackTestSummary(rule, plan);
    for (const look of runBackTest(rule, plan, readParts(samples, plan.read, cut))) summary.add(look);
    const { firedCount, fired, messages, series } = summary.summary;
    expect(firedCount).toBe(3);
    expect(fired.map(({ group, severity, peak }) => ({ group, severity, peak }))).toEqual([
      { group: 'b', severity: 'warning', peak: 11 },
      { group: 'a', severity: 'critical', peak: 25 },
      { group: 'a', severity: 'warning', peak: 11 },
    ]);
    expect(messages).toBe(5);
    expect(series.map(({ group }) => group)).toEqual(['a', 'b', 'c']);
    expect(series[0]?.points.length).toBeLessThanOrEqual(400);
    expect(Math.max(...(series[0]?.points.map(({ value }) => value ?? 0) ?? []))).toBe(25);
  });
});
