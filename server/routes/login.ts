import { createRoute } from '@hono/zod-openapi';
import { ApiError } from '../contract/errors.ts';
import { doneReply, keysQuery, loginRequest, meReply } from '../contract/keys.ts';
import { parseKey } from '../domain/keys/credentials.ts';
import type { Authentication } from '../middleware/authentication.ts';
import { createRouter, replies } from './api.ts';
import { limitKeyBody } from './key-body.ts';

/** Who asks, and the login of a browser, which keeps a cookie in place of the key. */
export function loginRoutes({ authentication }: { authentication: Authentication | undefined }) {
  return createRouter()
    .openapi(meRoute, (c) => {
      const { auth, key } = c.var.access;
      c.header('cache-control', 'no-store');
      return c.json({ auth, key }, 200);
    })
    .openapi(loginRoute, async (c) => {
      c.header('cache-control', 'no-store');
      if (authentication === undefined) return c.json({ status: 'ok' as const }, 200);
      const credential = parseKey(c.req.valid('json').key.trim());
      const identified =
        credential === undefined ? ({ status: 'unknown' } as const) : await authentication.keyRing.identify(credential);
      switch (identified.status) {
        case 'unavailable':
          throw new ApiError(
            'database_unavailable',
            'ClickHouse does not answer, so the key cannot be checked; try again',
          );
        case 'unknown':
          throw new ApiError('unauthorized', 'this is no valid key');
        case 'expired':
          throw new ApiError('unauthorized', `the key ${identified.keyId} has expired`);
        case 'revoked':
          throw new ApiError('unauthorized', `the key ${identified.keyId} was revoked`);
        case 'inForce':
          if (!identified.key.scopes.includes('read')) {
            throw new ApiError('forbidden', 'to sign in a key needs scope read');
          }
          authentication.sessions.begin(c, identified.key.keyId);
          return c.json({ status: 'ok' as const }, 200);
      }
    })
    .openapi(logoutRoute, (c) => {
      authentication?.sessions.end(c);
      return c.json({ status: 'ok' as const }, 200);
    });
}

const meRoute = createRoute({
  method: 'get',
  path: '/me',
  tags: ['Keys'],
  summary: 'Tells whether keys are needed, and which one this request presents',
  description: 'Needs no key. One that is presented and not valid is refused.',
  request: { query: keysQuery },
  responses: replies(meReply, 'Who asks.'),
});

const loginRoute = createRoute({
  method: 'post',
  path: '/login',
  tags: ['Keys'],
  summary: 'Signs a browser in: sets a cookie for twelve hours, which ends when the key does',
  middleware: [limitKeyBody] as const,
  request: {
    query: keysQuery,
    body: { required: true, content: { 'application/json': { schema: loginRequest } } },
  },
  responses: replies(doneReply, 'Signed in.', ['body_too_large']),
});

const logoutRoute = createRoute({
  method: 'post',
  path: '/logout',
  tags: ['Keys'],
  summary: 'Signs a browser out',
  request: { query: keysQuery },
  responses: replies(doneReply, 'Signed out.'),
});
