import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { budgetKeys } from '../../runtime/budgets/store/redis-keys.ts';
import { openRedisBudgets } from '../../runtime/budgets/store/redis-store.ts';
import { openSqliteBudgets } from '../../runtime/budgets/store/sqlite-store.ts';
import { openSqliteBudgetThread } from '../../runtime/budgets/store/sqlite-thread.ts';
import type { BudgetStore, HeldAccount, Hold, KeptAccount } from '../../runtime/budgets/store/store.ts';
import { startRedis, startRedisCluster, type TestRedis } from './redis.ts';
import { makeTempDir } from './temp-dir.ts';

/** Where one kind of store keeps its data; every `open` is a connection of its own, as of another process. */
export interface BudgetGround {
  open(): Promise<BudgetStore>;
  /** What `openBudgetStore` takes, for other processes. */
  settings: { redisUrl?: string; dataDir: string };
  /** The Redis below, if it is one. */
  redis?: TestRedis;
  /** As if the time of these reservations had passed. Not for calls that somebody still works on. */
  letRunOut(project: string, isGone: (callId: string) => boolean): Promise<void>;
  /** Closes what was opened and removes the data. */
  stop(): Promise<void>;
}

export const budgetKinds = [
  { kind: 'sqlite', start: () => startSqlite((path) => Promise.resolve(openSqliteBudgets(path))) },
  { kind: 'redis', start: () => startRedisBudgets() },
] as const;

/** The same in other dress: what holds for the one holds for the other. */
export const otherBudgetKinds = [
  { kind: 'sqlite in a thread', start: () => startSqlite(openSqliteBudgetThread) },
  { kind: 'redis cluster', start: () => startRedisBudgets({ isCluster: true }) },
] as const;

function startSqlite(open: (path: string) => Promise<BudgetStore>): Promise<BudgetGround> {
  const dir = makeTempDir('budgets');
  const path = join(dir.path, 'budgets.sqlite');
  const opened: BudgetStore[] = [];
  return Promise.resolve({
    settings: { dataDir: dir.path },
    open: async () => {
      const store = await open(path);
      opened.push(store);
      return store;
    },
    letRunOut: (project, isGone) => {
      const raw = new DatabaseSync(path, { timeout: 30_000 });
      const rows = raw.prepare(`SELECT id FROM calls WHERE project = ? AND state = 'reserved'`).all(project);
      const runOut = raw.prepare(`UPDATE calls SET due_ms = 0 WHERE project = ? AND id = ? AND state = 'reserved'`);
      for (const id of rows.map((row) => String(row['id'])).filter(isGone)) runOut.run(project, id);
      raw.close();
      return Promise.resolve();
    },
    stop: async () => {
      await Promise.all(opened.map((store) => store.close()));
      dir.remove();
    },
  });
}

/** With `isCluster` Redis itself refuses a script whose keys lie in more than one slot. */
export async function startRedisBudgets({ isCluster = false } = {}): Promise<BudgetGround> {
  const redis = isCluster ? await startRedisCluster() : await startRedis();
  const opened: BudgetStore[] = [];
  return {
    settings: { redisUrl: redis.url, dataDir: '' },
    redis,
    open: async () => {
      const store = await openRedisBudgets(redis.url);
      opened.push(store);
      return store;
    },
    letRunOut: async (project, isGone) => {
      const raw = new Redis(redis.url);
      const [, , , , , calls = '', due = ''] = budgetKeys(project);
      for (const [id, json] of Object.entries(await raw.hgetall(calls))) {
        const { state } = JSON.parse(json) as { state: string };
        if (state === 'reserved' && isGone(id)) await raw.zadd(due, 'XX', 0, id);
      }
      raw.disconnect();
    },
    stop: async () => {
      await Promise.all(opened.map((store) => store.close()));
      await redis.stop();
    },
  };
}

/** An account of one dollar that stops and of which nothing is spent, unless something else is said. */
export function makeAccount(overrides: Partial<HeldAccount> = {}): HeldAccount {
  return {
    accountId: 'monthly',
    windowKey: '2026-11',
    limitUsd: '1',
    isStopping: true,
    untilMs: null,
    ledger: { spentUsd: '0', asOfMs: 0 },
    ...overrides,
  };
}

/** Ten cents for ten minutes. */
export function makeHold(project: string, overrides: Partial<Hold> = {}): Hold {
  return {
    project,
    callId: randomUUID(),
    amountUsd: '0.1',
    holdMs: 600_000,
    accounts: [makeAccount()],
    ...overrides,
  };
}

/** Spent, pending and reserved of each account, by its name. */
export async function readSums(
  store: BudgetStore,
  project: string,
): Promise<Record<string, [spent: string, pending: string, reserved: string]>> {
  const accounts = await store.readAccounts(project, 1_000);
  return Object.fromEntries(
    accounts.map(({ accountId, windowKey, spentUsd, pendingUsd, reservedUsd }: KeptAccount) => [
      `${accountId} ${windowKey}`,
      [spentUsd, pendingUsd, reservedUsd],
    ]),
  );
}
