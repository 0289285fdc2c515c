import { Hono } from 'hono';
import { compress } from 'hono/compress';
import type { Logger } from 'pino';
import type { LiveFeed } from './live/live-feed.ts';
import type { ServerEnv } from './middleware/environment.ts';
import { errorResponder } from './middleware/errors.ts';
import { localModeGuard } from './middleware/local-mode.ts';
import { requestContext } from './middleware/request-context.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import type { Db } from './queries/db.ts';
import { createRouter } from './routes/api.ts';
import { healthRoutes } from './routes/health.ts';
import { traceRoutes } from './routes/traces.ts';
import { uiRoutes } from './routes/ui.ts';

export interface AppDependencies {
  db: Db;
  log: Logger;
  /** Milliseconds since 1970. */
  now: () => number;
  liveFeed: LiveFeed;
  publicUrl: string | undefined;
  /** Where the built UI lies. */
  uiDirectory: string;
  /** The newest migration this release has. */
  schemaVersion: string;
}

/** The whole HTTP interface; does nothing until a request comes. */
export function createApp(dependencies: AppDependencies): Hono<ServerEnv> {
  const { db, log, now, uiDirectory, schemaVersion } = dependencies;
  const app = new Hono<ServerEnv>();
  app.use(securityHeaders(), requestContext(db), localModeGuard(), compress());
  app.onError(errorResponder(log));

  const api = createRouter();
  api.route('/api', traceRoutes({ now }));
  api.route('/', healthRoutes({ schemaVersion }));
  app.route('/', api);
  app.route('/', uiRoutes({ directory: uiDirectory }));
  return app;
}
