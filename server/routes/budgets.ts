import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Budgets } from '../budgets/budgets.ts';
import { describeBudget } from '../budgets/detail.ts';
import { describeBudgets } from '../budgets/overview.ts';
import { checkBudgets, resolveAccounts } from '../budgets/resolve.ts';
import { checkReply, checkRequest, resolveReply, resolveRequest } from '../contract/budget-calls.ts';
import {
  budgetBodyBytesMax,
  budgetChange,
  budgetInput,
  budgetPath,
  budgetQuery,
  budgetReply,
  budgetsQuery,
  budgetsReply,
  changedBudgetReply,
} from '../contract/budgets.ts';
import { ApiError } from '../contract/errors.ts';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import type { ServerEnv } from '../middleware/environment.ts';
import { createRouter, replies } from './api.ts';

export interface BudgetRouteDeps {
  budgets: Budgets;
  priceBook: PriceBook;
  now: () => number;
}

/** Budgets of a project, what is left of them, and whether a call may be made. */
export function budgetRoutes({ budgets, priceBook, now }: BudgetRouteDeps) {
  return createRouter()
    .openapi(listRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      return c.json(await describeBudgets(c.var.db, budgets, { projectId, nowMs: now() }), 200);
    })
    .openapi(createBudgetRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const by = { projectId, actor: c.var.access.actor, nowMs: now() };
      return c.json({ budget: await budgets.create(c.var.db, c.req.valid('json'), by) }, 200);
    })
    .openapi(getRoute, async (c) => {
      const { project: projectId, value } = c.req.valid('query');
      const { budgetId } = c.req.valid('param');
      return c.json(await describeBudget(c.var.db, budgets, { projectId, budgetId, value, nowMs: now() }), 200);
    })
    .openapi(changeRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { budgetId } = c.req.valid('param');
      const { version, ...input } = c.req.valid('json');
      const by = { projectId, actor: c.var.access.actor, nowMs: now() };
      return c.json({ budget: await budgets.change(c.var.db, { budgetId, version, input }, by) }, 200);
    })
    .openapi(removeRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const by = { projectId, actor: c.var.access.actor, nowMs: now() };
      return c.json({ budget: await budgets.remove(c.var.db, c.req.valid('param').budgetId, by) }, 200);
    })
    .openapi(checkRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const question = { projectId, request: c.req.valid('json'), nowMs: now() };
      return c.json(await checkBudgets(c.var.db, { budgets, priceBook }, question), 200);
    })
    .openapi(resolveRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const question = { projectId, request: c.req.valid('json'), nowMs: now() };
      return c.json(await resolveAccounts(c.var.db, question), 200);
    });
}

const limitBody: MiddlewareHandler<ServerEnv> = bodyLimit({
  maxSize: budgetBodyBytesMax,
  onError: () => {
    throw new ApiError('body_too_large', `this request has at most ${budgetBodyBytesMax} bytes`);
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/budgets',
  tags: ['Budgets'],
  summary: 'Lists budgets, each with the account of it that has used most',
  description:
    'An account is what one value (a user, a session) has of a budget in the window that runs. Amounts are exact sums of the ' +
    'ledger; what calls of the runtime hold beside it is pending or reserved. Counts of warned and exhausted accounts are by the ' +
    'ledger.',
  request: { query: budgetsQuery },
  responses: replies(budgetsReply, 'The budgets: those written through the API, then those that agents declare.'),
});

const createBudgetRoute = createRoute({
  method: 'post',
  path: '/budgets',
  tags: ['Budgets'],
  summary: 'Makes a budget',
  middleware: [limitBody] as const,
  request: {
    query: budgetsQuery,
    body: { required: true, content: { 'application/json': { schema: budgetInput } } },
  },
  responses: replies(changedBudgetReply, 'The budget.', ['too_many_budgets', 'body_too_large']),
});

const getRoute = createRoute({
  method: 'get',
  path: '/budgets/{budgetId}',
  tags: ['Budgets'],
  summary: 'Gets a budget with its accounts; of one of them the burn-down, what becomes of it, and what costs most',
  request: { query: budgetQuery, params: budgetPath },
  responses: replies(budgetReply, 'The budget.', ['budget_not_found']),
});

const changeRoute = createRoute({
  method: 'put',
  path: '/budgets/{budgetId}',
  tags: ['Budgets'],
  summary: 'Changes a budget: the whole of it. Raising its amount resumes what it has paused',
  middleware: [limitBody] as const,
  request: {
    query: budgetsQuery,
    params: budgetPath,
    body: { required: true, content: { 'application/json': { schema: budgetChange } } },
  },
  responses: replies(changedBudgetReply, 'The budget.', ['budget_not_found', 'changed_meanwhile', 'body_too_large']),
});

const removeRoute = createRoute({
  method: 'delete',
  path: '/budgets/{budgetId}',
  tags: ['Budgets'],
  summary: 'Removes a budget: from then on it holds nothing back',
  request: { query: budgetsQuery, params: budgetPath },
  responses: replies(changedBudgetReply, 'What it was.', ['budget_not_found', 'changed_meanwhile']),
});

const checkRoute = createRoute({
  method: 'post',
  path: '/budgets/check',
  tags: ['Budgets'],
  summary: 'Tells whether a call may be made, for frameworks that call models themselves',
  description:
    'Nothing is reserved by asking: calls that ask at the same time may together overstep a budget. Calls through the gateway of the ' +
    'runtime are reserved and cannot.',
  middleware: [limitBody] as const,
  request: {
    query: budgetsQuery,
    body: { required: true, content: { 'application/json': { schema: checkRequest } } },
  },
  responses: replies(checkReply, 'Whether it may, and every budget that the call falls on.', ['body_too_large']),
});

const resolveRoute = createRoute({
  method: 'post',
  path: '/budgets/resolve',
  tags: ['Budgets'],
  summary: 'For the runtime: the accounts of a call, and which of its calls the ledger has',
  description: 'Sums and booked calls come from one read of the ledger: what is said to be booked is in the sums.',
  middleware: [limitBody] as const,
  request: {
    query: budgetsQuery,
    body: { required: true, content: { 'application/json': { schema: resolveRequest } } },
  },
  responses: replies(resolveReply, 'The accounts.', ['body_too_large']),
});
