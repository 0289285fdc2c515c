import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openSessionStore } from '../../../runtime/sessions/open-store.ts';
import { startRedis } from '../../support/redis.ts';
import { makeSession, makeTurn, queued } from '../../support/session-stores.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

function useDir(): string {
  const dir = makeTempDir('open-store');
  onTestFinished(() => {
    dir.remove();
  });
  return dir.path;
}

async function useRedis(args: readonly string[] = []) {
  const redis = await startRedis(args);
  onTestFinished(() => redis.stop());
  return redis;
}

/** The whole message. */
async function refusal(settings: { redisUrl?: string; dataDir: string }): Promise<string> {
  const opened = openSessionStore({ redisUrl: settings.redisUrl, dataDir: settings.dataDir });
  return await opened.then(
    async ({ store }) => {
      await store.close();
      return 'it was opened';
    },
    (error: unknown) => (error as Error).message,
  );
}

describe('a store in a file', () => {
  test('is made where there is none, for its owner alone, and keeps what it was given', async () => {
    const dataDir = join(useDir(), 'a', 'b');
    const session = makeSession();
    const { store, warnings } = await openSessionStore({ redisUrl: undefined, dataDir });
    expect(warnings).toEqual([]);
    await store.createSession(session);
    for (const suffix of ['', '-wal', '-shm']) {
      expect(statSync(join(dataDir, `runtime.sqlite${suffix}`)).mode & 0o777).toBe(0o600);
    }
    await store.close();
    const { store: again } = await openSessionStore({ redisUrl: undefined, dataDir });
    expect(await again.findSession(session.id)).toEqual(session);
    await again.close();
  });

  test('of a newer program is left alone', async () => {
    const dataDir = useDir();
    await refusal({ dataDir });
    const db = new DatabaseSync(join(dataDir, 'runtime.sqlite'));
    db.exec('PRAGMA user_version = 7');
    db.close();
    expect(await refusal({ dataDir })).toBe(
      `no sessions can be kept in ${dataDir}/runtime.sqlite: is of version 7, this program knows 3`,
    );
  });

  test('that is none is left alone', async () => {
    const dataDir = useDir();
    writeFileSync(join(dataDir, 'runtime.sqlite'), 'a letter to someone'.repeat(1_000));
    expect(await refusal({ dataDir })).toBe(
      `no sessions can be kept in ${dataDir}/runtime.sqlite: file is not a database`,
    );
    const other = join(useDir(), 'file');
    writeFileSync(other, '');
    expect(await refusal({ dataDir: other })).toMatch(/^no sessions can be kept in .*: (EEXIST|ENOTDIR): [^\n]*$/);
    const folder = join(useDir(), 'x');
    mkdirSync(join(folder, 'runtime.sqlite'), { recursive: true });
    expect(await refusal({ dataDir: folder })).toMatch(/^no sessions can be kept in .*: EISDIR: [^\n]*$/);
  });

  test('is opened by many at once', async () => {
    const dataDir = useDir();
    const opened = await Promise.all(
      Array.from({ length: 8 }, () => openSessionStore({ redisUrl: undefined, dataDir })),
    );
    const session = makeSession();
    await opened[0]?.store.createSession(session);
    for (const { store } of opened) expect(await store.findSession(session.id)).toEqual(session);
    await Promise.all(opened.map(({ store }) => store.close()));
  });

  test('that another process holds makes calls wait without stopping this one, then fails them', async () => {
    const dataDir = useDir();
    const { store } = await openSessionStore({ redisUrl: undefined, dataDir });
    onTestFinished(() => store.close());
    const session = makeSession();
    await store.createSession(session);
    const other = new DatabaseSync(join(dataDir, 'runtime.sqlite'));
    onTestFinished(() => {
      other.close();
    });
    other.exec('BEGIN IMMEDIATE');
    const waiting = store.accept(session.id, makeTurn('a'), queued);
    let ticks = 0;
    const ticker = setInterval(() => (ticks += 1), 10);
    await new Promise((resolve) => setTimeout(resolve, 500));
    clearInterval(ticker);
    expect(ticks).toBeGreaterThan(8);
    expect(await store.findSession(session.id)).toEqual(session);
    other.exec('COMMIT');
    expect((await waiting).status).toBe('accepted');
    other.exec('BEGIN IMMEDIATE');
    await expect(store.accept(session.id, makeTurn('b'), queued)).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      message: 'another process has held the file for 5000 ms',
    });
    other.exec('COMMIT');
    expect(await store.listTurns(session.id)).toHaveLength(1);
  });
});

