import { setImmediate as breathe } from 'node:timers/promises';
import type { AlertRuleInput } from '../contract/alert-rules.ts';
import type { BackTestReply } from '../contract/alerts.ts';
import { ApiError } from '../contract/errors.ts';
import { planBackTest, runBackTest } from '../domain/alerts/back-test.ts';
import { BackTestSummary } from '../domain/alerts/back-test-summary.ts';
import { measureOf, unitOf } from '../domain/alerts/metrics.ts';
import { readReadings } from '../queries/alert-readings.ts';
import type { Db } from '../queries/db.ts';
import { Owners } from './owners.ts';
import { requireSound } from './rules.ts';

/** Looks after which other requests have their turn. */
const looksAtOnce = 200;

/**
 * When a rule would have fired, by the code that decides it every half minute: one SELECT gives the series of all its groups.
 * Throws `query_too_large` where that is too much to hold.
 */
export async function backTest(
  db: Db,
  { projectId, rule, days, nowMs }: { projectId: string; rule: AlertRuleInput; days: number; nowMs: number },
): Promise<BackTestReply> {
  requireSound(rule);
  const measured = measureOf(rule);
  if (measured === 'budgets') {
    const message =
      '`rule.metric` budget cannot be tested: how amounts of budgets were is not kept; test a rule over spend instead';
    throw new ApiError('invalid_request', message);
  }
  const plan = planBackTest(rule, { days, nowMs });
  const { fromMs, toMs, stepMs, read } = plan;
  const ofOwners = rule.groupBy === 'costCentre' || rule.groupBy === 'team';
  const owners = ofOwners ? await new Owners(db).of(projectId) : undefined;
  const request = { projectId, rule, read, parts: { stepMs }, keep: [], owners };
  const { groups, groupCount, omittedGroups } = await readReadings(db, request);
  const summary = new BackTestSummary(rule, plan);
  let looks = 0;
  for (const look of runBackTest(rule, plan, groups)) {
    summary.add(look);
    looks += 1;
    if (looks % looksAtOnce === 0) await breathe();
  }
  return {
    ...{ fromMs, toMs, stepMs, measured, unit: unitOf(rule.metric) },
    ...summary.summary,
    groupCount,
    omittedGroups,
  };
}
