import { createRoute } from '@hono/zod-openapi';
import { trafficQuery, trafficReply } from '../contract/agents.ts';
import { listAgentTraffic } from '../queries/agent-traffic.ts';
import { createRouter, replies } from './api.ts';
import { readWindow } from './filters.ts';

/** `now` is milliseconds since 1970. */
export function agentTrafficRoutes({ now }: { now: () => number }) {
  return createRouter().openapi(trafficRoute, async (c) => {
    const query = c.req.valid('query');
    const { project: projectId, agent: agents, by, limit } = query;
    const window = readWindow(query, now());
    return c.json(await listAgentTraffic(c.var.db, { projectId, window, agents, by, limit }), 200);
  });
}

const trafficRoute = createRoute({
  method: 'get',
  path: '/agent-traffic',
  tags: ['Agents'],
  summary: 'What agents did in a time window: traces, failures and durations, declared or not',
  description: 'Of every agent that spans name, wherever it runs. What they cost: `/costs` by agent or revision.',
  request: { query: trafficQuery },
  responses: replies(trafficReply, 'A row for each.'),
});
