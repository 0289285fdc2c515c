import { createRoute } from '@hono/zod-openapi';
import { labelsReply, labelValuesQuery, labelValuesReply } from '../contract/labels.ts';
import { filterQuery } from '../contract/requests.ts';
import { listLabelKeys, listLabelValues } from '../queries/labels.ts';
import { createRouter, replies } from './api.ts';
import { readSelection } from './filters.ts';

/** `now` is milliseconds since 1970. */
export function labelRoutes({ now }: { now: () => number }) {
  return createRouter()
    .openapi(keysRoute, async (c) =>
      c.json(await listLabelKeys(c.var.db, readSelection(c.req.valid('query'), now())), 200),
    )
    .openapi(valuesRoute, async (c) => {
      const query = c.req.valid('query');
      return c.json(await listLabelValues(c.var.db, { ...readSelection(query, now()), key: query.key }), 200);
    });
}

const keysRoute = createRoute({
  method: 'get',
  path: '/labels',
  tags: ['Traces'],
  summary: 'Lists the commonest label keys among the traces that match',
  description:
    'Metadata, tags and properties that emitters put on spans. A tag `beta` is the label `tag.beta` with the value `true`. ' +
    'What is found here can be filtered by (`label=KEY=VALUE`) and costs can be grouped by (`label:KEY`).',
  request: { query: filterQuery },
  responses: replies(labelsReply, 'Up to a hundred keys.'),
});

const valuesRoute = createRoute({
  method: 'get',
  path: '/labels/values',
  tags: ['Traces'],
  summary: 'Lists the commonest values of one label among the traces that match',
  description: 'A filter on this label does not restrict them.',
  request: { query: labelValuesQuery },
  responses: replies(labelValuesReply, 'Up to a hundred values.'),
});
