import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { pino } from 'pino';
import { AlertJob } from './alerts/alert-job.ts';
import { createServerMetrics, type ServerMetrics } from './alerts/metrics.ts';
import { Channels } from './alerts/deliver/channels.ts';
import { Deliverer } from './alerts/deliver/deliverer.ts';
import { createApp } from './app.ts';
import { Budgets } from './budgets/budgets.ts';
import { type Config, ConfigError, loadConfig } from './config.ts';
import type { PriceBook } from './domain/prices/unit-prices.ts';
import { latestMigration } from './latest-migration.ts';
import { KeyRing } from './keys/key-ring.ts';
import { Keys } from './keys/keys.ts';
import { Sessions } from './keys/sessions.ts';
import { LiveFeed } from './live/live-feed.ts';
import { loadPriceBook } from './load-price-book.ts';
import type { Authentication } from './middleware/authentication.ts';
import { AlertWriter } from './queries/alert-writer.ts';
import { ConfigurationWriter } from './queries/configuration-writer.ts';
import { connectDb, type Db } from './queries/db.ts';
import { KeyWriter } from './queries/key-writer.ts';
import { listKeys } from './queries/keys.ts';
import { Resettlements } from './resettle/resettlements.ts';
import { RuntimeClient } from './runtime-client.ts';
import { Settlement } from './settle/settlement.ts';

/** What is still being answered when the server stops gets this long. */
const drainTimeoutMs = 5_000;
const idleSweepMs = 50;
/** Of one rule; a tick has half a minute for all of them. */
const alertQueryTimeoutMs = 8_000;

const log = pino({ name: 'server', base: null });

/** Listens, tells the parent process, and serves until it is told to stop or its parent is gone. */
async function main(): Promise<void> {
  const { config, priceBook } = readConfig();
  const db = connectDb({ url: config.clickhouseUrl, secret: config.clickhouseSecret });
  const liveFeed = new LiveFeed({ db, log });
  const settlement = new Settlement(config, log);
  const resettlements = new Resettlements({
    connection: { url: config.clickhouseUrl, secret: config.clickhouseSecret },
    pricesFile: config.pricesFile,
    priceVersion: priceBook.version,
  });
  const keys = new Keys({ url: config.clickhouseUrl, secret: config.clickhouseSecret });
  const configuration = new ConfigurationWriter({ url: config.clickhouseUrl, secret: config.clickhouseSecret });
  const { authentication, close: closeAuthentication } = openAuthentication(config, db);
  const metrics = createServerMetrics(Date.now);
  const alerts = startAlerts(config, { metrics, configuration });
  let ownUrl = '';
  const deliverer = new Deliverer({
    connection: { url: config.clickhouseUrl, secret: config.clickhouseSecret },
    log,
    publicUrl: () => config.publicUrl ?? ownUrl,
    poster: { allowsPrivate: config.allowsPrivateTargets },
    count: (outcome) => metrics.messages.inc({ outcome }),
  });
  const { courier } = deliverer;
  const channels = new Channels({ configuration, courier, allowsPrivate: config.allowsPrivateTargets, now: Date.now });
  const app = createApp({
    ...{ db, log, liveFeed, priceBook, resettlements, keys, configuration, channels, authentication },
    writeMetrics: () => metrics.registry.metrics(),
    now: Date.now,
    uiDirectory: fileURLToPath(new URL('../ui/dist', import.meta.url)),
    schemaVersion: await latestMigration(),
    publicUrl: config.publicUrl,
    otlpUrl: config.otlpUrl,
    runtimeUrl: config.runtimeUrl,
  });
  const server = serve({ fetch: app.fetch, hostname: config.host, port: config.port }, (address) => {
    const url = urlOf(config, address);
    ownUrl = url;
    deliverer.start();
    log.info({ url }, 'listening');
    process.send?.({ type: 'ready', url });
  }) as Server;
  server.on('error', (error: NodeJS.ErrnoException) => {
    stopWithLine(describeListenError(error, config));
  });

  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    liveFeed.close();
    await Promise.all([drain(server), settlement.close(), resettlements.close(), alerts.close(), deliverer.close()]);
    await Promise.all([closeAuthentication(), keys.close(), configuration.close()]);
    await db.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
  process.on('disconnect', () => void stop());
}

/** Rules and budgets are looked at with connections of their own: a page that is slow does not hold them up. */
function startAlerts(
  { clickhouseUrl: url, clickhouseSecret: secret, runtimeUrl, internalSecret }: Config,
  { metrics, configuration }: { metrics: ServerMetrics; configuration: ConfigurationWriter },
): { close: () => Promise<void> } {
  const db = connectDb({ url, secret, queryTimeoutMs: alertQueryTimeoutMs });
  const writer = new AlertWriter({ url, secret });
  const job = new AlertJob({
    ...{ db, writer, log, metrics, owner: randomUUID(), now: Date.now, monotonicMs: () => performance.now() },
    budgets: new Budgets({ configuration, runtime: new RuntimeClient(runtimeUrl, internalSecret) }),
  });
  return {
    close: async () => {
      await job.close();
      await Promise.all([writer.close(), db.close()]);
    },
  };
}

/** Undefined in local mode. The keys are read while the server starts to listen; until then a key cannot be checked. */
function openAuthentication(
  { internalSecret, publicUrl, clickhouseUrl: url, clickhouseSecret: secret }: Config,
  db: Db,
): { authentication: Authentication | undefined; close: () => Promise<void> } {
  if (internalSecret === undefined) return { authentication: undefined, close: () => Promise.resolve() };
  const writer = new KeyWriter({ url, secret });
  const keyRing = new KeyRing({
    load: () => listKeys(db),
    saveUses: (uses) => writer.writeUses(uses),
    nowMs: Date.now,
    onError: (error) => log.warn({ cause: (error as Error).message }, 'the keys cannot be read'),
  });
  void keyRing.start().then((isLoaded) => {
    if (isLoaded && keyRing.size === 0) log.warn(firstKeyHint);
  });
  const sessions = new Sessions({ secret: internalSecret, publicUrl, nowMs: Date.now });
  return {
    authentication: { keyRing, sessions, internalSecret, publicUrl },
    close: async () => {
      await keyRing.close();
      await writer.close();
    },
  };
}

const firstKeyHint =
  'there is no key yet; make the first one: npx sightglass keys create --project default --scope ingest,read,run,admin';

function readConfig(): { config: Config; priceBook: PriceBook } {
  try {
    const config = loadConfig();
    return { config, priceBook: loadPriceBook(config.pricesFile) };
  } catch (error) {
    if (error instanceof ConfigError) stopWithLine(error.message);
    throw error;
  }
}

function stopWithLine(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

function describeListenError(error: NodeJS.ErrnoException, { host, port }: Config): string {
  if (error.code === 'EADDRINUSE') {
    return `SIGHTGLASS_PORT=${port} is in use on ${host}; allowed: a free port, or 0 for any`;
  }
  return `cannot listen on ${host} port ${port}: ${error.message}`;
}

function urlOf(config: Config, { port }: AddressInfo): string {
  return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
}

/** Takes no new connection, lets what runs end, and cuts what takes too long. */
async function drain(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), drainTimeoutMs);
  // A stream that ends leaves an idle connection behind, which would keep the server open.
  const sweep = setInterval(() => server.closeIdleConnections(), idleSweepMs);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(cut);
  clearInterval(sweep);
}

await main();
