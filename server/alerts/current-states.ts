import type { AlertState, AlertStatesReply } from '../contract/alerts.ts';
import { windowOf } from '../domain/alerts/alert-window.ts';
import { levelOf } from '../domain/alerts/group-state.ts';
import { limitOf } from '../domain/alerts/limits.ts';
import { linksOfSlice } from '../domain/alerts/links.ts';
import { unitOf } from '../domain/alerts/metrics.ts';
import { Mutes } from '../domain/alerts/mutes.ts';
import { groupOfKey } from '../domain/alerts/rule-series.ts';
import type { StoredRule } from '../domain/alerts/stored-rule.ts';
import { listMutes, listRules } from '../queries/alert-rules.ts';
import { listStates, type StoredState } from '../queries/alert-states.ts';
import { findLastTick } from '../queries/alert-ticks.ts';
import type { Db } from '../queries/db.ts';
import { getSettlementStatus } from '../queries/settlement-status.ts';
import { wholeRuleKey } from './shown-states.ts';

const order = ['firing', 'no_data', 'pending', 'resolved', 'ok'];

/** How all groups of a project's rules are, and how old that is. */
export async function listCurrentStates(
  db: Db,
  { projectId, nowMs }: { projectId: string; nowMs: number },
): Promise<AlertStatesReply> {
  const [rules, stored, mutes, tick, settlement] = await Promise.all([
    listRules(db, projectId),
    listStates(db, projectId),
    listMutes(db, projectId),
    findLastTick(db),
    getSettlementStatus(db),
  ]);
  const byId = new Map(rules.map((rule) => [rule.ruleId, rule]));
  const states = stored.flatMap((state) => {
    const rule = byId.get(state.ruleId);
    return rule === undefined || state.groupKey === wholeRuleKey ? [] : [{ rule, state }];
  });
  const muted = new Mutes(mutes);
  return {
    states: states.map((one) => describeState(one, muted, nowMs)).sort(byUrgency),
    rules: stored
      .filter(({ groupKey, ruleId }) => groupKey === wholeRuleKey && byId.has(ruleId))
      .map(({ ruleId, body: { groupCount = 0, omittedGroups = 0, failure = null } }) => ({
        ...{ ruleId, groupCount, omittedGroups, failure },
      })),
    evaluatedAtMs: tick?.writtenAtMs ?? null,
    evaluatedToMs: tick?.evaluatedToMs ?? null,
    evaluationLagMs: tick === undefined ? null : Math.max(0, nowMs - tick.evaluatedToMs),
    settlementLagMs: settlement.lagMs,
  };
}

function describeState(
  { rule, state }: { rule: StoredRule; state: StoredState },
  mutes: Mutes,
  nowMs: number,
): AlertState {
  const { input, projectId, ruleId } = rule;
  const { groupKey, evaluatedToMs, body } = state;
  const window = windowOf(input.window, evaluatedToMs);
  const group = groupOfKey(groupKey);
  return {
    ...{ ruleId, group, state: body.state, severity: body.severity, value: body.value, unit: unitOf(input.metric) },
    limit: limitOf(input, body.state === 'firing' ? levelOf(body.severity) : 0),
    sinceMs: body.sinceMs,
    acknowledgedBy: body.state === 'firing' ? mutes.acknowledgedBy(rule, groupKey, body.sinceMs) : null,
    silencedUntilMs: mutes.silencedUntil(rule, groupKey, nowMs),
    window: { from: new Date(window.fromMs).toISOString(), to: new Date(window.toMs).toISOString() },
    links: linksOfSlice({ projectId, rule: input, group, window }),
  };
}

function byUrgency(a: AlertState, b: AlertState): number {
  const urgency = order.indexOf(a.state) - order.indexOf(b.state);
  if (urgency !== 0) return urgency;
  if (a.ruleId !== b.ruleId) return a.ruleId < b.ruleId ? -1 : 1;
  return (a.group ?? '') < (b.group ?? '') ? -1 : 1;
}
