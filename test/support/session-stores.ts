import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Entry, Session, Turn, TurnEnd } from '../../runtime/sessions/record.ts';
import { openRedisStore } from '../../runtime/sessions/redis-store.ts';
import { openSqliteStore } from '../../runtime/sessions/sqlite-store.ts';
import { openSqliteThread } from '../../runtime/sessions/sqlite-thread.ts';
import type { AcceptOptions, NewTurn, SessionStore } from '../../runtime/sessions/store.ts';
import { startRedis, startRedisCluster, type TestRedis } from './redis.ts';
import { makeTempDir } from './temp-dir.ts';

/** Where one kind of store keeps its data; every `open` is a connection of its own, as of another process. */
export interface StoreGround {
  open(): Promise<SessionStore>;
  /** What `openSessionStore` takes, for other processes. */
  settings: { redisUrl?: string; dataDir: string };
  /** The Redis below, if it is one. */
  redis?: TestRedis;
  /** Closes what was opened and removes the data. */
  stop(): Promise<void>;
}

export const storeKinds = [
  { kind: 'sqlite', start: () => startSqlite((path) => Promise.resolve(openSqliteStore(path))) },
  { kind: 'redis', start: () => startRedisGround() },
] as const;

/** The same file, behind a thread. */
export const threadedSqlite = { kind: 'sqlite in a thread', start: () => startSqlite(openSqliteThread) };

function startSqlite(open: (path: string) => Promise<SessionStore>): Promise<StoreGround> {
  const dir = makeTempDir('sessions');
  const path = join(dir.path, 'runtime.sqlite');
  const opened: SessionStore[] = [];
  return Promise.resolve({
    settings: { dataDir: dir.path },
    open: async () => {
      const store = await open(path);
      opened.push(store);
      return store;
    },
    stop: async () => {
      await Promise.all(opened.map((store) => store.close()));
      dir.remove();
    },
  });
}

/** With `isCluster` Redis itself refuses a script whose keys lie in more than one slot. */
export async function startRedisGround({ isCluster = false } = {}): Promise<StoreGround> {
  const redis = isCluster ? await startRedisCluster() : await startRedis();
  const opened: SessionStore[] = [];
  return {
    settings: { redisUrl: redis.url, dataDir: '' },
    redis,
    open: async () => {
      const { store } = await openRedisStore(redis.url);
      opened.push(store);
      return store;
    },
    stop: async () => {
      await Promise.all(opened.map((store) => store.close()));
      await redis.stop();
    },
  };
}

/** A session that lasts for a minute, unless something else is said. */
export function makeSession(overrides: Partial<Session> = {}): Session {
  const createdMs = Date.now();
  return {
    id: randomUUID(),
    agent: 'support',
    revision: 'support@1a2b3c4d5e6f',
    user: 'ada',
    parent: null,
    imported: [],
    createdMs,
    expiresMs: createdMs + 60_000,
    ...overrides,
  };
}

/** A new turn in which the user says `text`. */
export function makeTurn(text = 'hello', overrides: Partial<NewTurn> = {}): NewTurn {
  return {
    id: randomUUID(),
    idempotencyKey: null,
    contentHash: `hash of ${text}`,
    input: {
      messages: [{ content: [{ type: 'text', text }] }],
      system: [],
      variables: {},
      labels: {},
      user: null,
      traceparent: null,
    },
    ...overrides,
  };
}

/** What the user said. */
export function textOf(turn: Pick<Turn, 'input'>): string {
  return turn.input.messages
    .flatMap(({ content }) => content)
    .map((part) => (part.type === 'text' ? part.text : part.url))
    .join(' ');
}

export const queued: AcceptOptions = { ttlMs: 60_000, onBusy: 'queue', queueLimit: 1_000 };

export function makeStep(step: number, text = `step ${step}`): Entry {
  return {
    type: 'step',
    step,
    attempts: [],
    text,
    toolCalls: [],
    saw: { system: 'none', fromTurn: 1, tools: [] },
  };
}

export function makeEnd(text = 'done', overrides: Partial<TurnEnd> = {}): TurnEnd {
  return { state: 'completed', text, atMs: Date.now(), ...overrides };
}

/** Keeps a session with one turn that `owner` holds. */
export async function holdTurn(
  store: SessionStore,
  { owner = 'one', leaseMs = 30_000, session = makeSession(), text = 'hello' } = {},
) {
  await store.createSession(session);
  await store.accept(session.id, makeTurn(text), queued);
  const claimed = await store.claim(session.id, { owner, leaseMs });
  if (claimed === undefined) throw new Error('the turn was not to be claimed');
  return { session, ...claimed };
}
