import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExhaustedBudget, Pause } from '../../../runtime/sessions/pause.ts';
import { openSqliteStore } from '../../../runtime/sessions/sqlite-store.ts';
import type { SessionStore } from '../../../runtime/sessions/store.ts';
import {
  holdTurn,
  makeEnd,
  makeSession,
  makeTurn,
  queued,
  startRedisGround,
  type StoreGround,
  storeKinds,
  threadedSqlite,
} from '../../support/session-stores.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const budget: ExhaustedBudget = {
  ...{ accountId: 'b1:ann', budgetId: 'b1', name: 'Each user', value: 'ann', amountUsd: '1' },
  action: 'pause',
  ...{ spentUsd: '0.9', heldUsd: '0.05', neededUsd: '0.1', windowKey: 'total', beginsAnew: null },
};

function pauseOf(turn: { id: string; sessionId: string }, fields: Partial<Pause> = {}): Pause {
  return { turnId: turn.id, sessionId: turn.sessionId, budget, sinceMs: Date.now(), ...fields };
}

describe.each([
  ...storeKinds,
  threadedSqlite,
  { kind: 'redis cluster', start: () => startRedisGround({ isCluster: true }) },
])('a session that waits, in a $kind store', ({ start }) => {
  let ground: StoreGround;
  let store: SessionStore;
  let other: SessionStore;

  beforeAll(async () => {
    ground = await start();
    store = await ground.open();
    other = await ground.open();
  });
  afterAll(() => ground.stop());

  const listIds = async () => (await other.listPaused(1_000)).map(({ sessionId }) => sessionId);

  test('is nobody’s to work on, says what it waits for, and goes on with the same turn', async () => {
    const session = makeSession({ project: 'shop' });
    const { claim, turn } = await holdTurn(store, { session });
    const pause = pauseOf(turn);
    expect(await store.pause(claim, pause)).toBe('held');
    expect((await other.findSession(session.id))?.paused).toEqual(pause);
    expect((await other.listPaused(1_000)).find(({ sessionId }) => sessionId === session.id)).toEqual({
      ...{ sessionId: session.id, agent: session.agent, project: 'shop', pause },
    });
    expect(await other.claim(session.id, { owner: 'two', leaseMs: 30_000 })).toBeUndefined();
    expect(await other.listAbandoned(1_000)).not.toContain(session.id);
    expect(await store.append(claim, [{ type: 'notice', text: 'x', atMs: 0 }], 0)).toBe(false);

    expect(await other.resume(session.id)).toBe(true);
    expect(await store.resume(session.id)).toBe(false);
    expect((await other.findSession(session.id))?.paused).toBeUndefined();
    expect(await listIds()).not.toContain(session.id);
    expect(await store.listAbandoned(1_000)).toContain(session.id);
    expect((await store.claim(session.id, { owner: 'two', leaseMs: 30_000 }))?.turn.id).toBe(turn.id);
  });

  test('what comes meanwhile stands behind the turn that waits', async () => {
    const { claim, turn, session } = await holdTurn(store);
    await store.pause(claim, pauseOf(turn));
    const later = makeTurn('later');
    expect((await other.accept(session.id, later, queued)).status).toBe('accepted');
    expect(await other.claim(session.id, { owner: 'two', leaseMs: 30_000 })).toBeUndefined();
    await other.resume(session.id);
    const claimed = await other.claim(session.id, { owner: 'two', leaseMs: 30_000 });
    expect(claimed?.turn.id).toBe(turn.id);
  });

  test('pausing again after an answer that was lost is the same pause; of another’s turn it is lost', async () => {
    const { claim, turn, session } = await holdTurn(store);
    expect(await store.pause(claim, pauseOf(turn))).toBe('held');
    expect(await store.pause(claim, pauseOf(turn))).toBe('held');
    await store.resume(session.id);
    await other.claim(session.id, { owner: 'two', leaseMs: 30_000 });
    expect(await store.pause(claim, pauseOf(turn))).toBe('lost');
    expect((await store.findSession(session.id))?.paused).toBeUndefined();
  });

  test('a turn that is to end does not wait, and one that waits goes on to end', async () => {
    const first = await holdTurn(store);
    await other.cancel(first.session.id);
    expect(await store.pause(first.claim, pauseOf(first.turn))).toBe('cancel');
    expect(await listIds()).not.toContain(first.session.id);

    const second = await holdTurn(store);
    await store.pause(second.claim, pauseOf(second.turn));
    expect(await other.cancel(second.session.id)).toBe(1);
    expect((await store.findSession(second.session.id))?.paused).toBeUndefined();
    expect(await store.listAbandoned(1_000)).toContain(second.session.id);
    const claimed = await store.claim(second.session.id, { owner: 'two', leaseMs: 30_000 });
    if (claimed === undefined) throw new Error('the turn was not to be claimed');
    expect(await store.pause(claimed.claim, pauseOf(second.turn))).toBe('cancel');
    expect(await store.finish(claimed.claim, makeEnd('', { state: 'cancelled' }))).toBe(true);
  });

  test('is forgotten with its session', async () => {
    const { claim, turn, session } = await holdTurn(store);
    await store.pause(claim, pauseOf(turn));
    await other.deleteSession(session.id);
    expect(await listIds()).not.toContain(session.id);
    expect(await store.resume(session.id)).toBe(false);
  });

  test('those that wait for longest come first', async () => {
    const ids: string[] = [];
    for (const sinceMs of [3, 1, 2]) {
      const { claim, turn, session } = await holdTurn(store);
      await store.pause(claim, pauseOf(turn, { sinceMs }));
      ids[sinceMs - 1] = session.id;
    }
    expect((await other.listPaused(2)).map(({ sessionId }) => sessionId)).toEqual(ids.slice(0, 2));
  });
});

test('a file of the release before is taken over with what it holds', async () => {
  const dir = makeTempDir('older');
  const path = join(dir.path, 'runtime.sqlite');
  const before = openSqliteStore(path);
  const { session, turn } = await holdTurn(before, { leaseMs: 1 });
  await before.close();
  const file = new DatabaseSync(path);
  file.exec(
    'DROP INDEX sessions_paused; ALTER TABLE sessions DROP COLUMN paused; DROP TABLE rates; PRAGMA user_version = 1',
  );
  file.close();

  const store = openSqliteStore(path);
  const claimed = await store.claim(session.id, { owner: 'two', leaseMs: 30_000 });
  if (claimed === undefined) throw new Error('the turn was not to be claimed');
  expect(await store.pause(claimed.claim, pauseOf(turn))).toBe('held');
  expect((await store.findSession(session.id))?.paused).toMatchObject({ budget: { name: 'Each user' } });
  await store.close();
  dir.remove();
});
