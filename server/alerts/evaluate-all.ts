import type { AlertEvent } from '../contract/alerts.ts';
import type { Budgets } from '../budgets/budgets.ts';
import { mapSome } from '../budgets/map-some.ts';
import { stepBudgets, toBudgetEvent } from '../domain/alerts/budget-thresholds.ts';
import { Mutes } from '../domain/alerts/mutes.ts';
import { noExplanation, type RuleFinding, toRuleEvent } from '../domain/alerts/rule-event.ts';
import { type AlertSnapshot, ruleKeyOf } from '../domain/alerts/snapshot.ts';
import type { GroupStates } from '../domain/alerts/step-rule.ts';
import { shapeOf, type StoredRule } from '../domain/alerts/stored-rule.ts';
import { listMutes, listRules } from '../queries/alert-rules.ts';
import { listObjects } from '../queries/configuration.ts';
import type { Db } from '../queries/db.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import type { AlertLog } from './alert-log.ts';
import { evaluateRule, type RuleResult } from './evaluate-rule.ts';
import { explainBudget, explainRule } from './explain.ts';
import { Owners } from './owners.ts';
import { type ShownRow, wholeRuleKey } from './shown-states.ts';
import { readAccounts, scopeOf, type AccountOfBudget } from './watched-accounts.ts';

export interface EvaluateRequest {
  db: Db;
  budgets: Pick<Budgets, 'list' | 'runtime'>;
  log: AlertLog;
  /** Where windows end. */
  atMs: number;
  /** False: this moment was looked at before, and nothing goes on. */
  isNew: boolean;
  before: AlertSnapshot;
}

/** What all rules and budgets have come to. */
export interface Evaluated {
  snapshot: AlertSnapshot;
  events: AlertEvent[];
  shown: ShownRow[];
  ruleCount: number;
  /** Rules whose query failed. */
  failures: number;
}

/** Events of one tick that are explained; what goes wrong everywhere at once explains itself. */
const explainedMax = 20;

/** Looks at every rule that is in force and at every budget; a rule whose query fails stays as it was. */
export async function evaluateAll(request: EvaluateRequest): Promise<Evaluated> {
  const { db, atMs, before, isNew } = request;
  const [all, stored] = await Promise.all([listRules(db), listMutes(db)]);
  const rules = all.filter(({ input }) => input.isEnabled);
  const mutes = new Mutes(stored);
  const owners = new Owners(db);
  const accounts = new AccountsByProject(request);
  const results = await mapSome(rules, async (rule) => {
    const groups = statesBefore(before, rule);
    return { rule, groups, ...(isNew ? await evaluateSafely(request, { rule, groups, mutes, owners, accounts }) : {}) };
  });
  const findings = results.flatMap(({ rule, result }) =>
    (result?.changes ?? []).map((change): RuleFinding => ({
      ...{ rule, ...change, atMs },
      isSilenced: mutes.silencedUntil(rule, change.groupKey, atMs) !== null,
    })),
  );
  const budgets = isNew ? await watchBudgets(request, accounts) : { latches: before.budgets, events: [] };
  const events = await mapSome(findings, async (finding) =>
    toRuleEvent(
      finding,
      await explainSafely(request, findings.indexOf(finding), async () =>
        explainRule(db, finding, await ownersFor(finding.rule, owners)),
      ),
    ),
  );
  const failures = results.filter(({ failure }) => failure !== undefined).length;
  return {
    snapshot: {
      rules: new Map(
        results.map(({ rule, groups, result }) => [
          ruleKeyOf(rule),
          { shape: shapeOf(rule.input), groups: result?.states ?? groups },
        ]),
      ),
      budgets: budgets.latches,
    },
    events: [...events, ...budgets.events],
    shown: results.flatMap(({ rule, result, failure }) => shownOf(rule, result, failure)),
    ruleCount: rules.length,
    failures,
  };
}

/** None where the rule measures something else now. */
function statesBefore({ rules }: AlertSnapshot, rule: StoredRule): GroupStates {
  const known = rules.get(ruleKeyOf(rule));
  return known?.shape === shapeOf(rule.input) ? known.groups : new Map();
}

