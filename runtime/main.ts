import { serve } from '@hono/node-server';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { Budgets } from './budgets/budgets.ts';
import { askServer } from './budgets/resolve-budgets.ts';
import { openBudgetStore } from './budgets/store/open-store.ts';
import { type Config, loadConfig } from './config.ts';
import { deployNew } from './deploy-new.ts';
import { createDoor } from './door/app.ts';
import { KeyCheck } from './door/key-check.ts';
import { describeTurnAgent } from './describe-turn-agent.ts';
import { ModelAdapters } from './models/adapters.ts';
import { AgentPool } from './run/agent-pool.ts';
import { PriceTable } from './run/prices.ts';
import { SessionRunner } from './run/session-runner.ts';
import { runSubAgent } from './run/sub-agent.ts';
import { openSessionStore } from './sessions/open-store.ts';
import { SpanExporter } from './telemetry/exporter.ts';
import { SpanSender } from './telemetry/span-sender.ts';
import { openToolBox } from './tools/tool-box.ts';
import { readVersion } from './version.ts';

/** When the runtime stops: turns under way get this long, then another process goes on with them. */
const drainTurnsMs = 8_000;
/** For answers that are written when the turns have ended. */
const lastWordsMs = 1_000;
/** To send what is left of spans; what is not sent stays in the store. */
const drainSpansMs = 3_000;
const idleSweepMs = 50;

const log = pino({ name: 'runtime', base: null });

/** Listens, tells the parent process, and runs agents until it is told to stop or its parent is gone. */
async function main(config: Config): Promise<void> {
  const { store, warnings } = await openSessionStore({ ...config, isThreaded: true });
  for (const warning of warnings) log.warn(warning);
  const budgetStore = await openBudgetStore({ ...config, isThreaded: true });
  await deployNew({ store, config, log });
  const samples = config.areSamples ? await openSamples(config) : undefined;
  const environment = samples?.environment ?? config.environment;

  let serverUrl = config.serverUrl;
  process.on('message', (message: { type?: unknown; urls?: Readonly<Record<string, string>> }) => {
    if (message.type === 'urls') serverUrl ??= message.urls?.['SIGHTGLASS_SERVER_URL'];
  });

  const { internalSecret } = config;
  const internalHeaders: Record<string, string> =
    internalSecret === undefined ? {} : { 'x-sightglass-internal': internalSecret };
  const adapters = new ModelAdapters(environment);
  const agents: AgentPool = new AgentPool({
    store,
    adapters,
    openTools: (definition) =>
      openToolBox(definition.tools, {
        environment,
        runAgent: (agent, message, context) => runSubAgent({ store, agents, runner }, { agent, message }, context),
        onWarning: (warning) => log.warn({ agent: definition.name, warning }, 'an MCP server'),
      }),
  });
  const exporter = new SpanExporter({
    store,
    sender: new SpanSender({
      endpoint: config.otlpUrl,
      headers: internalHeaders,
      namesProject: internalSecret !== undefined,
      version: readVersion(),
      log,
    }),
    describe: (session, turn) => describeTurnAgent(agents, session, turn),
    gatewayCapture: 'full',
    log,
  });
  const prices = new PriceTable(() => serverUrl, { headers: internalHeaders });
  const budgets: Budgets = new Budgets({
    ask: askServer({
      findServer: () => serverUrl,
      headers: internalHeaders,
      onRefused: (message) => log.warn(message),
    }),
    store: budgetStore,
    sessions: store,
    prices,
    describe: (revision) => agents.describe(revision),
    whenUnresolved: config.budgetsUnresolved,
    goOn: (sessionId) => runner.goOn(sessionId),
    onError: (error, what) => log.error({ err: error }, what),
  });
  const runner: SessionRunner = new SessionRunner({
    store,
    openAgent: (revision) => agents.open(revision),
    priceCall: prices.price,
    budgets,
    onEnd: (turn) => exporter.notify(turn),
    onPaused: (turn) => exporter.notify(turn),
    onUnavailable: (message) => log.warn(message),
    onError: (error, what, ids) => log.error({ err: error, ...ids }, what),
  });
  let isStopping = false;
  const door = createDoor({
    ...{ store, runner, agents, budgets },
    authentication:
      internalSecret === undefined
        ? undefined
        : { keys: new KeyCheck({ findServer: () => serverUrl }), internalSecret },
    onCall: () => exporter.notify(),
    isStopping: () => isStopping,
    nowMs: () => Date.now(),
    onError: (error, path) => log.error({ err: error, path }, 'request failed'),
  });
  const server = serve({ fetch: door.fetch, hostname: config.host, port: config.port }, (address) => {
    const url = urlOf(config, address);
    log.info({ url }, 'listening');
    process.send?.({ type: 'ready', url });
  }) as Server;
  server.on('error', (error: NodeJS.ErrnoException) => {
    stopWithLine(`cannot listen on port ${config.port} of ${config.host} (${error.code ?? error.message})`);
  });
  exporter.start();
  runner.start();
  budgets.start();

  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    const answered = once(server, 'close');
    server.close();
    const closeIdle = setInterval(() => server.closeIdleConnections(), idleSweepMs);
    const limitMs = Date.now() + drainTurnsMs;
    const stopped = budgets.stop();
    await runner.drain(drainTurnsMs);
    // Also calls that pass through, and the last words to whoever waited for a turn.
    await Promise.race([answered, pause(Math.max(lastWordsMs, limitMs - Date.now()))]);
    await exporter.drain(drainSpansMs);
    clearInterval(closeIdle);
    server.closeAllConnections();
    await agents.close();
    await samples?.close();
    await stopped;
    await budgetStore.close();
    await store.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
  process.on('disconnect', () => void stop());
}

/** Loaded only where agents need it. */
async function openSamples({ environment }: Config) {
  const { serveSamples } = await import('./demo/serve-samples.ts');
  return serveSamples(environment, Date.now());
}

function urlOf({ host }: Config, { port }: AddressInfo): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function stopWithLine(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

/** What is wrong is said in a line or two and is the caller's to mend: no stack. */
const explained = new Set(['ConfigError', 'StoreUnavailableError', 'DefinitionError', 'PathError']);

try {
  await main(loadConfig());
} catch (error) {
  if (error instanceof Error && explained.has(error.name)) stopWithLine(error.message);
  throw error;
}
