import { createRoute } from '@hono/zod-openapi';
import { ApiError } from '../contract/errors.ts';
import {
  resettlementId,
  resettlementListQuery,
  resettlementProject,
  resettlementReply,
  resettlementRequest,
  resettlementsReply,
} from '../contract/resettlements.ts';
import { parseRfc3339 } from '../domain/time.ts';
import { listResettlements } from '../queries/resettlement-audit.ts';
import type { Resettlements } from '../resettle/resettlements.ts';
import { createRouter, replies } from './api.ts';

/** Pricing booked calls anew. */
export function resettlementRoutes({ resettlements }: { resettlements: Resettlements }) {
  return createRouter()
    .openapi(startRoute, (c) => {
      const { project: projectId } = c.req.valid('query');
      const { from, to, commit } = c.req.valid('json');
      const [fromNs, toNs] = [parseRfc3339(from), parseRfc3339(to)];
      if (fromNs === undefined || toNs === undefined || fromNs >= toNs) {
        throw new ApiError('invalid_request', '`from` must be before `to`, both between 1970 and 2262');
      }
      const resettlement = resettlements.start({ projectId, fromNs, toNs, commit }, c.var.access.actor);
      if (resettlement === undefined) throw new ApiError('resettlement_running', 'one runs already; wait for its end');
      return c.json({ resettlement }, 200);
    })
    .openapi(listRoute, async (c) => {
      const { project: projectId, limit } = c.req.valid('query');
      const recent = resettlements.list(projectId);
      const known = new Set(recent.map(({ id }) => id));
      const stored = await listResettlements(c.var.db, { projectId, id: undefined, limit });
      const all = [...recent, ...stored.filter(({ id }) => !known.has(id))];
      all.sort((a, b) => (BigInt(a.startedAt) < BigInt(b.startedAt) ? 1 : -1));
      return c.json({ resettlements: all.slice(0, limit) }, 200);
    })
    .openapi(getRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { id } = c.req.valid('param');
      const recent = resettlements.find(projectId, id);
      const [resettlement] = recent ? [recent] : await listResettlements(c.var.db, { projectId, id, limit: 1 });
      if (resettlement === undefined) throw new ApiError('resettlement_not_found', `there is no re-settlement ${id}`);
      return c.json({ resettlement }, 200);
    });
}

const startRoute = createRoute({
  method: 'post',
  path: '/resettlements',
  tags: ['Costs'],
  summary: 'Prices the calls of a window anew',
  description:
    'Starts it and answers at once; ask for it by its id until its status is not `running`. Without `commit` nothing is written.',
  request: {
    query: resettlementProject,
    body: { required: true, content: { 'application/json': { schema: resettlementRequest } } },
  },
  responses: replies(resettlementReply, 'It runs.', ['resettlement_running']),
});

const listRoute = createRoute({
  method: 'get',
  path: '/resettlements',
  tags: ['Costs'],
  summary: 'Lists re-settlements, newest first: those that wrote, and what this server only tried lately',
  request: { query: resettlementListQuery },
  responses: replies(resettlementsReply, 'The re-settlements.'),
});

const getRoute = createRoute({
  method: 'get',
  path: '/resettlements/{id}',
  tags: ['Costs'],
  summary: 'Gets one re-settlement: its progress, then what changed by day and model',
  request: { query: resettlementProject, params: resettlementId },
  responses: replies(resettlementReply, 'The re-settlement.', ['resettlement_not_found']),
});
