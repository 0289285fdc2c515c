import type { AlertRuleInput } from '../../contract/alert-rules.ts';
import type { GroupChange, GroupState } from './group-state.ts';
import { emptyValueOf } from './metrics.ts';
import { stepGroup } from './step-group.ts';
import type { GroupValues } from './rule-series.ts';

/** A group that is not among those that were read any more is forgotten after this. */
const forgottenAfterMs = 7 * 24 * 3_600_000;
/** Groups that are remembered although they are ok; of further ones nobody hears when they end. */
const rememberedMax = 1_000;

/** By group key. */
export type GroupStates = ReadonlyMap<string, GroupState>;

export interface RuleLook {
  atMs: number;
  values: GroupValues;
  isSilenced: (groupKey: string) => boolean;
  /** Of the firing that began then. */
  isAcknowledged: (groupKey: string, sinceMs: number) => boolean;
}

export interface RuleStep {
  states: GroupStates;
  changes: { groupKey: string; value: number | null; change: GroupChange }[];
  /** Of every group that was read or is remembered: what to show. */
  shown: { groupKey: string; value: number | null; state: GroupState }[];
}

/** How all groups of a rule go on. What is simply ok is not kept, unless it matters when it ends. */
export function stepRule(rule: AlertRuleInput, before: GroupStates, look: RuleLook): RuleStep {
  const { atMs, values } = look;
  const states = new Map<string, GroupState>();
  const result: RuleStep = { states, changes: [], shown: [] };
  const isMissed = remembersGroups(rule);
  const keys = new Set([
    ...(rule.groupBy === null && rule.metric !== 'budget' ? [''] : []),
    ...before.keys(),
    ...values.keys(),
  ]);
  for (const groupKey of [...keys].sort()) {
    const start = before.get(groupKey);
    const isSeen = values.has(groupKey) || groupKey === '';
    const value = values.has(groupKey) ? (values.get(groupKey) ?? null) : emptyValueOf(rule);
    const { after, change } = stepGroup(rule, start, {
      ...{ atMs, value, isSilenced: look.isSilenced(groupKey) },
      isAcknowledged: look.isAcknowledged(groupKey, start?.sinceMs ?? atMs),
    });
    const unseenSinceMs = isSeen ? null : (start?.unseenSinceMs ?? atMs);
    const kept = { ...after, unseenSinceMs };
    if (change !== undefined) result.changes.push({ groupKey, value, change });
    const isForgotten = unseenSinceMs !== null && atMs - unseenSinceMs >= forgottenAfterMs;
    const isPlain = kept.state === 'ok' && kept.missingSinceMs === null;
    if (!isForgotten) result.shown.push({ groupKey, value, state: kept });
    if (isForgotten || (isPlain && (!isMissed || groupKey === '' || states.size >= rememberedMax))) continue;
    states.set(groupKey, kept);
  }
  return result;
}

/** Rules that speak when a group has ended must remember groups that were well. */
function remembersGroups({ groupBy, noDataAs, operator, metric }: AlertRuleInput): boolean {
  return groupBy !== null && (noDataAs !== 'ok' || operator === '<' || metric === 'missing_data');
}
