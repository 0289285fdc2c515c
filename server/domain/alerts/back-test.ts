import type { AlertRuleInput } from '../../contract/alert-rules.ts';
import type { AlertSeverity } from '../../contract/alert-values.ts';
import type { MsWindow } from './alert-window.ts';
import { readWindowOf } from './alert-window.ts';
import type { GroupChange } from './group-state.ts';
import type { Reading } from './reading.ts';
import { RuleSeries } from './rule-series.ts';
import { type GroupStates, stepRule } from './step-rule.ts';

/** Of live evaluation; back-tests look as often or less. */
export const tickMs = 30_000;
/** Calendar windows begin where this ends: offsets of time zones are multiples of it. */
const calendarStepMaxMs = 900_000;
/** Looks that a back-test wants; more where a window is too short to be seen by so many. */
const looksWanted = 3_000;
/** A window is looked at so often before it has passed by: at least, and where that is not too much. */
const looksPerWindow = { min: 4, wanted: 12 };

export interface BackTestPlan {
  /** The first look ends at `fromMs + stepMs`, the last at `toMs`. */
  fromMs: number;
  toMs: number;
  stepMs: number;
  /** What must be read, in parts of `stepMs`. */
  read: MsWindow;
}

/** The looks of a back-test that ends at or before `nowMs`: at whole steps, so that windows begin and end where parts do. */
export function planBackTest(rule: AlertRuleInput, { days, nowMs }: { days: number; nowMs: number }): BackTestPlan {
  const lengthMs = days * 86_400_000;
  const windowMs = rule.window.kind === 'rolling' ? rule.window.minutes * 60_000 : calendarStepMaxMs;
  const wantedMs = Math.max(windowMs / looksPerWindow.wanted, lengthMs / looksWanted);
  const largestMs = rule.window.kind === 'rolling' ? windowMs / looksPerWindow.min : windowMs;
  const stepMs = smallestDivisor(windowMs, Math.max(tickMs, Math.min(wantedMs, largestMs)));
  const toMs = Math.floor(nowMs / stepMs) * stepMs;
  const fromMs = toMs - Math.floor(lengthMs / stepMs) * stepMs;
  const first = readWindowOf(rule, fromMs + stepMs).read.fromMs;
  return { fromMs, toMs, stepMs, read: { fromMs: first, toMs } };
}

/** The smallest step of whole ticks that divides `totalMs` and is not below `wantedMs`; all of it where there is none. */
function smallestDivisor(totalMs: number, wantedMs: number): number {
  const ticks = totalMs / tickMs;
  for (let step = Math.max(1, Math.ceil(wantedMs / tickMs)); step < ticks; step += 1) {
    if (ticks % step === 0) return step * tickMs;
  }
  return totalMs;
}

export interface BackTestChange {
  atMs: number;
  groupKey: string;
  value: number | null;
  change: GroupChange;
}

export interface Firing {
  groupKey: string;
  severity: AlertSeverity;
  fromMs: number;
  /** null: it still fires. */
  toMs: number | null;
  peak: number | null;
}

/** The rule at each of the looks, one after the other; yields after each, so that long ones can be done in parts. */
export function* runBackTest(
  rule: AlertRuleInput,
  plan: BackTestPlan,
  readings: ReadonlyMap<string, readonly Reading[]>,
): Generator<{ atMs: number; values: ReadonlyMap<string, number | null>; changes: BackTestChange[] }> {
  const series = new RuleSeries(rule, readings);
  let states: GroupStates = new Map();
  for (let atMs = plan.fromMs + plan.stepMs; atMs <= plan.toMs; atMs += plan.stepMs) {
    const values = series.valuesAt(atMs);
    const step = stepRule(rule, states, {
      ...{ atMs, values },
      ...{ isSilenced: () => false, isAcknowledged: () => false },
    });
    states = step.states;
    const shown = new Map(step.shown.map(({ groupKey, value }) => [groupKey, value]));
    yield { atMs, values: shown, changes: step.changes.map((change) => ({ atMs, ...change })) };
  }
}
