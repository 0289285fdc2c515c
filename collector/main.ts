import { getRequestListener } from '@hono/node-server';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { bodyLimits } from './receive/body.ts';
import { createIntake } from './receive/intake.ts';
import { createReceiver } from './receive/receiver.ts';
import { Batcher } from './write/batcher.ts';
import { connect } from './write/clickhouse.ts';

/** When the collector stops: requests under way get this long. */
const drainLimits = {
  /** To send the rest of their bodies. */
  bodyMs: 1_000,
  /** To take their replies. */
  replyMs: 500,
  /** To be stored, and all of it. */
  totalMs: 10_000,
} as const;
const log = pino({ name: 'collector', base: null });

/** Listens until SIGTERM or until the supervising process is gone, then stores what it has taken and ends. */
function main(config: Config): void {
  const inserter = connect({ url: config.clickhouseUrl, secret: config.clickhouseSecret });
  const batcher = new Batcher(inserter, {
    onFailure: (error, { status }) => {
      log.warn({ err: error, outcome: status }, 'batch not stored');
    },
  });
  const app = createReceiver({
    intake: createIntake({
      submit: (request) => batcher.submit(request),
      retentionDays: config.retentionDays,
      nowMs: () => Date.now(),
    }),
    isReady: () => inserter.ping(),
    onError: (error, path) => {
      log.error({ err: error, path }, 'request failed');
    },
  });
  const server = createServer({ requestTimeout: bodyLimits.receiveMs });
  const listener = getRequestListener(app.fetch);
  server.on('request', (request, response) => void listener(request, response));
  server.on('error', (error) => {
    log.fatal({ err: error }, 'cannot listen');
    process.exit(1);
  });
  server.listen(config.port, config.host, () => {
    const { port } = server.address() as AddressInfo;
    const host = config.host.includes(':') ? `[${config.host}]` : config.host;
    process.send?.({ type: 'ready', url: `http://${host}:${String(port)}` });
    log.info({ host: config.host, port }, 'listening for OTLP/HTTP');
  });

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), drainLimits.totalMs).unref();
    void drain(server, batcher)
      .then(() => inserter.close())
      .then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
}

/** Every request that has come whole is stored and answered; one that has not loses its connection, unacknowledged. */
async function drain(server: Server, batcher: Batcher): Promise<void> {
  const closed = new Promise<void>((resume) => server.close(() => resume()));
  // A connection that is kept open is closed once its request is answered, and does not hold the others up.
  const closeIdle = setInterval(() => server.closeIdleConnections(), 20);
  await Promise.race([closed, sleep(drainLimits.bodyMs)]);
  await batcher.drain();
  await Promise.race([closed, sleep(drainLimits.replyMs)]);
  clearInterval(closeIdle);
  server.closeAllConnections();
  await batcher.drain();
}

try {
  main(loadConfig());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
