import { createAdaptorServer } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { createReceiver } from './receive/receiver.ts';
import { Batcher } from './write/batcher.ts';
import { connect } from './write/clickhouse.ts';

/** Requests under way get this long to be stored when the collector stops. */
const drainMs = 10_000;
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
    submit: (request) => batcher.submit(request),
    isReady: () => inserter.ping(),
    retentionDays: config.retentionDays,
    nowMs: () => Date.now(),
    onError: (error, path) => {
      log.error({ err: error, path }, 'request failed');
    },
  });
  const server = createAdaptorServer({ fetch: app.fetch });
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
    setTimeout(() => process.exit(1), drainMs).unref();
    const closed = new Promise((resume) => server.close(resume));
    if ('closeIdleConnections' in server) server.closeIdleConnections();
    void closed
      .then(() => batcher.drain())
      .then(() => inserter.close())
      .then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
}

try {
  main(loadConfig());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
