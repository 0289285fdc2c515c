import { createRoute } from '@hono/zod-openapi';
import { filterQuery } from '../contract/requests.ts';
import { facetsReply } from '../contract/traces.ts';
import { listFacets } from '../queries/facets.ts';
import { createRouter, replies } from './api.ts';
import { readSelection } from './filters.ts';

/** `now` is milliseconds since 1970. */
export function facetRoutes({ now }: { now: () => number }) {
  return createRouter().openapi(facetsRoute, async (c) =>
    c.json(await listFacets(c.var.db, readSelection(c.req.valid('query'), now())), 200),
  );
}

const facetsRoute = createRoute({
  method: 'get',
  path: '/facets',
  tags: ['Traces'],
  summary: 'Lists the commonest values of every filter among the traces that match',
  description: 'A filter does not restrict its own facet. Counts are exact up to 65 536 traces.',
  request: { query: filterQuery },
  responses: replies(facetsReply, 'All facets, each with up to twenty values.'),
});
