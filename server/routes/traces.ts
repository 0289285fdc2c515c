import { createRoute } from '@hono/zod-openapi';
import { traceListQuery, tracePath, traceQuery } from '../contract/requests.ts';
import { traceListReply, traceReply } from '../contract/traces.ts';
import { getTrace } from '../queries/trace-by-id.ts';
import { listTraces } from '../queries/trace-list.ts';
import { createRouter, replies } from './api.ts';
import { readFilters, readWindow } from './filters.ts';

/** `now` is milliseconds since 1970. */
export function traceRoutes({ now }: { now: () => number }) {
  return createRouter()
    .openapi(listRoute, async (c) => {
      const query = c.req.valid('query');
      const { sort, limit, cursor } = query;
      const reply = await listTraces(c.var.db, {
        projectId: query.project,
        window: readWindow(query, now()),
        isDefaultWindow: query.from === undefined && query.to === undefined,
        filters: readFilters(query),
        ...{ sort, limit, cursor },
      });
      return c.json(reply, 200);
    })
    .openapi(traceRoute, async (c) => {
      const { traceId } = c.req.valid('param');
      const { project, limit, cursor } = c.req.valid('query');
      return c.json(await getTrace(c.var.db, { projectId: project, traceId, limit, cursor }), 200);
    });
}

const listRoute = createRoute({
  method: 'get',
  path: '/traces',
  tags: ['Traces'],
  summary: 'Lists the traces that start in a time window',
  description:
    'A trace starts with its root, the first span without a parent; without one, with its earliest span. It matches when for each filter some span of it does.',
  request: { query: traceListQuery },
  responses: replies(traceListReply, 'A page of traces.', ['invalid_cursor']),
});

const traceRoute = createRoute({
  method: 'get',
  path: '/traces/{traceId}',
  tags: ['Traces'],
  summary: 'Reads one trace: its summary and its spans in order of start, without payloads',
  request: { params: tracePath, query: traceQuery },
  responses: replies(traceReply, 'The summary and a page of spans.', ['invalid_cursor', 'trace_not_found']),
});
