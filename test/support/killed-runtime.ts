import { serve } from '@hono/node-server';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadConfig } from '../../runtime/config.ts';
import { deployNew } from '../../runtime/deploy-new.ts';
import { createDoor } from '../../runtime/door/app.ts';
import { ModelAdapters } from '../../runtime/models/adapters.ts';
import { AgentPool } from '../../runtime/run/agent-pool.ts';
import { SessionRunner } from '../../runtime/run/session-runner.ts';
import { runSubAgent } from '../../runtime/run/sub-agent.ts';
import { openSessionStore } from '../../runtime/sessions/open-store.ts';
import type { SessionStore } from '../../runtime/sessions/store.ts';
import { openToolBox } from '../../runtime/tools/tool-box.ts';

export interface KilledRuntimeOptions {
  settings: { redisUrl?: string; dataDir: string };
  agentsDir: string;
  leaseMs: number;
  /** Takes over what others left behind. */
  sweeps: boolean;
  /** It dies there: at its n-th write, from 1, before or after the store has it. */
  dieAt?: { write: number; when: 'before' | 'after' };
}

/** What of a turn is written down, in this order at most. */
const writes = ['createSession', 'accept', 'claim', 'append', 'finish'] as const;

/** The runtime as `runtime/main.ts` puts it together, with a store that ends the process. */
async function run({ settings, agentsDir, leaseMs, sweeps, dieAt }: KilledRuntimeOptions): Promise<void> {
  const opened = await openSessionStore({ redisUrl: settings.redisUrl, dataDir: settings.dataDir });
  const log = { info: () => undefined, warn: console.error };
  const config = loadConfig({ SIGHTGLASS_AGENTS_DIR: agentsDir });
  await deployNew({ store: opened.store, config, log });
  const store = dieAt === undefined ? opened.store : dyingStore(opened.store, dieAt);
  const agents: AgentPool = new AgentPool({
    store,
    adapters: new ModelAdapters(process.env),
    openTools: (definition) =>
      openToolBox(definition.tools, {
        environment: process.env,
        runAgent: (agent, message, context) => runSubAgent({ store, agents, runner }, { agent, message }, context),
        onWarning: console.error,
      }),
  });
  const runner = new SessionRunner({
    store,
    openAgent: (revision) => agents.open(revision),
    priceCall: () => Promise.resolve(undefined),
    onEnd: () => undefined,
    onError: (error, what) => {
      console.error(what, error);
    },
    leaseMs,
  });
  const door = createDoor({
    ...{ store, runner, agents },
    onCall: () => undefined,
    isStopping: () => false,
    nowMs: () => Date.now(),
    onError: console.error,
  });
  const server = serve({ fetch: door.fetch, hostname: '127.0.0.1', port: 0 }) as Server;
  await new Promise((resolve) => server.once('listening', resolve));
  if (sweeps) runner.start();
  process.once('disconnect', () => process.exit(0));
  process.send?.({ type: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function dyingStore(store: SessionStore, { write, when }: { write: number; when: 'before' | 'after' }): SessionStore {
  let count = 0;
  const dying = writes.map((name) => {
    const call = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>;
    return [
      name,
      async (...args: unknown[]) => {
        count += 1;
        const isLast = count === write;
        if (isLast && when === 'before') await die();
        const result = await call(...args);
        if (isLast) await die();
        return result;
      },
    ];
  });
  return { ...store, ...(Object.fromEntries(dying) as Pick<SessionStore, (typeof writes)[number]>) };
}

/** Nothing runs after this. */
async function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => undefined);
}

if (import.meta.main) await run(JSON.parse(process.argv[2] ?? '') as KilledRuntimeOptions);
