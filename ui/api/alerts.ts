import type { AlertRule, AlertRuleInput } from '../../server/contract/alert-rules.ts';
import type {
  AlertEventsReply,
  AlertRulesReply,
  AlertStatesReply,
  BackTestReply,
} from '../../server/contract/alerts.ts';
import { type Params, getJson, send, toSearch } from './client.ts';

export type { AlertGroupName, AlertRule, AlertRuleInput } from '../../server/contract/alert-rules.ts';
export type { AlertMetric, AlertSeverity, AlertStateName } from '../../server/contract/alert-values.ts';
export type {
  AlertCause,
  AlertChange,
  AlertEvent,
  AlertState,
  AlertStatesReply,
  BackTestReply,
} from '../../server/contract/alerts.ts';
/** A rule as the list has it: with what it says now. */
export type ListedRule = AlertRulesReply['rules'][number];

/** The rules of a project, with when each fired last. */
export function listRules(project: string, signal?: AbortSignal): Promise<AlertRulesReply> {
  return getJson<AlertRulesReply>('/alerts/rules', { project }, signal);
}

/** Makes a rule, or changes the one of an id: `version` is the one that was read. Throws `ApiFailure`. */
export async function saveRule(
  project: string,
  rule: AlertRuleInput,
  stored: { ruleId: string; version: number } | null,
): Promise<AlertRule> {
  const path = stored === null ? '/alerts/rules' : rulePath(stored.ruleId);
  const body = stored === null ? rule : { ...rule, version: stored.version };
  const response = await send(`${path}${toSearch({ project })}`, { method: stored === null ? 'POST' : 'PUT', body });
  return ((await response.json()) as { rule: AlertRule }).rule;
}

export async function deleteRule(project: string, ruleId: string): Promise<void> {
  await send(`${rulePath(ruleId)}${toSearch({ project })}`, { method: 'DELETE' });
}

/** When a rule would have fired in the last days. */
export async function backtestRule(
  request: { project: string; rule: AlertRuleInput; days: number },
  signal: AbortSignal,
): Promise<BackTestReply> {
  const { project, ...body } = request;
  const response = await send(`/alerts/backtest${toSearch({ project })}`, { method: 'POST', body, signal });
  return (await response.json()) as BackTestReply;
}

/** Every rule and group that is watched, with its value. */
export function listStates(project: string, signal?: AbortSignal): Promise<AlertStatesReply> {
  return getJson<AlertStatesReply>('/alerts/states', { project }, signal);
}

/** Somebody has seen it: no more reminders until its state changes. */
export async function acknowledgeState(project: string, target: StateTarget): Promise<void> {
  const { ruleId, group } = target;
  await send(`${statePath(ruleId)}/acknowledge${toSearch({ project })}`, { method: 'POST', body: { group } });
}

/** No messages for so long; 0 ends the silence. A rule as a whole where there is no group. */
export async function silenceState(project: string, target: StateTarget, minutes: number): Promise<void> {
  const { ruleId, group } = target;
  await send(`${statePath(ruleId)}/silence${toSearch({ project })}`, { method: 'POST', body: { group, minutes } });
}

/** Changes of state, the newest first. */
export function listEvents(params: Params, signal?: AbortSignal): Promise<AlertEventsReply> {
  return getJson<AlertEventsReply>('/alerts/events', params, signal);
}

interface StateTarget {
  ruleId: string;
  group: string | null;
}

function rulePath(ruleId: string): string {
  return `/alerts/rules/${encodeURIComponent(ruleId)}`;
}

function statePath(ruleId: string): string {
  return `/alerts/states/${encodeURIComponent(ruleId)}`;
}
