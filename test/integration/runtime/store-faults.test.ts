import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { indexKeys, sessionKeys } from '../../../runtime/sessions/redis-keys.ts';
import { openRedisStore } from '../../../runtime/sessions/redis-store.ts';
import type { SessionStore } from '../../../runtime/sessions/store.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { holdTurn, makeEnd, makeSession, makeStep, makeTurn, queued, textOf } from '../../support/session-stores.ts';

const unavailable = { name: 'StoreUnavailableError' };
/** What a call may take at most when Redis hangs. */
const boundMs = 5_000;

async function startStore(
  args: readonly string[] = [],
): Promise<{ redis: TestRedis; store: SessionStore; raw: Redis }> {
  const redis = await startRedis(args);
  const { store } = await openRedisStore(redis.url);
  const raw = new Redis(redis.url, { lazyConnect: true });
  onTestFinished(async () => {
    raw.disconnect();
    redis.resume();
    await store.close();
    await redis.stop();
  });
  return { redis, store, raw };
}

async function time(call: Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await expect(call).rejects.toMatchObject(unavailable);
  return performance.now() - startMs;
}

describe('a Redis that hangs', () => {
  test('fails calls in bounded time, the later ones at once, and serves them when it goes on', async () => {
    const { redis, store } = await startStore();
    const { session, claim } = await holdTurn(store);
    redis.pause();
    const calls = [
      store.append(claim, [makeStep(0)], 0),
      store.renew(claim, 30_000),
      store.findSession(session.id),
      store.listAbandoned(10),
      store.ping(),
    ];
    for (const tookMs of await Promise.all(calls.map(time))) expect(tookMs).toBeLessThan(boundMs);
    expect(await time(store.listTurns(session.id))).toBeLessThan(100);
    redis.resume();
    await expect.poll(() => store.ping().then(() => 'there')).toBe('there');
    // The call may have been done or not: repeating it does it once.
    expect(await store.append(claim, [makeStep(0)], 0)).toBe(true);
    expect((await store.findTurn(session.id, claim.turnId))?.entries).toEqual([makeStep(0)]);
  });

  test('does not take up what was reported as failed when it goes on much later', async () => {
    const { redis, store } = await startStore();
    const session = makeSession();
    await store.createSession(session);
    redis.pause();
    const refused = [makeTurn('a'), makeTurn('b')].map((turn) => store.accept(session.id, turn, queued));
    const cancelled = store.deleteSession(session.id);
    await Promise.all([...refused, cancelled].map(time));
    // Until the time limit of the calls is over.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    redis.resume();
    await expect.poll(() => store.ping().then(() => 'there')).toBe('there');
    expect(await store.listTurns(session.id)).toEqual([]);
    expect(await store.findSession(session.id)).toEqual(session);
    expect((await store.accept(session.id, makeTurn('c'), queued)).status).toBe('accepted');
    expect((await store.listTurns(session.id)).map(textOf)).toEqual(['c']);
  });
});

describe('a Redis that is restarted', () => {
  test.each(['kill', 'shutDown'] as const)(
    'after %s has everything, and calls made meanwhile are served',
    async (end) => {
      const { redis, store } = await startStore();
      const { session, claim } = await holdTurn(store);
      await store.append(claim, [makeStep(0)], 0);
      await redis[end]();
      const calls = Promise.all([
        store.append(claim, [makeStep(1)], 1),
        store.append(claim, [makeStep(2)], 2),
        store.accept(session.id, makeTurn('meanwhile'), queued),
        store.renew(claim, 30_000),
      ]);
      await redis.start();
      expect(await calls).toMatchObject([true, true, { status: 'accepted' }, 'held']);
      expect(await store.finish(claim, makeEnd())).toBe(true);
      const turns = await store.listTurns(session.id);
      expect(turns.map((turn) => [textOf(turn), turn.state, turn.entries.length])).toEqual([
        ['hello', 'completed', 3],
        ['meanwhile', 'waiting', 0],
      ]);
      expect(await store.listUnexported(10)).toHaveLength(1);
      expect(await store.listAbandoned(10)).toEqual([session.id]);
    },
  );

  test('while it is away fails calls in bounded time', async () => {
    const { redis, store } = await startStore();
    const { session } = await holdTurn(store);
    await redis.kill();
    expect(await time(store.findSession(session.id))).toBeLessThan(boundMs);
    expect(await time(store.findSession(session.id))).toBeLessThan(100);
    await redis.start();
    await expect.poll(() => store.findSession(session.id).catch(() => 'away')).toMatchObject({ id: session.id });
  });

  test('without its data knows no session, and lets none be continued', async () => {
    const { redis, store } = await startStore(['--appendonly', 'no']);
    const { session, claim } = await holdTurn(store);
    await redis.kill();
    await redis.start();
    expect(await store.findSession(session.id)).toBeUndefined();
    expect(await store.accept(session.id, makeTurn(), queued)).toEqual({ status: 'not_found' });
    expect(await store.append(claim, [makeStep(0)], 0)).toBe(false);
    expect(await store.renew(claim, 1_000)).toBe('lost');
    expect(await store.finish(claim, makeEnd())).toBe(false);
    expect(await store.listAbandoned(10)).toEqual([]);
    await store.createSession(session);
    expect(await store.listTurns(session.id)).toEqual([]);
  });
});

