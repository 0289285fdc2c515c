import { randomUUID } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openBudgetStore } from '../../../runtime/budgets/store/open-store.ts';
import { budgetKeys, projectsKey } from '../../../runtime/budgets/store/redis-keys.ts';
import type { BudgetStore } from '../../../runtime/budgets/store/store.ts';
import { callLimitMs, clockDoubtMs, lateMs } from '../../../runtime/sessions/redis-client.ts';
import { makeAccount, makeHold, readSums } from '../../support/budget-stores.ts';
import { startRedis } from '../../support/redis.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const unavailable = { name: 'StoreUnavailableError' };
const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const dayMs = 24 * 3_600_000;
const callLimit = 100_000;

function useDir(): string {
  const dir = makeTempDir('budgets');
  onTestFinished(() => {
    dir.remove();
  });
  return dir.path;
}

async function startStore(args: readonly string[] = []) {
  const redis = await startRedis(args);
  const store = await openBudgetStore({ redisUrl: redis.url, dataDir: '' });
  const raw = new Redis(redis.url, { lazyConnect: true });
  onTestFinished(async () => {
    raw.disconnect();
    redis.resume();
    await store.close();
    await redis.stop();
  });
  return { redis, store, raw, project: randomUUID() };
}

/** A store in a file, and the file. */
async function openFile() {
  const dataDir = useDir();
  const store = await openBudgetStore({ redisUrl: undefined, dataDir });
  const raw = new DatabaseSync(join(dataDir, 'budgets.sqlite'));
  onTestFinished(async () => {
    raw.close();
    await store.close();
  });
  return { store, raw, project: randomUUID() };
}

describe('a Redis that hangs', () => {
  test('fails reservations, and takes up none of them when it goes on much later', async () => {
    const { redis, store, project } = await startStore();
    await store.reserve(makeHold(project));
    redis.pause();
    const calls = [0, 1, 2].map(() => store.reserve(makeHold(project)));
    // From then on Redis refuses them, by its clock as the client has read it.
    const tooLateMs = performance.now() + callLimitMs + lateMs + clockDoubtMs;
    for (const call of calls) await expect(call).rejects.toMatchObject(unavailable);
    await expect.poll(() => performance.now()).toBeGreaterThan(tooLateMs);
    redis.resume();
    await expect.poll(() => store.ping().then(() => 'there')).toBe('there');
    expect(await readSums(store, project)).toEqual({ 'monthly 2026-11': ['0', '0', '0.1'] });
  });

  test('takes a settlement that is repeated until it is there, once', async () => {
    const { redis, store, project } = await startStore();
    const hold = makeHold(project);
    await store.reserve(hold);
    redis.pause();
    const settle = () => store.settle(project, hold.callId, { amountUsd: '0.07', ...span });
    await expect(settle()).rejects.toMatchObject(unavailable);
    redis.resume();
    await expect.poll(() => settle().then(() => 'kept')).toBe('kept');
    expect(await readSums(store, project)).toEqual({ 'monthly 2026-11': ['0', '0.07', '0'] });
  });
});

test('a Redis without its data begins with what the ledger says, and calls under way do no harm', async () => {
  const { redis, store, project } = await startStore(['--appendonly', 'no']);
  const hold = makeHold(project);
  await store.reserve(hold);
  await redis.kill();
  await redis.start();
  await store.settle(project, hold.callId, { amountUsd: '0.07', ...span });
  expect(await readSums(store, project)).toEqual({});
  const accounts = [makeAccount({ ledger: { spentUsd: '0.95', asOfMs: 7 } })];
  expect(await store.reserve(makeHold(project, { accounts }))).toEqual({
    granted: false,
    refusals: [{ accountId: 'monthly', remainingUsd: '0.05' }],
  });
});

