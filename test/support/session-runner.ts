import { randomUUID } from 'node:crypto';
import { hashContent, nameRevision } from '../../runtime/definition/revision.ts';
import { ModelAdapters } from '../../runtime/models/adapters.ts';
import { AgentPool } from '../../runtime/run/agent-pool.ts';
import { SessionRunner } from '../../runtime/run/session-runner.ts';
import { runSubAgent } from '../../runtime/run/sub-agent.ts';
import type { Turn } from '../../runtime/sessions/record.ts';
import type { SessionStore } from '../../runtime/sessions/store.ts';
import { openToolBox } from '../../runtime/tools/tool-box.ts';
import { makeInput, makeSession } from './runtime-turns.ts';

export interface TestRunner {
  runner: SessionRunner;
  /** What was reported as a fault of ours. */
  faults: string[];
  /** Ends it, without waiting for turns. */
  stop(): Promise<void>;
}

/** A runner as `main.ts` puts it together, within this process. */
export function makeRunner(store: SessionStore, { leaseMs }: { leaseMs?: number } = {}): TestRunner {
  const faults: string[] = [];
  const adapters = new ModelAdapters({});
  const agents: AgentPool = new AgentPool({
    store,
    adapters,
    openTools: ({ tools }) =>
      openToolBox(tools, {
        environment: {},
        runAgent: (agent, message, context) => runSubAgent({ store, agents, runner }, { agent, message }, context),
        onWarning: () => undefined,
      }),
  });
  const runner: SessionRunner = new SessionRunner({
    store,
    openAgent: (revision) => agents.open(revision),
    priceCall: () => Promise.resolve(undefined),
    onEnd: () => undefined,
    onError: (error, what) => faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`),
    leaseMs,
  });
  return {
    runner,
    faults,
    stop: async () => {
      await runner.drain(0);
      await agents.close();
    },
  };
}

/** Registers a definition and lets its name point to it; the answer is its revision. */
export async function deployAgent(store: SessionStore, name: string, definition: object): Promise<string> {
  const source = { name, instructions: 'Help.', ...definition };
  const hash = hashContent(source);
  const revision = nameRevision(name, hash);
  await store.deploy({ agent: name, revision, hash, definition: source, registeredMs: 0 });
  return revision;
}

/** A new session of an agent. */
export async function beginSession(store: SessionStore, agent: string): Promise<string> {
  const deployed = await store.findDeployed(agent);
  if (deployed === undefined) throw new Error(`${agent} is not deployed`);
  const id = randomUUID();
  const expiresMs = Date.now() + 3_600_000;
  await store.createSession(makeSession({ id, agent, revision: deployed.revision, createdMs: Date.now(), expiresMs }));
  return id;
}

/** Writes a message down, as the door does before anything runs. */
export async function say(store: SessionStore, sessionId: string, text: string): Promise<Turn> {
  const turn = { id: randomUUID(), input: makeInput(text), idempotencyKey: null, contentHash: text };
  const accepted = await store.accept(sessionId, turn, { ttlMs: 3_600_000, onBusy: 'queue', queueLimit: 1_000 });
  if (accepted.status !== 'accepted') throw new Error(`the turn was not accepted: ${accepted.status}`);
  return accepted.turn;
}
