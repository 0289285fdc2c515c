import type { AlertEvent } from '../../contract/alerts.ts';
import { eventIdOf } from './event-id.ts';
import type { GroupChange } from './group-state.ts';
import { levelOf } from './group-state.ts';
import { limitOf } from './limits.ts';
import { eventLink, linksOfSlice } from './links.ts';
import { unitOf } from './metrics.ts';
import { windowOf } from './alert-window.ts';
import { groupOfKey } from './rule-series.ts';
import type { StoredRule } from './stored-rule.ts';

export interface RuleFinding {
  rule: StoredRule;
  groupKey: string;
  value: number | null;
  change: GroupChange;
  atMs: number;
  isSilenced: boolean;
}

/** What explains an event; read after it is known that there is one. */
export type Explanation = Pick<AlertEvent, 'causes' | 'changes' | 'projection'>;
export const noExplanation: Explanation = { causes: [], changes: [], projection: null };

/** The event of a change. Its id is made of the rule, the group, and which message of which firing it is. */
export function toRuleEvent(finding: RuleFinding, explanation: Explanation): AlertEvent {
  const { rule, groupKey, value, change, atMs, isSilenced } = finding;
  const { projectId, ruleId, input } = rule;
  const { to, sinceMs, notice } = change;
  const group = groupOfKey(groupKey);
  const window = windowOf(input.window, atMs);
  const eventId = eventIdOf([projectId, 'rule', ruleId, groupKey, to, sinceMs, notice]);
  return {
    ...{ eventId, projectId, source: 'rule', ruleId, budgetId: null, name: input.name, metric: input.metric },
    ...{ unit: unitOf(input.metric), group, groupBy: input.groupBy },
    ...{ from: change.from, to, isReminder: change.isReminder, severity: change.severity, value },
    limit: limitOf(input, to === 'firing' ? levelOf(change.severity) : 0),
    window: { from: new Date(window.fromMs).toISOString(), to: new Date(window.toMs).toISOString() },
    ...{ sinceMs, atMs, action: null, budget: null },
    ...explanation,
    links: [eventLink(projectId, eventId), ...linksOfSlice({ projectId, rule: input, group, window })],
    channelIds: isSilenced ? [] : input.channelIds,
    isSilenced,
    isTest: false,
  };
}
