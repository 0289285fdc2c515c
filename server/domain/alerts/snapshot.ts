import type { AlertEvent } from '../../contract/alerts.ts';
import type { AccountLatch, AccountLatches } from './budget-thresholds.ts';
import type { GroupState } from './group-state.ts';
import type { GroupStates } from './step-rule.ts';

/** All that is carried from one tick to the next. */
export interface AlertSnapshot {
  /** By project and rule (`ruleKeyOf`), with what the rule measured. */
  rules: ReadonlyMap<string, { shape: string; groups: GroupStates }>;
  budgets: AccountLatches;
}

export function ruleKeyOf({ projectId, ruleId }: { projectId: string; ruleId: string }): string {
  return JSON.stringify([projectId, ruleId]);
}

export const emptySnapshot: AlertSnapshot = { rules: new Map(), budgets: new Map() };

interface TickBody {
  rules: readonly (readonly [rule: string, shape: string, groups: readonly (readonly [string, GroupState])[]])[];
  budgets: readonly (readonly [string, AccountLatch])[];
  events: readonly AlertEvent[];
}

/** Equal snapshots without events are equal text. */
export function writeTickBody({ rules, budgets }: AlertSnapshot, events: readonly AlertEvent[]): string {
  const body: TickBody = {
    rules: sorted(rules)
      .filter(([, { groups }]) => groups.size > 0)
      .map(([key, { shape, groups }]) => [key, shape, sorted(groups)]),
    budgets: sorted(budgets),
    events,
  };
  return JSON.stringify(body);
}

/** Of a body that this program wrote. */
export function readTickBody(text: string): { snapshot: AlertSnapshot; events: readonly AlertEvent[] } {
  const { rules, budgets, events } = JSON.parse(text) as TickBody;
  return {
    snapshot: {
      rules: new Map(rules.map(([key, shape, groups]) => [key, { shape, groups: new Map(groups) }])),
      budgets: new Map(budgets),
    },
    events,
  };
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