describe('a store in Redis', () => {
  const dataDir = '/nowhere/to/be/found';

  test('is opened, with warnings about what it may lose', async () => {
    const safe = await useRedis();
    const opened = await openSessionStore({ redisUrl: safe.url, dataDir });
    expect(opened.warnings).toEqual([]);
    await opened.store.close();
    const careless = await useRedis(['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru']);
    const { store, warnings } = await openSessionStore({ redisUrl: careless.url, dataDir });
    expect(warnings).toEqual([
      'Redis has appendonly off: a restart loses what came after its last snapshot',
      'Redis has maxmemory-policy allkeys-lru: it may drop sessions when its memory is full; use noeviction',
    ]);
    await store.close();
    expect(existsSync(dataDir)).toBe(false);
  });

  test('with a password is opened with it, and no message shows it', async () => {
    const redis = await useRedis(['--requirepass', 'open sesame']);
    const { host } = new URL(redis.url);
    const right = `redis://:${encodeURIComponent('open sesame')}@${host}/2`;
    const { store } = await openSessionStore({ redisUrl: right, dataDir });
    await store.ping();
    await store.close();
    expect(await refusal({ redisUrl: `redis://ada:wrong-secret@${host}`, dataDir })).toMatch(
      new RegExp(`^REDIS_URL redis://ada:\\*\\*\\*@${host}: WRONGPASS [^\\n]*$`),
    );
    expect(await refusal({ redisUrl: `redis://${host}`, dataDir })).toMatch(
      new RegExp(`^REDIS_URL redis://${host}: NOAUTH [^\\n]*$`),
    );
  });

  test('that is not there is not replaced by another', async () => {
    const redis = await useRedis();
    await redis.kill();
    const { host } = new URL(redis.url);
    expect(await refusal({ redisUrl: `redis://:secret@${host}`, dataDir })).toBe(
      `REDIS_URL redis://:***@${host}: connect ECONNREFUSED ${host}`,
    );
    expect(await refusal({ redisUrl: 'redis://no-such-host.invalid', dataDir })).toMatch(
      /^REDIS_URL redis:\/\/no-such-host\.invalid: getaddrinfo \w+ no-such-host\.invalid$/,
    );
  });

  test('that hangs is given up in bounded time', async () => {
    const redis = await useRedis();
    redis.pause();
    const startMs = performance.now();
    expect(await refusal({ redisUrl: redis.url, dataDir })).toBe(`REDIS_URL ${redis.url}: no answer for 5000 ms`);
    expect(performance.now() - startMs).toBeLessThan(7_000);
  });

  test('that takes no writes is refused', async () => {
    const primary = await useRedis();
    const { port } = new URL(primary.url);
    const replica = await useRedis(['--replicaof', '127.0.0.1', port]);
    expect(await refusal({ redisUrl: replica.url, dataDir })).toBe(
      `REDIS_URL ${replica.url}: it is a replica and takes no writes`,
    );
  });

  test.each(['', 'localhost:6379', 'http://localhost', 'redis//x'])('at %j is refused', async (redisUrl) => {
    expect(await refusal({ redisUrl, dataDir })).toBe(
      'REDIS_URL is not an address of Redis; allowed: redis://[user:password@]host[:port][/db], rediss://…',
    );
  });

  test('that is full fails writes and keeps what it has', async () => {
    const redis = await useRedis(['--maxmemory', '3mb']);
    const { store } = await openSessionStore({ redisUrl: redis.url, dataDir });
    const session = makeSession();
    await store.createSession(session);
    const fill = async () => {
      for (let n = 0; ; n += 1) await store.accept(session.id, makeTurn('x'.repeat(200_000)), queued);
    };
    await expect(fill()).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    const turns = await store.listTurns(session.id);
    expect(turns.length).toBeGreaterThan(0);
    expect(turns.map(({ number }) => number)).toEqual(turns.map((_, index) => index + 1));
    await store.close();
  });
});
