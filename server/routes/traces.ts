import { createRoute } from '@hono/zod-openapi';
import { filterQuery, traceListQuery, tracePath, traceQuery } from '../contract/requests.ts';
import { histogramReply, traceListReply, traceReply } from '../contract/traces.ts';
import { getTrace } from '../queries/trace-by-id.ts';
import { countTracesByTime } from '../queries/trace-histogram.ts';
import { listTraces } from '../queries/trace-list.ts';
import { createRouter, replies } from './api.ts';
import { readSelection } from './filters.ts';

/** `now` is milliseconds since 1970. */
export function traceRoutes({ now }: { now: () => number }) {
  return createRouter()
    .openapi(listRoute, async (c) => {
      const query = c.req.valid('query');
      const { sort, limit, cursor } = query;
      return c.json(await listTraces(c.var.db, { ...readSelection(query, now()), sort, limit, cursor }), 200);
    })
    .openapi(histogramRoute, async (c) =>
      c.json(await countTracesByTime(c.var.db, readSelection(c.req.valid('query'), now())), 200),
    )
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
    'A trace starts with its root, the first span without a parent; without one, with its earliest span. It matches when ' +
    'for each filter some span of it does, and for `status`, `minDurationMs` and `minCostUsd` the trace itself. Its status ' +
    'is that of its root; without one, any failed span makes it failed.',
  request: { query: traceListQuery },
  responses: replies(traceListReply, 'A page of traces.', ['invalid_cursor']),
});

const histogramRoute = createRoute({
  method: 'get',
  path: '/traces/histogram',
  tags: ['Traces'],
  summary: 'Counts the traces that match by time, in about sixty buckets at round times',
  request: { query: filterQuery },
  responses: replies(histogramReply, 'All buckets that overlap the window, oldest first.'),
});

const traceRoute = createRoute({
  method: 'get',
  path: '/traces/{traceId}',
  tags: ['Traces'],
  summary: 'Reads one trace: its summary and its spans in order of start, without payloads',
  request: { params: tracePath, query: traceQuery },
  responses: replies(traceReply, 'The summary and a page of spans.', ['invalid_cursor', 'trace_not_found']),
});
