import { createRoute } from '@hono/zod-openapi';
import {
  cacheSavingsQuery,
  cacheSavingsReply,
  forecastQuery,
  forecastReply,
  moversQuery,
  moversReply,
  sessionCostsQuery,
  sessionCostsReply,
} from '../contract/cost-insights.ts';
import { ApiError } from '../contract/errors.ts';
import { findTimeZone } from '../domain/calendar-month.ts';
import { getCacheSavings } from '../queries/cache-savings.ts';
import { getForecast } from '../queries/cost-forecast.ts';
import { getMovers } from '../queries/cost-movers.ts';
import { getSessionCosts } from '../queries/session-costs.ts';
import { createRouter, replies } from './api.ts';
import { readCostFilters } from './cost-filters.ts';
import { costWindowMs } from './costs.ts';
import { readWindow } from './filters.ts';
import { windowBefore } from './window-before.ts';

/** What sums of money mean: what changed, where the month ends, what a session costs, what caching saved. */
export function costInsightRoutes({ now }: { now: () => number }) {
  return createRouter()
    .openapi(moversRoute, async (c) => {
      const query = c.req.valid('query');
      const { project: projectId, dimensions, against, limit } = query;
      const window = readWindow(query, now(), costWindowMs);
      const before = windowBefore(window, against);
      const filters = await readCostFilters(c.var.db, query, dimensions);
      return c.json(await getMovers(c.var.db, { projectId, window, before, filters, dimensions, limit }), 200);
    })
    .openapi(forecastRoute, async (c) => {
      const query = c.req.valid('query');
      const timeZone = findTimeZone(query.timeZone);
      if (timeZone === undefined) {
        throw new ApiError(
          'invalid_request',
          '`timeZone` must be the name of a time zone such as Europe/Berlin or UTC',
        );
      }
      const filters = await readCostFilters(c.var.db, query);
      return c.json(await getForecast(c.var.db, { projectId: query.project, filters, timeZone, nowMs: now() }), 200);
    })
    .openapi(sessionCostsRoute, async (c) => {
      const query = c.req.valid('query');
      const { project: projectId, groupBy, limit } = query;
      const window = readWindow(query, now(), costWindowMs);
      const filters = await readCostFilters(c.var.db, query, groupBy);
      return c.json(await getSessionCosts(c.var.db, { projectId, window, filters, groupBy, limit }), 200);
    })
    .openapi(cacheSavingsRoute, async (c) => {
      const query = c.req.valid('query');
      const window = readWindow(query, now(), costWindowMs);
      const filters = await readCostFilters(c.var.db, query);
      return c.json(await getCacheSavings(c.var.db, { projectId: query.project, window, filters }), 200);
    });
}

const moversRoute = createRoute({
  method: 'get',
  path: '/costs/movers',
  tags: ['Costs'],
  summary: 'Which agents, models and users made a period cost more or less than another',
  description: 'Changes of each dimension add up to the change of all: the movers and `restUsd`.',
  request: { query: moversQuery },
  responses: replies(moversReply, 'The largest changes of each dimension.'),
});

const forecastRoute = createRoute({
  method: 'get',
  path: '/costs/forecast',
  tags: ['Costs'],
  summary: 'What this month will have cost when it ends, with its range',
  description:
    'From up to 56 whole days: the level of recent days (half the weight after 14 days) times what each weekday is like, and a ' +
    'range from how far past days were off that. An estimate, not an account.',
  request: { query: forecastQuery },
  responses: replies(forecastReply, 'What is spent, and what is to come.'),
});

const sessionCostsRoute = createRoute({
  method: 'get',
  path: '/costs/sessions-summary',
  tags: ['Costs'],
  summary: 'What a session costs, and what each successful one costs with those that failed',
  request: { query: sessionCostsQuery },
  responses: replies(sessionCostsReply, 'Of all sessions, and by group.'),
});

const cacheSavingsRoute = createRoute({
  method: 'get',
  path: '/costs/cache-savings',
  tags: ['Costs'],
  summary: 'What cached tokens would have cost as plain input, less what they cost',
  description:
    'By the unit prices that each ledger row keeps. What is inferred or not known is counted beside the figure.',
  request: { query: cacheSavingsQuery },
  responses: replies(cacheSavingsReply, 'The saving.'),
});
