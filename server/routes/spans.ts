import { createRoute } from '@hono/zod-openapi';
import { projectQuery, spanListQuery, spanPath } from '../contract/requests.ts';
import { spanListReply, spanReply } from '../contract/spans.ts';
import { getSpan } from '../queries/span-detail.ts';
import { listSpans } from '../queries/span-list.ts';
import { createRouter, replies } from './api.ts';
import { readSelection } from './filters.ts';

/** `now` is milliseconds since 1970. */
export function spanRoutes({ now }: { now: () => number }) {
  return createRouter()
    .openapi(listRoute, async (c) => {
      const query = c.req.valid('query');
      const { sort, limit, cursor } = query;
      return c.json(await listSpans(c.var.db, { ...readSelection(query, now()), sort, limit, cursor }), 200);
    })
    .openapi(spanRoute, async (c) => {
      const { traceId, spanId } = c.req.valid('param');
      const { project } = c.req.valid('query');
      return c.json({ span: await getSpan(c.var.db, { projectId: project, traceId, spanId }) }, 200);
    });
}

const listRoute = createRoute({
  method: 'get',
  path: '/spans',
  tags: ['Spans'],
  summary: 'Lists the spans that start in a time window and match every filter themselves',
  request: { query: spanListQuery },
  responses: replies(spanListReply, 'A page of spans, without payloads.', ['invalid_cursor']),
});

const spanRoute = createRoute({
  method: 'get',
  path: '/traces/{traceId}/spans/{spanId}',
  tags: ['Spans'],
  summary: 'Reads one span with its messages, payloads and attributes',
  description: 'Content that arrived as log records of the span is joined to it.',
  request: { params: spanPath, query: projectQuery },
  responses: replies(spanReply, 'The span.', ['trace_not_found', 'span_not_found']),
});