describe('a Redis that lost a part', () => {
  test.each([
    ['turns', 1],
    ['entries', 2],
  ])('of a session, its %s, says so and never shows it shorter', async (_, index) => {
    const { store, raw } = await startStore();
    const { session, claim } = await holdTurn(store);
    await store.append(claim, [makeStep(0)], 0);
    await store.finish(claim, makeEnd());
    await raw.del(sessionKeys(session.id)[index] ?? '');
    await expect(store.listTurns(session.id)).rejects.toThrow(`session ${session.id} is damaged`);
    if (index === 1) await expect(store.accept(session.id, makeTurn(), queued)).rejects.toThrow('damaged');
    if (index === 2) await expect(store.findTurn(session.id, claim.turnId)).rejects.toThrow('damaged');
  });
});

describe('the lists over all sessions', () => {
  test('miss nothing when a process dies between a session and its lists', async () => {
    const { store, raw } = await startStore();
    const { session, claim } = await holdTurn(store);
    await store.accept(session.id, makeTurn('b'), queued);
    await store.cancel(session.id, (await store.listTurns(session.id))[1]?.id);
    await store.finish(claim, makeEnd());
    await raw.del(indexKeys.unexported);
    await raw.zadd(indexKeys.open, 1, session.id);
    expect(await store.listUnexported(10)).toEqual([]);
    expect(await store.listAbandoned(10)).toEqual([]);
    expect(await store.listUnexported(10)).toHaveLength(2);
  });

  test('name nothing that is not there, however wrong they are', async () => {
    const { store, raw } = await startStore();
    const { session, claim } = await holdTurn(store);
    await raw.zadd(indexKeys.open, 1.5, 'gone', 1, session.id, 1, 'to come');
    await raw.zadd(indexKeys.unexported, 1, '["gone","turn"]', 2, JSON.stringify([session.id, claim.turnId]));
    await raw.zadd(indexKeys.created, 1, 'gone');
    await raw.zadd(indexKeys.expiring, 1, '["gone","support"]', 1, JSON.stringify([session.id, 'support']));
    expect(await store.listAbandoned(10)).toEqual([]);
    expect(await store.listUnexported(10)).toEqual([]);
    expect(await store.listSessions({ limit: 10 })).toMatchObject([{ id: session.id }]);
    expect(await store.removeExpired(10)).toBe(1);
    expect(await raw.zrange(indexKeys.created, '0', '-1')).toEqual([session.id]);
    expect((await raw.zrange(indexKeys.open, '0', '-1')).sort()).toEqual([session.id, 'to come'].sort());
    expect(await raw.zscore(indexKeys.expiring, JSON.stringify([session.id, 'support']))).not.toBe('1');
  });

  test('page through more sessions than fit into one reply', async () => {
    const { store } = await startStore();
    const sessions = Array.from({ length: 450 }, (_, index) => makeSession({ createdMs: index }));
    await Promise.all(sessions.map((session) => store.createSession(session)));
    await Promise.all(sessions.map(({ id }, index) => store.accept(id, makeTurn(`${index}`), queued)));
    await Promise.all(sessions.slice(0, 225).map(({ id }) => store.claim(id, { owner: 'one', leaseMs: 60_000 })));
    const newestFirst = sessions.map(({ id }) => id).reverse();
    expect((await store.listSessions({ limit: 1_000 })).map(({ id }) => id)).toEqual(newestFirst);
    expect((await store.listSessions({ limit: 250 })).map(({ id }) => id)).toEqual(newestFirst.slice(0, 250));
    expect((await store.listAbandoned(1_000)).sort()).toEqual(newestFirst.slice(0, 225).sort());
    await Promise.all(sessions.slice(225).map(({ id }) => store.cancel(id)));
    expect(await store.listAbandoned(1_000)).toEqual([]);
    expect(await store.listUnexported(1_000)).toHaveLength(225);
    expect(await store.listUnexported(210)).toHaveLength(210);
  });
});

test('keys of a session live as long as it does', async () => {
  const { store, raw } = await startStore();
  const { session, claim } = await holdTurn(store);
  await store.append(claim, [makeStep(0)], 0);
  const times = async () => {
    const found = await Promise.all(sessionKeys(session.id).map((key) => raw.pttl(key)));
    return found.filter((ms) => ms !== -2);
  };
  expect(await times()).toEqual([-1, -1, -1, -1]);
  await store.finish(claim, makeEnd());
  const day = 24 * 60 * 60 * 1000;
  for (const ms of await times()) expect(Math.abs(ms - day - 60_000)).toBeLessThan(5_000);
  await store.markExported([{ sessionId: session.id, turnId: claim.turnId }]);
  const left = await times();
  expect(left).toHaveLength(3);
  for (const ms of left) expect(Math.abs(ms - 60_000)).toBeLessThan(5_000);
  await store.deleteSession(session.id);
  expect(await times()).toEqual([]);
});
