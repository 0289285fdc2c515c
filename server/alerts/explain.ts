import type { AlertRuleInput } from '../contract/alert-rules.ts';
import { type MsWindow, windowEndOf, windowOf } from '../domain/alerts/alert-window.ts';
import type { BudgetFinding } from '../domain/alerts/budget-thresholds.ts';
import { formulaOf, measureOf } from '../domain/alerts/metrics.ts';
import { projectSpend } from '../domain/alerts/projection.ts';
import { type Explanation, noExplanation, type RuleFinding } from '../domain/alerts/rule-event.ts';
import { groupOfKey } from '../domain/alerts/rule-series.ts';
import { type CauseMeasure, type CauseRequest, findCauses, findChanges } from '../queries/alert-causes.ts';
import type { Db } from '../queries/db.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';

/** Of a budget without an end, or a longer one, causes are looked for in so long. */
const causesWindowMaxMs = 31 * 24 * 3_600_000;

/** What made a rule fire: who grew most, what was new, where spending leads. Of what is over there is nothing to explain. */
export async function explainRule(
  db: Db,
  finding: RuleFinding,
  owners: readonly OwnerMatcher[] | undefined,
): Promise<Explanation> {
  const { rule, groupKey, atMs, change, value } = finding;
  const { projectId, input } = rule;
  const measure = causeMeasureOf(input);
  if (change.to !== 'firing' || measure === undefined) return noExplanation;
  const window = windowOf(input.window, atMs);
  const value0 = groupOfKey(groupKey);
  const group = input.groupBy === null || value0 === null ? undefined : { name: input.groupBy, value: value0 };
  const agent = group?.name === 'agent' ? group.value : input.filters.agent;
  const [causes, changes] = await Promise.all([
    findCauses(db, { projectId, measure, filters: input.filters, group, owners, window, before: windowBefore(window) }),
    findChanges(db, { projectId, agent, window }),
  ]);
  return { causes, changes, projection: projectionOf(input, { value, window, atMs }) };
}

/** The same of a budget's threshold. */
export async function explainBudget(
  db: Db,
  { account, to, atMs }: BudgetFinding,
  scope: Pick<CauseRequest, 'filters' | 'group' | 'owners'>,
): Promise<Explanation> {
  if (to !== 'firing') return noExplanation;
  const { projectId, spentUsd, amountUsd } = account;
  const fromMs = Math.max(account.window.fromMs, atMs - causesWindowMaxMs);
  const window = { fromMs, toMs: atMs };
  const agent = scope.group?.name === 'agent' ? scope.group.value : scope.filters.agent;
  const [causes, changes] = await Promise.all([
    findCauses(db, { projectId, measure: 'cost', ...scope, window, before: windowBefore(window) }),
    findChanges(db, { projectId, agent, window }),
  ]);
  const endMs = account.window.toMs;
  const projection =
    endMs === null
      ? null
      : projectSpend({ spentUsd, amountUsd, window: { fromMs: account.window.fromMs, toMs: endMs }, atMs });
  return { causes, changes, projection };
}

function causeMeasureOf(rule: AlertRuleInput): CauseMeasure | undefined {
  switch (formulaOf(rule.metric)) {
    case 'usd':
    case 'forecast':
    case 'usdPerKey':
      return 'cost';
    case 'count':
      return 'unpriced';
    case 'growth':
      return 'tokens';
    case 'mostOfKey':
    case 'streak':
      return 'failed tools';
    case 'share':
      return rule.metric === 'budget' ? 'cost' : measureOf(rule) === 'tool calls' ? 'failed tools' : 'failed runs';
    case 'percentile':
      return measureOf(rule) === 'runs' ? 'slow runs' : 'slow calls';
    case 'silence':
      return undefined;
  }
}

/** Of money in a calendar window. */
function projectionOf(
  rule: AlertRuleInput,
  { value, window, atMs }: { value: number | null; window: MsWindow; atMs: number },
): Explanation['projection'] {
  const endMs = windowEndOf(rule.window, atMs);
  if (endMs === null || value === null) return null;
  if (rule.metric === 'forecast') return { exhaustedAtMs: null, usdAtEnd: decimal(value) };
  if (rule.metric !== 'spend') return null;
  const amountUsd = rule.critical === null || rule.operator === '<' ? null : decimal(rule.critical);
  return projectSpend({ spentUsd: decimal(value), amountUsd, window: { fromMs: window.fromMs, toMs: endMs }, atMs });
}

function windowBefore({ fromMs, toMs }: MsWindow): MsWindow {
  return { fromMs: fromMs - (toMs - fromMs), toMs: fromMs };
}

/** Plain digits, also of a very small number. */
function decimal(value: number): string {
  return value.toFixed(6).replace(/\.?0+$/, '');
}
