import { Hono } from 'hono';
import { compress } from 'hono/compress';
import type { Logger } from 'pino';
import type { PriceBook } from './domain/prices/unit-prices.ts';
import type { LiveFeed } from './live/live-feed.ts';
import type { Channels } from './alerts/deliver/channels.ts';
import { Budgets } from './budgets/budgets.ts';
import type { Keys } from './keys/keys.ts';
import { authenticate, type Authentication } from './middleware/authentication.ts';
import type { ServerEnv } from './middleware/environment.ts';
import { errorResponder } from './middleware/errors.ts';
import { localModeGuard } from './middleware/local-mode.ts';
import { networkModeGuard } from './middleware/network-mode.ts';
import { requestContext } from './middleware/request-context.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import type { ConfigurationWriter } from './queries/configuration-writer.ts';
import type { Db } from './queries/db.ts';
import { agentTrafficRoutes } from './routes/agent-traffic.ts';
import { agentRoutes } from './routes/agents.ts';
import { alertChannelRoutes } from './routes/alert-channels.ts';
import { alertRoutes } from './routes/alerts.ts';
import { createRouter } from './routes/api.ts';
import { budgetRoutes } from './routes/budgets.ts';
import { costInsightRoutes } from './routes/cost-insights.ts';
import { costRoutes } from './routes/costs.ts';
import { facetRoutes } from './routes/facets.ts';
import { healthRoutes } from './routes/health.ts';
import { keyRoutes } from './routes/keys.ts';
import { ingestRoutes } from './routes/ingest.ts';
import { labelRoutes } from './routes/labels.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { liveRoutes } from './routes/live.ts';
import { loginRoutes } from './routes/login.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { openApiRoutes } from './routes/openapi.ts';
import { ownerRoutes } from './routes/owners.ts';
import { priceRoutes } from './routes/prices.ts';
import { projectRoutes } from './routes/projects.ts';
import type { Resettlements } from './resettle/resettlements.ts';
import { resettlementRoutes } from './routes/resettlements.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { spanRoutes } from './routes/spans.ts';
import { statementRoutes } from './routes/statement.ts';
import { traceRoutes } from './routes/traces.ts';
import { uiRoutes } from './routes/ui.ts';
import { unknownRoutes } from './routes/unknown.ts';
import { unpricedRoutes } from './routes/unpriced.ts';
import { RuntimeClient } from './runtime-client.ts';

export interface AppDependencies {
  db: Db;
  log: Logger;
  liveFeed: LiveFeed;
  priceBook: PriceBook;
  resettlements: Resettlements;
  keys: Keys;
  configuration: ConfigurationWriter;
  channels: Channels;
  /** This server's own numbers, in the format of Prometheus. */
  writeMetrics?: (() => Promise<string>) | undefined;
  /** With it every request to the API needs a key; absent: local mode. */
  authentication?: Authentication | undefined;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Where the built UI lies. */
  uiDirectory: string;
  /** The newest migration this release has. */
  schemaVersion: string;
  /** What the API's own description gives as its address. */
  publicUrl: string | undefined;
  /** Where spans go, for who has not sent one yet. */
  otlpUrl?: string | undefined;
  /** Where agents are run, if anywhere. */
  runtimeUrl?: string | undefined;
}

/** The whole HTTP interface; does nothing until a request comes. */
export function createApp(dependencies: AppDependencies): Hono<ServerEnv> {
  const { db, log, liveFeed, priceBook, resettlements, now, uiDirectory, schemaVersion } = dependencies;
  const { publicUrl, otlpUrl, runtimeUrl, keys, configuration, channels, authentication } = dependencies;
  const runtime = new RuntimeClient(runtimeUrl, authentication?.internalSecret);
  const api = createRouter();
  api.route('/api', traceRoutes({ now }));
  api.route('/api', spanRoutes({ now }));
  api.route('/api', sessionRoutes({ now }));
  api.route('/api', costRoutes({ now }));
  api.route('/api', costInsightRoutes({ now }));
  api.route('/api', ownerRoutes({ configuration, now }));
  api.route('/api', statementRoutes({ now }));
  api.route('/api', ledgerRoutes({ now }));
  api.route('/api', facetRoutes({ now }));
  api.route('/api', labelRoutes({ now }));
  api.route('/api', priceRoutes({ priceBook, now }));
  api.route('/api', unpricedRoutes({ priceBook, now }));
  api.route('/api', resettlementRoutes({ resettlements }));
  api.route('/api', budgetRoutes({ budgets: new Budgets({ configuration, runtime }), priceBook, now }));
  api.route('/api', alertChannelRoutes({ channels }));
  api.route('/api', alertRoutes({ configuration, now }));
  api.route('/api', projectRoutes({ otlpUrl }));
  api.route('/api', agentRoutes({ runtime }));
  api.route('/api', keyRoutes({ keys, keyRing: authentication?.keyRing, now }));
  api.route('/api', loginRoutes({ authentication }));
  api.route('/api', agentTrafficRoutes({ now }));
  api.route('/api', ingestRoutes({ now }));
  api.route('/api', liveRoutes({ liveFeed, now }));
  api.route('/', healthRoutes({ db, schemaVersion }));
  api.route('/api', openApiRoutes(api, { publicUrl }));

  const app = new Hono<ServerEnv>();
  const guard = authentication === undefined ? localModeGuard() : networkModeGuard({ publicUrl });
  app.use(securityHeaders(), requestContext(db), guard, authenticate(authentication), compress());
  app.onError(errorResponder(log));
  app.route('/', api);
  if (dependencies.writeMetrics !== undefined) {
    app.route('/', metricsRoutes({ writeMetrics: dependencies.writeMetrics }));
  }
  app.route('/', unknownRoutes(api.routes));
  app.route('/', uiRoutes({ directory: uiDirectory }));
  return app;
}
