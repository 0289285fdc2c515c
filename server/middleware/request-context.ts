import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { Db } from '../queries/db.ts';
import type { ServerEnv } from './environment.ts';

/** Names the request (`x-request-id` in the answer and in the log) and ties its queries to its connection. */
export function requestContext(db: Db): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const requestId = randomUUID();
    c.set('requestId', requestId);
    c.set('db', db.withSignal(c.req.raw.signal));
    c.header('x-request-id', requestId);
    await next();
  };
}
