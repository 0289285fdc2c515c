import { createRoute, z } from '@hono/zod-openapi';
import type { Db } from '../queries/db.ts';
import { isSchemaCurrent } from '../queries/readiness.ts';
import { ApiError } from '../contract/errors.ts';
import { createRouter, errorReplies } from './api.ts';

/**
 * `/healthz`: the process answers. `/readyz`: it can work, that is, ClickHouse answers and has this release's tables. Anybody may
 * ask; all who ask at one time share one query.
 */
export function healthRoutes({ db, schemaVersion }: { db: Db; schemaVersion: string }) {
  let running: Promise<boolean> | undefined;
  const isReady = () => {
    running ??= isSchemaCurrent(db, schemaVersion).finally(() => (running = undefined));
    return running;
  };
  return createRouter()
    .openapi(aliveRoute, (c) => c.json({ status: 'ok' as const }, 200))
    .openapi(readyRoute, async (c) => {
      if (!(await isReady())) {
        throw new ApiError(
          'database_unavailable',
          `the database has not had migration ${schemaVersion}; run the migrations`,
        );
      }
      return c.json({ status: 'ok' as const }, 200);
    });
}

const reply = {
  200: {
    description: 'Yes.',
    content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
  },
};

const aliveRoute = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['Health'],
  summary: 'Tells whether the process is alive',
  responses: reply,
});

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['Health'],
  summary: 'Tells whether the server can work',
  responses: { ...reply, ...errorReplies(['database_unavailable', 'query_timeout']) },
});