describe('what is kept', () => {
  test('in Redis ends with its use: a day later nothing is left of a project without calls', async () => {
    const { store, raw, project } = await startStore();
    const [, , , , used = '', , due = ''] = budgetKeys(project);
    const open = makeHold(project, { accounts: [makeAccount({ accountId: 'open' })] });
    await store.reserve(open);
    const gone = makeHold(project, { holdMs: 0, accounts: [makeAccount({ accountId: 'gone' })] });
    await store.reserve(gone);
    await store.sweep();
    expect(Object.keys(await readSums(store, project))).toHaveLength(2);
    const longAgo = Date.now() - dayMs - 1;
    for (const account of await raw.zrange(used, '0', '-1')) await raw.zadd(used, longAgo, account);
    await raw.zadd(due, longAgo, gone.callId);
    await store.sweep();
    expect(await readSums(store, project)).toEqual({ 'open 2026-11': ['0', '0', '0.1'] });
    await store.release(project, open.callId);
    for (const account of await raw.zrange(used, '0', '-1')) await raw.zadd(used, longAgo, account);
    await store.sweep();
    expect(await store.listProjects()).toEqual([project]);
    await raw.zadd(projectsKey, longAgo, project);
    await store.sweep();
    expect(await raw.keys('*')).toEqual([]);
  });

  test('in a file ends with its use: a day later nothing is left of a project without calls', async () => {
    const { store, raw, project } = await openFile();
    const open = makeHold(project, { accounts: [makeAccount({ accountId: 'open' })] });
    await store.reserve(open);
    await store.reserve(makeHold(project, { holdMs: 0, accounts: [makeAccount({ accountId: 'gone' })] }));
    await store.sweep();
    expect(Object.keys(await readSums(store, project))).toHaveLength(2);
    const age = () => {
      raw.prepare('UPDATE accounts SET used_ms = used_ms - ?').run(dayMs + 1);
    };
    age();
    raw.prepare(`UPDATE calls SET due_ms = 0 WHERE state = 'expired'`).run();
    await store.sweep();
    expect(await readSums(store, project)).toEqual({ 'open 2026-11': ['0', '0', '0.1'] });
    await store.release(project, open.callId);
    age();
    await store.sweep();
    expect(await store.listProjects()).toEqual([]);
    for (const table of ['accounts', 'calls', 'holds', 'counts']) {
      expect(raw.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']).toBe(0);
    }
  });

  const fillRedis = async () => {
    const { store, raw, project } = await startStore();
    const [, , , , used = '', calls = ''] = budgetKeys(project);
    await raw.eval(
      `for n = 1, ${callLimit} do
        redis.call('HSET', KEYS[1], 'n' .. n, '{}')
        redis.call('ZADD', KEYS[2], n, '["' .. n .. '","w"]')
      end`,
      ...[2, calls, used],
    );
    return { store, project };
  };
  const fillFile = async () => {
    const { store, raw, project } = await openFile();
    const numbers = `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${callLimit})`;
    raw.exec('BEGIN IMMEDIATE');
    raw
      .prepare(
        `${numbers} INSERT INTO accounts (project, id, window_key, spent, as_of_ms, used_ms) SELECT ?, n, 'w', 0, 0, n FROM n`,
      )
      .run(project);
    raw
      .prepare(
        `${numbers} INSERT INTO calls (project, id, state, amount, due_ms) SELECT ?, 'n' || n, 'reserved', 1, 9e12 FROM n`,
      )
      .run(project);
    raw.exec('COMMIT');
    return { store, project };
  };

  test.each([
    ['Redis', fillRedis],
    ['a file', fillFile],
  ])('in %s has a limit: then no call is made that could overspend', async (_, fill) => {
    const { store, project } = await fill();
    await expect(store.reserve(makeHold(project))).rejects.toThrow(`${callLimit} calls of project ${project}`);
    const told = makeHold(project, { accounts: [makeAccount({ isStopping: false })] });
    expect(await store.reserve(told)).toEqual({ granted: true });
    await store.settle(project, told.callId, { amountUsd: '1', ...span });
    const small = await store.readAccounts(project, 1);
    expect(small).toMatchObject([{ accountId: 'monthly', pendingUsd: '0', reservedUsd: '0' }]);
    // Another project has its own.
    expect(await store.reserve(makeHold(randomUUID()))).toEqual({ granted: true });
  });
});

describe('opening', () => {
  const refusal = (settings: { redisUrl?: string; dataDir: string }): Promise<string> =>
    openBudgetStore({ redisUrl: settings.redisUrl, dataDir: settings.dataDir }).then(
      async (store: BudgetStore) => {
        await store.close();
        return 'it was opened';
      },
      (error: unknown) => (error as Error).message,
    );

  test.each([false, true])(
    'makes a file for its owner alone and keeps what it was given (threaded: %s)',
    async (isThreaded) => {
      const dataDir = join(useDir(), 'a', 'b');
      const project = randomUUID();
      const store = await openBudgetStore({ redisUrl: undefined, dataDir, isThreaded });
      await store.reserve(makeHold(project));
      expect(statSync(join(dataDir, 'budgets.sqlite')).mode & 0o777).toBe(0o600);
      await store.close();
      const again = await openBudgetStore({ redisUrl: undefined, dataDir, isThreaded });
      expect(await readSums(again, project)).toEqual({ 'monthly 2026-11': ['0', '0', '0.1'] });
      await again.close();
    },
  );

  test('says in one line what is wrong', async () => {
    const dataDir = useDir();
    mkdirSync(join(dataDir, 'budgets.sqlite'));
    expect(await refusal({ dataDir })).toMatch(/^no budgets can be kept in .*budgets\.sqlite: .*EISDIR/);
    expect(await refusal({ dataDir, redisUrl: 'http://127.0.0.1' })).toMatch(/^REDIS_URL is not an address of Redis/);
    expect(await refusal({ dataDir, redisUrl: 'redis://:secret@127.0.0.1:1' })).toMatch(
      /^REDIS_URL redis:\/\/:\*\*\*@127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
  });
});

test('a file of the release before is taken over with what it holds', async () => {
  const dataDir = useDir();
  const before = await openBudgetStore({ redisUrl: undefined, dataDir });
  await before.reserve(makeHold('default'));
  await before.close();
  const file = new DatabaseSync(join(dataDir, 'budgets.sqlite'));
  file.exec(
    'ALTER TABLE accounts DROP COLUMN refused_usd; ALTER TABLE accounts DROP COLUMN refused_ms; PRAGMA user_version = 1',
  );
  file.close();
  const store = await openBudgetStore({ redisUrl: undefined, dataDir });
  await store.noteRefusal('default', [{ accountId: 'monthly', windowKey: '2026-11', amountUsd: '1' }]);
  expect(await readSums(store, 'default')).toEqual({ 'monthly 2026-11': ['0', '0', '0.1'] });
  expect(await store.readAccounts('default', 1)).toMatchObject([{ refused: { amountUsd: '1' } }]);
  await store.close();
});
