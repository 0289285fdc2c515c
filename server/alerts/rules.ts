import { randomUUID } from 'node:crypto';
import { type AlertRule, type AlertRuleInput, alertLimits } from '../contract/alert-rules.ts';
import { ApiError } from '../contract/errors.ts';
import { unitOf } from '../domain/alerts/metrics.ts';
import type { Mute } from '../domain/alerts/mutes.ts';
import { findRuleFault } from '../domain/alerts/rule-fault.ts';
import { groupKeyOf } from '../domain/alerts/rule-series.ts';
import { type StoredRule, toAlertRule } from '../domain/alerts/stored-rule.ts';
import { findRule, listMutes, listRules, toRule } from '../queries/alert-rules.ts';
import { listStates } from '../queries/alert-states.ts';
import type { ConfigurationWriter } from '../queries/configuration-writer.ts';
import type { Db } from '../queries/db.ts';

interface Author {
  projectId: string;
  /** Who, for the audit. */
  actor: string;
}

const msPerMinute = 60_000;
/** What still fires after so long is told again, whoever looks after it. */
const acknowledgedMaxMs = 90 * 24 * 60 * msPerMinute;
const forgottenAtOnce = 20;

/** Alert rules of a project: kept, changed, silenced and acknowledged. */
export class AlertRules {
  readonly #configuration: ConfigurationWriter;

  constructor(configuration: ConfigurationWriter) {
    this.#configuration = configuration;
  }

  async create(db: Db, input: AlertRuleInput, { projectId, actor }: Author): Promise<AlertRule> {
    requireSound(input);
    if ((await listRules(db, projectId)).length >= alertLimits.rulesMax) {
      const message = `project ${projectId} has ${alertLimits.rulesMax} alert rules, as many as it may have; remove some`;
      throw new ApiError('too_many_alert_rules', message);
    }
    return this.#write({ projectId, actor }, { ruleId: randomUUID(), input, expectedVersion: 0 });
  }

  /** Throws `changed_meanwhile` where the stored version is not `expectedVersion`. */
  async change(
    db: Db,
    { ruleId, input, expectedVersion }: { ruleId: string; input: AlertRuleInput; expectedVersion: number | undefined },
    author: Author,
  ): Promise<AlertRule> {
    requireSound(input);
    await getRule(db, { projectId: author.projectId, ruleId });
    return this.#write(author, { ruleId, input, expectedVersion });
  }

  /** The rule as it was. */
  async remove(db: Db, ruleId: string, { projectId, actor }: Author): Promise<AlertRule> {
    const rule = await getRule(db, { projectId, ruleId });
    const details = { name: rule.input.name };
    await this.#configuration.remove({ objectType: 'rule', projectId, objectId: ruleId, author: actor, details });
    return toAlertRule(rule, unitOf(rule.input.metric));
  }

  /** Of the firing that goes on: it is not told again until it has ended. Throws `alert_not_firing`. */
  async acknowledge(
    db: Db,
    { ruleId, group, nowMs }: { ruleId: string; group: string | null; nowMs: number },
    author: Author,
  ): Promise<{ sinceMs: number }> {
    const groupKey = groupKeyOf(group);
    await getRule(db, { projectId: author.projectId, ruleId });
    const states = await listStates(db, author.projectId);
    const found = states.find((state) => state.ruleId === ruleId && state.groupKey === groupKey);
    if (found?.body.state !== 'firing') {
      const which = group === null ? 'it' : `group ${JSON.stringify(group)} of it`;
      throw new ApiError('alert_not_firing', `alert rule ${ruleId} has nothing to acknowledge: ${which} is not firing`);
    }
    const { sinceMs } = found.body;
    await this.#mute(author, { kind: 'acknowledgement', ruleId, groupKey, atMs: sinceMs });
    await this.#forgetOld(db, author, nowMs);
    return { sinceMs };
  }

  /** Until when it is silenced; null: not any more. */
  async silence(
    db: Db,
    { ruleId, group, minutes, nowMs }: { ruleId: string; group: string | null; minutes: number; nowMs: number },
    author: Author,
  ): Promise<number | null> {
    await getRule(db, { projectId: author.projectId, ruleId });
    const atMs = minutes === 0 ? 0 : nowMs + minutes * msPerMinute;
    await this.#mute(author, { kind: 'silence', ruleId, groupKey: group === null ? null : groupKeyOf(group), atMs });
    await this.#forgetOld(db, author, nowMs);
    return minutes === 0 ? null : atMs;
  }

  async #write(
    { projectId, actor }: Author,
    { ruleId, input, expectedVersion }: { ruleId: string; input: AlertRuleInput; expectedVersion: number | undefined },
  ): Promise<AlertRule> {
    const stored = await this.#configuration.write({
      ...{ objectType: 'rule', projectId, objectId: ruleId, body: input, author: actor, expectedVersion },
      details: { name: input.name, metric: input.metric },
    });
    const rule = toRule(stored);
    if (rule === undefined) throw new Error(`alert rule ${ruleId} cannot be read back`);
    return toAlertRule(rule, unitOf(input.metric));
  }

  async #mute(
    { projectId, actor }: Author,
    body: { kind: 'silence' | 'acknowledgement'; ruleId: string; groupKey: string | null; atMs: number },
  ): Promise<void> {
    await this.#configuration.write({
      ...{ objectType: 'silence', projectId, objectId: muteIdOf(body), body, author: actor },
      details: { kind: body.kind, ruleId: body.ruleId },
    });
  }

  /** What is over for long is taken away some at a time, so that the list stays short. */
  async #forgetOld(db: Db, { projectId, actor }: Author, nowMs: number): Promise<void> {
    const isOld = ({ kind, atMs }: Mute) => atMs < nowMs - (kind === 'silence' ? 0 : acknowledgedMaxMs);
    const old = (await listMutes(db, projectId)).filter(isOld).slice(0, forgottenAtOnce);
    for (const mute of old) {
      const key = { objectType: 'silence', projectId, objectId: muteIdOf(mute) } as const;
      await this.#configuration.remove({ ...key, author: actor, details: { kind: mute.kind, ruleId: mute.ruleId } });
    }
  }
}

function muteIdOf({ kind, ruleId, groupKey }: Pick<Mute, 'kind' | 'ruleId' | 'groupKey'>): string {
  const place = groupKey === null ? 'all' : Buffer.from(groupKey).toString('base64url');
  return `${kind}:${ruleId}:${place}`;
}

/** Throws `alert_rule_not_found`. */
export async function getRule(
  db: Db,
  { projectId, ruleId }: { projectId: string; ruleId: string },
): Promise<StoredRule> {
  const rule = await findRule(db, { projectId, ruleId });
  if (rule === undefined) {
    throw new ApiError('alert_rule_not_found', `project ${projectId} has no alert rule ${ruleId}`);
  }
  return rule;
}

export function requireSound(input: AlertRuleInput): void {
  const fault = findRuleFault(input);
  if (fault !== undefined) throw new ApiError('invalid_request', fault);
}
