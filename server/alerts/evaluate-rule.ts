import type { WatchedAccount } from '../domain/alerts/budget-thresholds.ts';
import { readWindowOf } from '../domain/alerts/alert-window.ts';
import { formulaOf, measureOf } from '../domain/alerts/metrics.ts';
import type { Mutes } from '../domain/alerts/mutes.ts';
import { groupOfKey, type GroupValues, RuleSeries } from '../domain/alerts/rule-series.ts';
import { type GroupStates, type RuleStep, stepRule } from '../domain/alerts/step-rule.ts';
import type { StoredRule } from '../domain/alerts/stored-rule.ts';
import { readReadings } from '../queries/alert-readings.ts';
import type { Db } from '../queries/db.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';

export interface RuleRequest {
  rule: StoredRule;
  before: GroupStates;
  /** Where its window ends. */
  atMs: number;
  mutes: Mutes;
  /** Present where the rule asks for cost centres or teams. */
  owners: readonly OwnerMatcher[] | undefined;
  /** Of the rule's project. */
  accounts: () => Promise<readonly WatchedAccount[]>;
}

export interface RuleResult extends RuleStep {
  groupCount: number;
  omittedGroups: number;
}

/** A rule at a moment: one SELECT, and from it how each of its groups goes on. */
export async function evaluateRule(db: Db, request: RuleRequest): Promise<RuleResult> {
  const { rule, before, atMs, mutes } = request;
  const { values, groupCount, omittedGroups } = await readValues(db, request);
  const step = stepRule(rule.input, before, {
    ...{ atMs, values },
    isSilenced: (groupKey) => mutes.silencedUntil(rule, groupKey, atMs) !== null,
    isAcknowledged: (groupKey, sinceMs) => mutes.acknowledgedBy(rule, groupKey, sinceMs) !== null,
  });
  return { ...step, groupCount, omittedGroups };
}

async function readValues(
  db: Db,
  request: RuleRequest,
): Promise<{ values: GroupValues; groupCount: number; omittedGroups: number }> {
  const { rule, before, atMs, owners } = request;
  if (measureOf(rule.input) === 'budgets') return accountValues(await request.accounts(), rule.input.maxGroups);
  const { read, cutsMs } = readWindowOf(rule.input, atMs);
  const keep = [...before.keys()].map((key) => groupOfKey(key) ?? '').slice(0, rule.input.maxGroups);
  const { groups, groupCount, omittedGroups } = await readReadings(db, {
    ...{ projectId: rule.projectId, rule: rule.input, read, parts: { cutsMs } },
    ...{ keep: rule.input.groupBy === null ? [] : keep, owners },
  });
  const isForecast = formulaOf(rule.input.metric) === 'forecast';
  const values = new RuleSeries(rule.input, groups).valuesAt(atMs);
  return { values, groupCount: isForecast ? values.size : groupCount, omittedGroups };
}

/** Per cent of its amount that each account has spent; those with the largest share. */
function accountValues(accounts: readonly WatchedAccount[], maxGroups: number) {
  const shares = accounts
    .filter(({ amountUsd }) => Number(amountUsd) > 0)
    .map((account) => ({
      key: `=${nameOf(account)}`,
      share: (Number(account.spentUsd) / Number(account.amountUsd)) * 100,
    }))
    .sort((a, b) => b.share - a.share);
  const shown = shares.slice(0, maxGroups);
  return {
    values: new Map(shown.map(({ key, share }) => [key, Number(share.toFixed(3))])),
    groupCount: shares.length,
    omittedGroups: shares.length - shown.length,
  };
}

function nameOf({ name, value }: WatchedAccount): string {
  return value === null ? name : `${name}: ${value}`;
}
