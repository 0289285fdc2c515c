import { createHash, randomBytes } from 'node:crypto';
import { type Budget, type BudgetInput, budgetLimits } from '../contract/budgets.ts';
import { ApiError } from '../contract/errors.ts';
import type { OwnerRule } from '../contract/owners.ts';
import { type StoredBudget, toBudget } from '../domain/budgets/stored-budget.ts';
import { findObject, listObjects } from '../queries/configuration.ts';
import type { ConfigurationWriter } from '../queries/configuration-writer.ts';
import type { Db } from '../queries/db.ts';
import { listOwnerRules } from '../queries/owners.ts';
import type { RuntimeClient } from '../runtime-client.ts';
import { ChannelBook } from '../alerts/deliver/channel-book.ts';
import { findChannels } from '../domain/budgets/declared.ts';
import { Definitions } from './definitions.ts';

const revisionDigits = 16;

/** Who changes a budget, and of which project. */
interface Actor {
  projectId: string;
  actor: string;
  nowMs: number;
}

/** Budgets of projects: those written through the API, and those that agents declare. */
export class Budgets {
  readonly runtime: RuntimeClient;
  readonly #configuration: ConfigurationWriter;
  readonly #definitions: Definitions;

  constructor({ configuration, runtime }: { configuration: ConfigurationWriter; runtime: RuntimeClient }) {
    this.runtime = runtime;
    this.#configuration = configuration;
    this.#definitions = new Definitions(runtime);
  }

  /** By name, those of the API first. */
  async list(db: Db, { projectId, nowMs }: { projectId: string; nowMs: number }): Promise<Budget[]> {
    const [stored, declared] = await Promise.all([
      listStoredBudgets(db, projectId),
      this.#listDeclared(db, { projectId, nowMs }),
    ]);
    return [...stored, ...declared.toSorted(byName)];
  }

  /** Throws `budget_not_found`. */
  async get(
    db: Db,
    { projectId, budgetId, nowMs }: { projectId: string; budgetId: string; nowMs: number },
  ): Promise<Budget> {
    const object = await findObject(db, { objectType: 'budget', projectId, objectId: budgetId });
    if (object !== undefined) return toBudget(object);
    const all = await this.#listDeclared(db, { projectId, nowMs });
    const declared = all.find((one) => one.budgetId === budgetId);
    if (declared === undefined) throw notFound(budgetId);
    return declared;
  }

  /** Throws `too_many_budgets`, and `invalid_request` for a channel that is none. */
  async create(db: Db, input: BudgetInput, { projectId, actor, nowMs }: Actor): Promise<Budget> {
    const stored = await listObjects(db, { objectType: 'budget', projectId });
    if (stored.length >= budgetLimits.budgetsMax) {
      const message = `project ${projectId} has ${budgetLimits.budgetsMax} budgets; remove some`;
      throw new ApiError('too_many_budgets', message);
    }
    await requireChannels(db, projectId, input.channelIds);
    const body: StoredBudget = { ...input, createdMs: nowMs };
    const key = { objectType: 'budget', projectId, objectId: randomBytes(6).toString('hex') } as const;
    const change = { ...key, body, author: actor, expectedVersion: 0, details: detailsOf(input) };
    return toBudget(await this.#configuration.write(change));
  }

  /** Throws `budget_not_found`, `changed_meanwhile`, and `invalid_request` for one that an agent declares. */
  async change(
    db: Db,
    { budgetId, version, input }: { budgetId: string; version: number; input: BudgetInput },
    { projectId, actor, nowMs }: Actor,
  ): Promise<Budget> {
    const before = await this.#getStored(db, { projectId, budgetId, nowMs });
    const added = input.channelIds.filter((id) => !before.channelIds.includes(id));
    await requireChannels(db, projectId, added);
    const body: StoredBudget = { ...input, createdMs: Date.parse(before.createdAt ?? '') };
    const key = { objectType: 'budget', projectId, objectId: budgetId } as const;
    const details = { ...detailsOf(input), before: detailsOf(before) };
    return toBudget(
      await this.#configuration.write({ ...key, body, author: actor, expectedVersion: version, details }),
    );
  }

  /** What it was. Throws as `change` does. */
  async remove(db: Db, budgetId: string, { projectId, actor, nowMs }: Actor): Promise<Budget> {
    const before = await this.#getStored(db, { projectId, budgetId, nowMs });
    const key = { objectType: 'budget', projectId, objectId: budgetId } as const;
    await this.#configuration.remove({ ...key, author: actor, details: detailsOf(before) });
    return before;
  }

  async #listDeclared(db: Db, { projectId, nowMs }: { projectId: string; nowMs: number }): Promise<Budget[]> {
    const declared = await this.#definitions.list(nowMs);
    if (declared.every(({ missingChannels }) => missingChannels.length === 0)) return declared;
    return findChannels(declared, await new ChannelBook(db).list(projectId));
  }

  async #getStored(db: Db, question: { projectId: string; budgetId: string; nowMs: number }): Promise<Budget> {
    const found = await this.get(db, question);
    if (found.source === 'api') return found;
    const message = `this budget is declared in the definition of agent ${found.agent ?? ''}; change it there and deploy`;
    throw new ApiError('invalid_request', message);
  }
}

/** Those written through the API, by name. */
export async function listStoredBudgets(db: Db, projectId: string): Promise<Budget[]> {
  const objects = await listObjects(db, { objectType: 'budget', projectId });
  return objects.map(toBudget).toSorted(byName);
}

/** Only cost centres and teams need the owner rules. */
export async function readOwners(db: Db, projectId: string, budgets: readonly Budget[]): Promise<OwnerRule[]> {
  return budgets.some(isOwned) ? listOwnerRules(db, projectId) : [];
}

/**
 * Another one whenever calls may fall on other accounts than before, or accounts are others: a budget was changed, or an owner
 * rule that decides on one, or a day (UTC) has begun, with which rules begin and end. Empty: the project has no budget.
 */
export function revisionOf(
  budgets: readonly Pick<Budget, 'budgetId' | 'version' | 'scope'>[],
  owners: readonly { ownerId: string; version: number }[],
  nowMs: number,
): string {
  if (budgets.length === 0) return '';
  const versions = budgets.map(({ budgetId, version }) => `budget ${budgetId} ${version}`);
  if (budgets.some(isOwned)) {
    versions.push(...owners.map(({ ownerId, version }) => `owner ${ownerId} ${version}`));
    versions.push(`day ${new Date(nowMs).toISOString().slice(0, 10)}`);
  }
  return createHash('sha256').update(versions.toSorted().join('\n')).digest('hex').slice(0, revisionDigits);
}

function isOwned({ scope }: Pick<Budget, 'scope'>): boolean {
  return scope === 'costCentre' || scope === 'team';
}

async function requireChannels(db: Db, projectId: string, channelIds: readonly string[]): Promise<void> {
  if (channelIds.length === 0) return;
  const known = new Set((await listObjects(db, { objectType: 'channel', projectId })).map(({ objectId }) => objectId));
  const missing = channelIds.find((id) => !known.has(id));
  if (missing === undefined) return;
  throw new ApiError('invalid_request', `\`channelIds\` names ${missing}, and the project has no such channel`);
}

function detailsOf({ name, scope, labelKey, value, amountUsd, period, thresholds, action }: BudgetInput): object {
  return { name, scope, labelKey, value, amountUsd, period, thresholds, action };
}

function byName(a: Budget, b: Budget): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function notFound(budgetId: string): ApiError {
  return new ApiError('budget_not_found', `there is no budget ${budgetId}`);
}