async function evaluateSafely(
  { db, atMs, log }: EvaluateRequest,
  work: { rule: StoredRule; groups: GroupStates; mutes: Mutes; owners: Owners; accounts: AccountsByProject },
): Promise<{ result?: RuleResult; failure?: string }> {
  const { rule, groups, mutes, owners, accounts } = work;
  try {
    const result = await evaluateRule(db, {
      ...{ rule, before: groups, atMs, mutes, owners: await ownersFor(rule, owners) },
      accounts: async () => (await accounts.of(rule.projectId)).map(({ account }) => account),
    });
    return { result };
  } catch (error) {
    const failure = (error as Error).message;
    log.warn({ rule: rule.ruleId, project: rule.projectId, cause: failure }, 'an alert rule could not be evaluated');
    return { failure };
  }
}

async function ownersFor(
  { projectId, input }: StoredRule,
  owners: Owners,
): Promise<readonly OwnerMatcher[] | undefined> {
  const isNeeded = input.groupBy === 'costCentre' || input.groupBy === 'team';
  return isNeeded ? owners.of(projectId) : undefined;
}

async function watchBudgets(
  request: EvaluateRequest,
  accounts: AccountsByProject,
): Promise<{ latches: AlertSnapshot['budgets']; events: AlertEvent[] }> {
  try {
    return await evaluateBudgets(request, accounts);
  } catch (error) {
    request.log.warn({ cause: (error as Error).message }, 'the budgets could not be looked at');
    return { latches: request.before.budgets, events: [] };
  }
}

async function evaluateBudgets(
  request: EvaluateRequest,
  accounts: AccountsByProject,
): Promise<{ latches: AlertSnapshot['budgets']; events: AlertEvent[] }> {
  const { db, atMs, before } = request;
  const objects = await listObjects(db, { objectType: 'budget' });
  const told = [...before.budgets.values()].map(({ account }) => account.projectId);
  // Budgets that agents declare are of every project; where nothing else is, of the first.
  const projects = new Set(['default', ...objects.map(({ projectId }) => projectId), ...told]);
  const all: AccountOfBudget[] = [];
  for (const projectId of [...projects].sort()) all.push(...(await accounts.of(projectId)));
  const { latches, findings } = stepBudgets(
    before.budgets,
    all.map(({ account }) => account),
    atMs,
  );
  const owners = new Owners(db);
  const events = await mapSome(findings, async (finding) => {
    const found = all.find(({ account }) => account === finding.account);
    if (found === undefined) return toBudgetEvent(finding, noExplanation);
    const explanation = await explainSafely(request, findings.indexOf(finding), async () => {
      const ofOwners = found.budget.scope === 'costCentre' || found.budget.scope === 'team';
      const columns = ofOwners ? await owners.of(finding.account.projectId) : undefined;
      return explainBudget(db, finding, { ...scopeOf(found), owners: columns });
    });
    return toBudgetEvent(finding, explanation);
  });
  return { latches, events };
}

/** An event is told also where it cannot be explained. */
async function explainSafely(
  { log }: EvaluateRequest,
  place: number,
  explain: () => Promise<typeof noExplanation>,
): Promise<typeof noExplanation> {
  if (place >= explainedMax) return noExplanation;
  try {
    return await explain();
  } catch (error) {
    log.warn({ cause: (error as Error).message }, 'the causes of an alert could not be read');
    return noExplanation;
  }
}

/** Of a rule whose query failed nothing but that: what is shown of its groups stays. */
function shownOf(
  { projectId, ruleId }: StoredRule,
  result: RuleResult | undefined,
  failure: string | undefined,
): ShownRow[] {
  const { shown = [], groupCount = 0, omittedGroups = 0 } = result ?? {};
  return [
    {
      ...{ projectId, ruleId, groupKey: wholeRuleKey },
      body: { ...nothing, groupCount, omittedGroups, failure: failure ?? null },
    },
    ...shown.map(({ groupKey, value, state: { state, severity, sinceMs } }) => ({
      ...{ projectId, ruleId, groupKey },
      body: { state, severity, value, sinceMs },
    })),
  ];
}

const nothing = { state: 'ok', severity: null, value: null, sinceMs: 0 } as const;

/** The accounts of each project, read once a tick. */
class AccountsByProject {
  readonly #request: EvaluateRequest;
  readonly #read = new Map<string, Promise<AccountOfBudget[]>>();

  constructor(request: EvaluateRequest) {
    this.#request = request;
  }

  async of(projectId: string): Promise<AccountOfBudget[]> {
    const known = this.#read.get(projectId) ?? readAccounts(this.#request, projectId);
    this.#read.set(projectId, known);
    return known;
  }
}
