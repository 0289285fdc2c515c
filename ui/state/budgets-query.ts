import type { Budget, BudgetAccount } from '../api/types.ts';
import { readOneOf } from './cost-query.ts';

export const budgetScopes = [
  'project',
  'agent',
  'user',
  'session',
  'label',
  'costCentre',
  'team',
] as const satisfies readonly Budget['scope'][];
export const budgetStates = ['exhausted', 'warned', 'ok'] as const satisfies readonly BudgetAccount['state'][];
export const budgetActions = ['warn', 'downgrade', 'pause', 'block'] as const satisfies readonly Budget['action'][];
/** `need`: what asks for somebody first. */
export const budgetOrders = ['need', 'used', 'left', 'exhausted', 'name'] as const;
export type BudgetOrder = (typeof budgetOrders)[number];

/** What the list of budgets shows, as it stands in the address. */
export interface BudgetsQuery {
  project: string;
  scope: Budget['scope'] | null;
  state: BudgetAccount['state'] | null;
  action: Budget['action'] | null;
  /** Those that hold back this agent. */
  agent: string | null;
  /** Words of the name or the scope. */
  text: string;
  order: BudgetOrder;
}

const textMax = 200;

/** Reads the address. What is wrong in it is left out and named. */
export function readBudgetsQuery(params: URLSearchParams): { query: BudgetsQuery; problems: readonly string[] } {
  const problems: string[] = [];
  const query: BudgetsQuery = {
    project: params.get('project') ?? 'default',
    scope: readOneOf('scope', budgetScopes, params, problems) ?? null,
    state: readOneOf('state', budgetStates, params, problems) ?? null,
    action: readOneOf('action', budgetActions, params, problems) ?? null,
    agent: params.get('agent'),
    text: (params.get('q') ?? '').slice(0, textMax),
    order: readOneOf('order', budgetOrders, params, problems) ?? 'need',
  };
  return { query, problems };
}

/** Whether the address leaves some budgets out. */
export function isNarrowed({ scope, state, action, agent, text }: BudgetsQuery): boolean {
  return scope !== null || state !== null || action !== null || agent !== null || text.trim() !== '';
}
