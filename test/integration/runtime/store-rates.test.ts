import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ratesKey } from '../../../runtime/sessions/redis-keys.ts';
import { type RateBucket, takeOfWindow } from '../../../runtime/sessions/rate-window.ts';
import type { SessionStore } from '../../../runtime/sessions/store.ts';
import { startRedisGround, type StoreGround, storeKinds, threadedSqlite } from '../../support/session-stores.ts';

describe.each([
  ...storeKinds,
  threadedSqlite,
  { kind: 'redis cluster', start: () => startRedisGround({ isCluster: true }) },
])('the rate of an agent in a $kind store', ({ start }) => {
  let ground: StoreGround;
  let store: SessionStore;
  let other: SessionStore;

  beforeAll(async () => {
    ground = await start();
    store = await ground.open();
    other = await ground.open();
  });
  afterAll(() => ground.stop());

  test('is one for all replicas, however many ask at once', async () => {
    const limits = { requestsPerMinute: 5, tokens: 10 };
    const asked = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? store : other).takeRate('busy', limits));
    const all = await Promise.all(asked);
    expect(all.filter(({ status }) => status === 'taken')).toHaveLength(5);
    for (const one of all) {
      if (one.status === 'taken') continue;
      expect(one).toMatchObject({ status: 'full', limit: 'requestsPerMinute' });
      expect(one.waitMs).toBeGreaterThan(0);
      expect(one.waitMs).toBeLessThanOrEqual(61_000);
    }
    expect((await other.takeRate('idle', limits)).status).toBe('taken');
  });

  test('counts tokens by estimate and then as they were; a call that was not made is given back', async () => {
    const take = (at: SessionStore, tokens: number) =>
      at.takeRate('wordy', { requestsPerMinute: 3, tokensPerMinute: 1_000, tokens });
    const first = await take(store, 5_000);
    if (first.status !== 'taken') throw new Error('it was the first call');
    expect(first.tokens).toBe(1_000);
    expect(await take(other, 1)).toMatchObject({ status: 'full', limit: 'tokensPerMinute' });
    await other.correctRate('wordy', { second: first.second, requests: 0, tokens: 300 - first.tokens });
    expect((await take(other, 600)).status).toBe('taken');
    expect(await take(store, 101)).toMatchObject({ status: 'full', limit: 'tokensPerMinute' });
    const third = await take(store, 100);
    if (third.status !== 'taken') throw new Error('it fits');
    expect(await take(store, 0)).toMatchObject({ status: 'full', limit: 'requestsPerMinute' });
    await store.correctRate('wordy', { second: third.second, requests: -1, tokens: -third.tokens });
    expect((await take(other, 100)).status).toBe('taken');
  });

  test('has no limit where none is asked for, and a correction of what does not count any more changes nothing', async () => {
    for (let n = 0; n < 3; n += 1) expect((await store.takeRate('free', { tokens: 1e9 })).status).toBe('taken');
    await store.correctRate('free', { second: 1, requests: 5, tokens: 5 });
    await store.correctRate('never seen', { second: 1, requests: 5, tokens: 5 });
    expect((await other.takeRate('never seen', { requestsPerMinute: 1, tokens: 1 })).status).toBe('taken');
  });
});

test('Redis decides as SQLite does, whatever was begun in the last minute', async () => {
  const ground = await startRedisGround();
  const store = await ground.open();
  const client = new Redis(ground.settings.redisUrl ?? '');
  const limits = { requestsPerMinute: 6, tokensPerMinute: 100, tokens: 30 };
  for (const ages of [[62], [61, 40], [60, 59, 3], [58, 57, 20, 1], [-1, 50], [-3_000, 30]]) {
    const now = Math.floor(Date.now() / 1000);
    const buckets = ages.toSorted((a, b) => b - a).map((age, place): RateBucket => [now - age, 2, 20 + place]);
    await client.set(ratesKey('old'), JSON.stringify(buckets));
    const before = takeOfWindow(buckets, { ...limits, nowMs: Date.now() }).taken;
    const taken = await store.takeRate('old', limits);
    const after = takeOfWindow(buckets, { ...limits, nowMs: Date.now() }).taken;
    // Between these two moments Redis looked at its clock.
    expect([before.status, after.status]).toContain(taken.status);
    if (taken.status !== 'full' || before.status !== 'full' || after.status !== 'full') continue;
    expect(taken.limit).toBe(before.limit);
    expect(taken.waitMs).toBeLessThanOrEqual(before.waitMs);
    expect(taken.waitMs).toBeGreaterThanOrEqual(after.waitMs);
  }
  client.disconnect();
  await ground.stop();
});
