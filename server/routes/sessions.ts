import { createRoute } from '@hono/zod-openapi';
import { sessionListQuery, sessionListReply, sessionPath, sessionQuery, sessionReply } from '../contract/sessions.ts';
import { getSession } from '../queries/session-by-id.ts';
import { listSessions } from '../queries/session-list.ts';
import { createRouter, replies } from './api.ts';
import { readSelection } from './filters.ts';

/** `now` is milliseconds since 1970. */
export function sessionRoutes({ now }: { now: () => number }) {
  return createRouter()
    .openapi(listRoute, async (c) => {
      const query = c.req.valid('query');
      const { sort, limit, cursor, q = '' } = query;
      const request = { ...readSelection(query, now()), searchText: q.trim(), sort, limit, cursor };
      return c.json(await listSessions(c.var.db, request), 200);
    })
    .openapi(sessionRoute, async (c) => {
      const { sessionId } = c.req.valid('param');
      const { project, limit, cursor } = c.req.valid('query');
      return c.json(await getSession(c.var.db, { projectId: project, sessionId, limit, cursor }), 200);
    });
}

const listRoute = createRoute({
  method: 'get',
  path: '/sessions',
  tags: ['Sessions'],
  summary: 'Lists the sessions that were active in a time window',
  description:
    'A session is active from the start of its first span to the end of its last. It matches when for each filter it has ' +
    'any of the values, and for `status`, `minDurationMs` and `minCostUsd` the session itself does. Sessions appear ' +
    'when they are settled: a second or two after their spans arrived.',
  request: { query: sessionListQuery },
  responses: replies(sessionListReply, 'A page of sessions.', ['invalid_cursor']),
});

const sessionRoute = createRoute({
  method: 'get',
  path: '/sessions/{sessionId}',
  tags: ['Sessions'],
  summary: 'Reads one session: its summary and its turns in order, with their steps and without payloads',
  description:
    'A turn begins where a new user message arrives. Steps before the first one, or of a session without one, form a turn ' +
    'without input. Session, user and agent of a step are its own or inherited.',
  request: { params: sessionPath, query: sessionQuery },
  responses: replies(sessionReply, 'The summary and a page of turns.', ['invalid_cursor', 'session_not_found']),
});
