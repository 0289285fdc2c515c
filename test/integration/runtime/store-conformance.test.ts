import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Accepted, SessionStore } from '../../../runtime/sessions/store.ts';
import {
  holdTurn,
  makeEnd,
  makeSession,
  makeStep,
  makeTurn,
  queued,
  startRedisGround,
  type StoreGround,
  storeKinds,
  threadedSqlite,
  textOf,
} from '../../support/session-stores.ts';

const shortLeaseMs = 150;

describe.each([
  ...storeKinds,
  threadedSqlite,
  { kind: 'redis cluster', start: () => startRedisGround({ isCluster: true }) },
])('a $kind store', ({ start }) => {
  let ground: StoreGround;
  let store: SessionStore;
  let other: SessionStore;

  beforeAll(async () => {
    ground = await start();
    store = await ground.open();
    other = await ground.open();
  });
  afterAll(() => ground.stop());

  async function keepSession(overrides: Parameters<typeof makeSession>[0] = {}) {
    const session = makeSession(overrides);
    await store.createSession(session);
    return session;
  }

  describe('sessions', () => {
    test('are found by every connection as they were given', async () => {
      const session = await keepSession({
        parent: { sessionId: 'p', turnId: 't', callId: 'c', conversationId: 'v' },
        imported: [{ role: 'user', content: [{ type: 'text', text: 'before' }] }],
      });
      expect(await other.findSession(session.id)).toEqual(session);
      expect(await store.findSession('no such session')).toBeUndefined();
      expect(await store.listTurns('no such session')).toEqual([]);
      expect(await store.findTurn('no such session', 'no such turn')).toBeUndefined();
    });

    test('are created once: again is harmless, with other content an error', async () => {
      const session = await keepSession();
      await store.createSession(session);
      await expect(store.createSession({ ...session, user: 'bob' })).rejects.toThrow(session.id);
      expect(await store.findSession(session.id)).toEqual(session);
    });

    test('are listed newest first, of all agents or of one', async () => {
      const createdMs = Date.now() + 1_000_000;
      const ids: string[] = [];
      for (const index of [0, 1, 2, 3]) {
        const agent = index % 2 === 0 ? 'even' : 'odd';
        ids.unshift((await keepSession({ agent, createdMs: createdMs + index })).id);
      }
      const idsOf = async (query: { agent?: string; limit: number }) =>
        (await store.listSessions(query)).map(({ id }) => id);
      expect(await idsOf({ limit: 3 })).toEqual(ids.slice(0, 3));
      expect(await idsOf({ agent: 'even', limit: 10 })).toEqual([ids[1], ids[3]]);
      expect(await idsOf({ agent: 'nobody', limit: 10 })).toEqual([]);
      for (const id of ids) expect(await store.deleteSession(id)).toBe(true);
      expect((await idsOf({ limit: 100 })).filter((id) => ids.includes(id))).toEqual([]);
    });

    test('are deleted with their turns, and who runs one has lost it', async () => {
      const { session, claim } = await holdTurn(store);
      await store.append(claim, [makeStep(0)], 0);
      expect(await other.deleteSession(session.id)).toBe(true);
      expect(await other.deleteSession(session.id)).toBe(false);
      expect(await store.renew(claim, 1_000)).toBe('lost');
      expect(await store.append(claim, [makeStep(1)], 1)).toBe(false);
      expect(await store.finish(claim, makeEnd())).toBe(false);
      await store.release(claim);
      expect(await store.findSession(session.id)).toBeUndefined();
      expect(await store.listTurns(session.id)).toEqual([]);
      expect(await store.listAbandoned(10_000)).not.toContain(session.id);
      expect(await store.accept(session.id, makeTurn(), queued)).toEqual({ status: 'not_found' });
      // The same id again is another session: nothing of the old one is left, and its holder stays out.
      await store.createSession(session);
      const again = await store.accept(session.id, makeTurn(), queued);
      expect(again).toMatchObject({ status: 'accepted', turn: { number: 1 } });
      const next = await store.claim(session.id, { owner: 'one', leaseMs: 1_000 });
      expect(next?.claim.fence).toBeGreaterThan(claim.fence);
      expect(await store.renew(claim, 1_000)).toBe('lost');
    });
  });

  test('as many sessions of an agent have a place as it allows, until they free it or are silent', async () => {
    const take = (at: SessionStore, sessionId: string, leaseMs = 60_000) =>
      at.takePlace('crowded', { sessionId, limit: 2, leaseMs });
    const taken = await Promise.all(['a', 'b', 'c', 'd'].map((id, place) => take(place % 2 === 0 ? store : other, id)));
    expect(taken.filter(Boolean)).toHaveLength(2);
    const [first = '', second = ''] = ['a', 'b', 'c', 'd'].filter((_, place) => taken[place]);
    expect(await take(other, first)).toBe(true);
    expect(await take(store, 'late')).toBe(false);
    await other.freePlace('crowded', second);
    expect(await take(store, 'late', 1)).toBe(true);
    await expect.poll(() => take(store, 'later')).toBe(true);
    expect(await store.takePlace('another', { sessionId: 'late', limit: 1, leaseMs: 1_000 })).toBe(true);
  });

  describe('accepting', () => {
    test('numbers turns in order and keeps all of them', async () => {
      const { id } = await keepSession();
      const turn = makeTurn('first', { idempotencyKey: 'k' });
      const first = await store.accept(id, turn, queued);
      await other.accept(id, makeTurn('second'), queued);
      const turns = await other.listTurns(id);
      expect(turns.map((one) => [one.number, one.state, textOf(one)])).toEqual([
        [1, 'waiting', 'first'],
        [2, 'waiting', 'second'],
      ]);
      expect(first).toEqual({ status: 'accepted', turn: turns[0] });
      expect(turns[0]).toEqual({
        ...turn,
        ...{ sessionId: id, number: 1, state: 'waiting', startedMs: null, entries: [], end: null, claims: 0 },
        acceptedMs: expect.closeTo(Date.now(), -4) as number,
      });
      expect(await other.findTurn(id, turn.id)).toEqual(turns[0]);
    });

    test('of the same turn again answers with that turn', async () => {
      const { id } = await keepSession();
      const turn = makeTurn();
      const first = await store.accept(id, turn, queued);
      expect(await other.accept(id, turn, { ...queued, onBusy: 'reject' })).toEqual(first);
      expect(await store.listTurns(id)).toHaveLength(1);
    });

    test('of the same idempotency key: the turn there is, or a complaint about another content', async () => {
      const { id } = await keepSession();
      const key = { idempotencyKey: 'key 1' };
      await store.accept(id, makeTurn('a', key), queued);
      await store.accept(id, makeTurn('b'), queued);
      const repeated = await other.accept(id, makeTurn('a', key), { ...queued, afterTurn: 0, onBusy: 'reject' });
      expect(repeated).toMatchObject({ status: 'repeated', turn: { number: 1, idempotencyKey: 'key 1' } });
      expect(await other.accept(id, makeTurn('c', key), queued)).toEqual({ status: 'key_reused' });
      expect(await store.listTurns(id)).toHaveLength(2);
      // Another session's keys are its own.
      const { id: elsewhere } = await keepSession();
      expect(await store.accept(elsewhere, makeTurn('c', key), queued)).toMatchObject({ status: 'accepted' });
    });

    test('answers a repeated key with what became of the turn', async () => {
      const session = await keepSession();
      await store.accept(session.id, makeTurn('a', { idempotencyKey: 'k' }), queued);
      const claimed = await store.claim(session.id, { owner: 'one', leaseMs: 10_000 });
      if (!claimed) throw new Error('not claimed');
      await store.append(claimed.claim, [makeStep(0)], 0);
      const end = makeEnd('the answer');
      await store.finish(claimed.claim, end);
      const again = await store.accept(session.id, makeTurn('a', { idempotencyKey: 'k' }), queued);
      expect(again).toMatchObject({ status: 'repeated', turn: { state: 'completed', end, entries: [makeStep(0)] } });
    });

    test('rejects while another turn is open', async () => {
      const { session, claim } = await holdTurn(store);
      const rejecting = { ...queued, onBusy: 'reject' as const };
      expect(await other.accept(session.id, makeTurn('b'), rejecting)).toEqual({ status: 'busy' });
      await store.finish(claim, makeEnd());
      expect(await other.accept(session.id, makeTurn('c'), rejecting)).toMatchObject({ turn: { number: 2 } });
      expect(await other.accept(session.id, makeTurn('d'), rejecting)).toEqual({ status: 'busy' });
    });

    test('lets so many wait behind the open one', async () => {
      const { session, claim } = await holdTurn(store);
      const short = { ...queued, queueLimit: 2 };
      const accept = async () => (await other.accept(session.id, makeTurn(), short)).status;
      expect([await accept(), await accept(), await accept()]).toEqual(['accepted', 'accepted', 'queue_full']);
      await store.finish(claim, makeEnd());
      expect([await accept(), await accept()]).toEqual(['accepted', 'queue_full']);
      const none = { ...queued, queueLimit: 0 };
      const { id } = await keepSession();
      expect((await store.accept(id, makeTurn(), none)).status).toBe('accepted');
      expect((await store.accept(id, makeTurn(), none)).status).toBe('queue_full');
    });

    test('that interrupts ends those that wait and tells who runs one', async () => {
      const { session, claim } = await holdTurn(store);
      await store.accept(session.id, makeTurn('waits'), queued);
      const accepted = await other.accept(session.id, makeTurn('newest'), { ...queued, onBusy: 'interrupt' });
      expect(accepted).toMatchObject({ status: 'accepted', turn: { number: 3, state: 'waiting' } });
      expect(await store.renew(claim, 10_000)).toBe('supersede');
      const [first, second] = await store.listTurns(session.id);
      expect(first?.state).toBe('running');
      expect(second).toMatchObject({
        state: 'interrupted',
        end: { reason: 'superseded', text: '' },
        startedMs: null,
      });
      expect(await store.finish(claim, makeEnd('half', { state: 'interrupted', reason: 'superseded' }))).toBe(true);
      expect((await store.claim(session.id, { owner: 'one', leaseMs: 10_000 }))?.turn.number).toBe(3);
    });

    test('refuses what was said without knowing the latest', async () => {
      const { id } = await keepSession();
      const after = (afterTurn: number) => store.accept(id, makeTurn(), { ...queued, afterTurn });
      expect((await after(0)).status).toBe('accepted');
      expect((await after(0)).status).toBe('stale');
      expect((await after(1)).status).toBe('accepted');
      expect((await after(7)).status).toBe('accepted');
      expect(await store.listTurns(id)).toHaveLength(3);
    });

    test('refuses nothing that comes at once from two clients', async () => {
      const { id } = await keepSession();
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, index) => (index % 2 ? store : other).accept(id, makeTurn(`${index}`), queued)),
      );
      const numbers = results.map((one: Accepted) => ('turn' in one ? one.turn.number : 0));
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
      const turns = await store.listTurns(id);
      expect(turns.map(({ number }) => number)).toEqual(turns.map((_, index) => index + 1));
    });

    test('lets one of many duplicates in', async () => {
      const { id } = await keepSession();
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          (index % 2 ? store : other).accept(id, makeTurn('same', { idempotencyKey: 'one' }), queued),
        ),
      );
      expect(results.filter(({ status }) => status === 'accepted')).toHaveLength(1);
      expect(results.filter(({ status }) => status === 'repeated')).toHaveLength(49);
      expect(await store.listTurns(id)).toHaveLength(1);
    });
  });

  describe('leases', () => {
    test('are given to exactly one of many claimers', async () => {
      const { id } = await keepSession();
      await store.accept(id, makeTurn('a'), queued);
      await store.accept(id, makeTurn('b'), queued);
      const claims = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          (index % 2 ? store : other).claim(id, { owner: `owner ${index}`, leaseMs: 10_000 }),
        ),
      );
      const [won, ...more] = claims.filter((one) => one !== undefined);
      expect(more).toEqual([]);
      expect(won?.turn).toMatchObject({ number: 1, state: 'running', claims: 1 });
      expect(won?.turn.startedMs).toBeCloseTo(Date.now(), -4);
    });

    test('advance a turn: entries in order, its end, then the next one', async () => {
      const { session, claim } = await holdTurn(store);
      await store.accept(session.id, makeTurn('next'), queued);
      expect(await store.append(claim, [makeStep(0)], 0)).toBe(true);
      expect(await store.append(claim, [], 1)).toBe(true);
      expect(await store.append(claim, [makeStep(1), makeStep(2)], 1)).toBe(true);
      expect(await store.renew(claim, 10_000)).toBe('held');
      const end = makeEnd('bye', { state: 'limited', reason: 'max_steps', message: '3 of 3' });
      expect(await store.finish(claim, end)).toBe(true);
      expect(await other.findTurn(session.id, claim.turnId)).toMatchObject({
        state: 'limited',
        end,
        entries: [makeStep(0), makeStep(1), makeStep(2)],
      });
      expect(await store.renew(claim, 10_000)).toBe('lost');
      expect(await store.append(claim, [makeStep(3)], 3)).toBe(false);
      const next = await other.claim(session.id, { owner: 'two', leaseMs: 10_000 });
      expect(next?.turn.number).toBe(2);
      expect(next?.claim.fence).toBeGreaterThan(claim.fence);
    });

    test('writes that are repeated are done once', async () => {
      const { session, claim } = await holdTurn(store);
      await store.append(claim, [makeStep(0), makeStep(1)], 0);
      expect(await store.append(claim, [makeStep(0), makeStep(1)], 0)).toBe(true);
      expect(await store.append(claim, [makeStep(1), makeStep(2)], 1)).toBe(true);
      expect((await store.findTurn(session.id, claim.turnId))?.entries).toEqual([0, 1, 2].map((n) => makeStep(n)));
      await expect(store.append(claim, [makeStep(9)], 2)).rejects.toThrow('other content');
      await expect(store.append(claim, [makeStep(5)], 5)).rejects.toMatchObject({ name: 'StoreUnavailableError' });
      const end = makeEnd();
      expect(await store.finish(claim, end)).toBe(true);
      expect(await store.finish(claim, makeEnd('other'))).toBe(true);
      expect((await store.findTurn(session.id, claim.turnId))?.end).toEqual(end);
    });

    test('run out, and whoever takes over sees what was done', async () => {
      const { session, claim } = await holdTurn(store, { leaseMs: shortLeaseMs });
      await store.append(claim, [makeStep(0)], 0);
      expect(await other.claim(session.id, { owner: 'two', leaseMs: 10_000 })).toBeUndefined();
      expect(await other.listAbandoned(10_000)).not.toContain(session.id);
      await expect.poll(() => other.listAbandoned(10_000)).toContain(session.id);
      expect(await store.append(claim, [makeStep(1)], 1)).toBe(false);
      expect(await store.finish(claim, makeEnd())).toBe(false);
      expect(await store.renew(claim, 10_000)).toBe('lost');
      const taken = await other.claim(session.id, { owner: 'two', leaseMs: 10_000 });
      expect(taken?.turn).toMatchObject({ number: 1, state: 'running', claims: 2, entries: [makeStep(0)] });
      expect(taken?.claim.fence).toBeGreaterThan(claim.fence);
      expect(await store.append(claim, [makeStep(1)], 1)).toBe(false);
      expect(await store.renew(claim, 10_000)).toBe('lost');
      await store.release(claim);
      expect(taken && (await other.append(taken.claim, [makeStep(1)], 1))).toBe(true);
      expect(await other.listAbandoned(10_000)).not.toContain(session.id);
    });

    test('last as long as they are renewed', async () => {
      const { session, claim } = await holdTurn(store, { leaseMs: shortLeaseMs });
      for (let round = 0; round < 8; round += 1) {
        await sleep(shortLeaseMs / 4);
        expect(await store.renew(claim, shortLeaseMs * 2)).toBe('held');
      }
      expect(await other.claim(session.id, { owner: 'two', leaseMs: 10_000 })).toBeUndefined();
    });

    test('that are given back leave the turn to others at once', async () => {
      const { session, claim } = await holdTurn(store);
      await store.append(claim, [makeStep(0)], 0);
      await store.release(claim);
      await store.release(claim);
      expect(await store.renew(claim, 10_000)).toBe('lost');
      expect(await store.listAbandoned(10_000)).toContain(session.id);
      const taken = await other.claim(session.id, { owner: 'two', leaseMs: 10_000 });
      expect(taken?.turn).toMatchObject({ number: 1, claims: 2, entries: [makeStep(0)] });
    });

    test('of another owner are not to be used with a known fence', async () => {
      const { claim } = await holdTurn(store);
      expect(await store.renew({ ...claim, owner: 'two' }, 10_000)).toBe('lost');
      expect(await store.append({ ...claim, turnId: 'other' }, [makeStep(0)], 0)).toBe(false);
      expect(await store.finish({ ...claim, fence: claim.fence - 1 }, makeEnd())).toBe(false);
    });

    test('are not to be had where nothing is open', async () => {
      const { id } = await keepSession();
      expect(await store.claim(id, { owner: 'one', leaseMs: 10_000 })).toBeUndefined();
      expect(await store.claim('no such session', { owner: 'one', leaseMs: 10_000 })).toBeUndefined();
      const { session, claim } = await holdTurn(store);
      await store.finish(claim, makeEnd());
      expect(await store.claim(session.id, { owner: 'one', leaseMs: 10_000 })).toBeUndefined();
      expect(await store.listAbandoned(10_000)).not.toContain(session.id);
    });

    test('a turn that no one claimed is listed as abandoned', async () => {
      const { id } = await keepSession();
      await store.accept(id, makeTurn(), queued);
      expect(await other.listAbandoned(10_000)).toContain(id);
      expect(await other.listAbandoned(1)).toHaveLength(1);
    });
  });

  describe('cancelling', () => {
    test('ends turns that wait at once and tells who runs one', async () => {
      const { session, claim } = await holdTurn(store);
      await store.accept(session.id, makeTurn('b'), queued);
      await store.accept(session.id, makeTurn('c'), queued);
      expect(await other.cancel(session.id)).toBe(3);
      const turns = await store.listTurns(session.id);
      expect(turns.map(({ state }) => state)).toEqual(['running', 'cancelled', 'cancelled']);
      expect(turns[1]?.end).toMatchObject({ state: 'cancelled', reason: 'cancelled', text: '' });
      expect(await store.renew(claim, 10_000)).toBe('cancel');
      await other.accept(session.id, makeTurn('d'), { ...queued, onBusy: 'interrupt' });
      expect(await store.renew(claim, 10_000)).toBe('cancel');
      expect(await store.finish(claim, makeEnd('', { state: 'cancelled', reason: 'cancelled' }))).toBe(true);
    });

    test('of one turn leaves the others', async () => {
      const { session, claim } = await holdTurn(store);
      const second = makeTurn('b');
      await store.accept(session.id, second, queued);
      await store.accept(session.id, makeTurn('c'), queued);
      expect(await other.cancel(session.id, second.id)).toBe(1);
      expect(await other.cancel(session.id, second.id)).toBe(0);
      expect(await other.cancel(session.id, 'no such turn')).toBe(0);
      expect(await other.cancel('no such session')).toBe(0);
      expect(await store.renew(claim, 10_000)).toBe('held');
      await store.finish(claim, makeEnd());
      expect((await store.claim(session.id, { owner: 'one', leaseMs: 10_000 }))?.turn.number).toBe(3);
    });

    test('reaches whoever takes the turn over', async () => {
      const { session, claim } = await holdTurn(store);
      await store.release(claim);
      expect(await other.cancel(session.id)).toBe(1);
      const taken = await other.claim(session.id, { owner: 'two', leaseMs: 10_000 });
      expect(taken && (await other.renew(taken.claim, 10_000))).toBe('cancel');
    });
  });

  describe('expiry', () => {
    test('ends a session whose time is over; every turn moves it on', async () => {
      const gone = await keepSession({ expiresMs: Date.now() + 200 });
      const kept = await keepSession({ expiresMs: Date.now() + 200 });
      await store.accept(kept.id, makeTurn(), queued);
      await store.cancel(kept.id);
      const moved = await store.findSession(kept.id);
      expect(moved?.expiresMs).toBeGreaterThan(Date.now() + 50_000);
      await expect.poll(() => store.findSession(gone.id)).toBeUndefined();
      expect(await store.accept(gone.id, makeTurn(), queued)).toEqual({ status: 'not_found' });
      expect(await store.claim(gone.id, { owner: 'one', leaseMs: 1_000 })).toBeUndefined();
      expect(await store.findSession(kept.id)).toBeDefined();
      await store.removeExpired(10_000);
      expect((await store.listSessions({ limit: 10_000 })).map(({ id }) => id)).not.toContain(gone.id);
      expect(await store.findSession(gone.id, { evenExpired: true })).toBeUndefined();
      expect(await store.findSession(kept.id)).toBeDefined();
    });

    test('waits for open turns, and for the export of what they did', async () => {
      const session = await keepSession();
      const { id } = session;
      await store.accept(id, makeTurn(), { ...queued, ttlMs: 100 });
      const claimed = await store.claim(id, { owner: 'one', leaseMs: 10_000 });
      if (!claimed) throw new Error('not claimed');
      await sleep(150);
      await store.removeExpired(10_000);
      expect(await store.findSession(id)).toBeDefined();
      expect((await store.listTurns(id)).map(({ state }) => state)).toEqual(['running']);
      expect(await store.append(claimed.claim, [makeStep(0)], 0)).toBe(true);
      expect(await store.finish(claimed.claim, makeEnd())).toBe(true);
      // It lasts its time from the end of its last turn.
      expect(await store.findSession(id)).toBeDefined();
      await expect.poll(() => store.findSession(id)).toBeUndefined();
      await store.removeExpired(10_000);
      expect(await store.findSession(id, { evenExpired: true })).toMatchObject({ agent: session.agent });
      expect((await store.findTurn(id, claimed.turn.id))?.entries).toEqual([makeStep(0)]);
      await store.markExported([{ sessionId: id, turnId: claimed.turn.id }]);
      await store.removeExpired(10_000);
      await expect.poll(() => store.findSession(id, { evenExpired: true })).toBeUndefined();
      expect(await store.listTurns(id)).toEqual([]);
    });
  });

  describe('the outbox', () => {
    const mine = async (sessionId: string) =>
      (await store.listUnexported(10_000)).filter((one) => one.sessionId === sessionId).map(({ turnId }) => turnId);

    test('holds turns from their end until they are exported, oldest first', async () => {
      const { session, claim } = await holdTurn(store);
      const second = makeTurn('b');
      await store.accept(session.id, second, queued);
      expect(await mine(session.id)).toEqual([]);
      await store.finish(claim, makeEnd());
      await store.cancel(session.id);
      expect(await mine(session.id)).toEqual([claim.turnId, second.id]);
      await other.markExported([{ sessionId: session.id, turnId: claim.turnId }]);
      await other.markExported([
        { sessionId: session.id, turnId: claim.turnId },
        { sessionId: 'none', turnId: 'none' },
      ]);
      expect(await mine(session.id)).toEqual([second.id]);
      await store.deleteSession(session.id);
      expect(await mine(session.id)).toEqual([]);
    });

    test('keeps calls of the gateway until they are removed, oldest first', async () => {
      const calls = Array.from({ length: 5 }, (_, index) => ({
        ...{ id: `call ${index}`, conversationId: null, user: null, labels: {}, traceparent: null },
        ...{ messages: [], tools: [], attempts: [] },
      }));
      for (const call of calls) await store.keepCall(call);
      for (const call of calls) await other.keepCall(call);
      expect(await other.listCalls(3)).toEqual(calls.slice(0, 3));
      await store.removeCalls(['call 0', 'call 2', 'no such call']);
      expect((await store.listCalls(10)).map(({ id }) => id)).toEqual(['call 1', 'call 3', 'call 4']);
      await store.removeCalls(calls.map(({ id }) => id));
      expect(await store.listCalls(10)).toEqual([]);
    });
  });

  test('keeps ten thousand calls of the gateway and refuses more', async () => {
    const makeCall = (id: string) => ({
      ...{ id, conversationId: null, user: null, labels: {}, traceparent: null },
      ...{ messages: [], tools: [], attempts: [] },
    });
    const calls = Array.from({ length: 10_000 }, (_, index) => makeCall(`call ${index}`));
    for (let from = 0; from < calls.length; from += 500) {
      await Promise.all(calls.slice(from, from + 500).map((call) => store.keepCall(call)));
    }
    await expect(other.keepCall(makeCall('one more'))).rejects.toThrow(
      '10000 calls of the gateway wait for their export already: call one more is not kept',
    );
    await other.keepCall(makeCall('call 7'));
    expect((await store.listCalls(20_000)).map(({ id }) => id)).toEqual(calls.map(({ id }) => id));
    await store.removeCalls(calls.map(({ id }) => id));
    expect(await store.listCalls(1)).toEqual([]);
  });

  describe('the registry', () => {
    const revisionOf = (agent: string, hash: string) => ({
      ...{ agent, revision: `${agent}@${hash}`, hash, registeredMs: Date.now() },
      definition: { name: agent, nested: [null, 1.5, { x: [] }, 'ü'] },
    });

    test('deploys, goes back, and tells what was deployed when', async () => {
      const [first, second] = [revisionOf('router', 'aaaa'), revisionOf('router', 'bbbb')];
      expect(await store.findDeployed('router')).toBeUndefined();
      expect(await store.deploy(first)).toMatchObject({ revision: 'router@aaaa', previous: null });
      expect(await store.deploy(second)).toMatchObject({ revision: 'router@bbbb', previous: 'router@aaaa' });
      expect(await other.findDeployed('router')).toEqual(second);
      expect(await other.moveAlias('router', 'router@aaaa')).toMatchObject({ previous: 'router@bbbb' });
      expect(await other.moveAlias('router', 'router@none')).toBeUndefined();
      expect(await other.moveAlias('nobody', 'router@aaaa')).toBeUndefined();
      expect(await store.findDeployed('router')).toEqual(first);
      expect(await store.findRevision('router@bbbb')).toEqual(second);
      expect(await store.findRevision('router@none')).toBeUndefined();
      expect(await store.listRevisions('router')).toEqual([second, first]);
      const deployments = await store.listDeployments('router');
      expect(deployments.map(({ revision, previous }) => [revision, previous])).toEqual([
        ['router@aaaa', 'router@bbbb'],
        ['router@bbbb', 'router@aaaa'],
        ['router@aaaa', null],
      ]);
      expect(deployments[0]?.deployedMs).toBeCloseTo(Date.now(), -4);
      await store.deploy(revisionOf('another', 'cccc'));
      expect((await store.listDeployed()).map(({ revision }) => revision)).toEqual(['another@cccc', 'router@aaaa']);
    });

    test('notes nothing when the alias stays where it is', async () => {
      const revision = revisionOf('calm', 'aaaa');
      const first = await store.deploy(revision);
      expect(await other.deploy({ ...revision, registeredMs: 1 })).toEqual(first);
      expect(await other.moveAlias('calm', revision.revision)).toEqual(first);
      expect(await store.listDeployments('calm')).toEqual([first]);
      expect(await store.listRevisions('calm')).toEqual([revision]);
      expect(await store.listRevisions('nobody')).toEqual([]);
      expect(await store.listDeployments('nobody')).toEqual([]);
    });

    test('keeps the last hundred deployments', async () => {
      await store.deploy(revisionOf('busy', '0'));
      await store.deploy(revisionOf('busy', '1'));
      for (let round = 0; round < 105; round += 1) await store.moveAlias('busy', `busy@${round % 2}`);
      expect(await store.listDeployments('busy')).toHaveLength(100);
      expect(await store.findDeployed('busy')).toMatchObject({ revision: 'busy@0' });
    });

    test('counts one deployment when many start at once', async () => {
      const revision = revisionOf('rush', 'aaaa');
      await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? store : other).deploy(revision)));
      expect(await store.listDeployments('rush')).toHaveLength(1);
    });
  });

  describe('content', () => {
    test.each([
      ['braces', 'a}{b:{sg:session:x}:turns'],
      ['quotes', `'; DROP TABLE sessions; --"`],
      ['patterns', '*?[a-z]%_\\'],
      ['lines and NUL', 'a\r\n$3\r\nb\u0000c'],
      ['other scripts', 'سلام 你好 👩‍👩‍👧 é e\u0301'],
      ['names of prototypes', '__proto__'],
      ['one space', ' '],
      ['great length', 'x'.repeat(5_000)],
    ])('ids with %s are ids', async (_, id) => {
      const { claim } = await holdTurn(store, { session: makeSession({ id }), text: id });
      const turn = makeTurn(id, { id, idempotencyKey: id });
      expect((await other.accept(id, turn, queued)).status).toBe('accepted');
      expect((await other.accept(id, makeTurn(id, { idempotencyKey: id }), queued)).status).toBe('repeated');
      await store.finish(claim, makeEnd(id));
      const next = await other.claim(id, { owner: id, leaseMs: 10_000 });
      expect(next?.claim).toMatchObject({ sessionId: id, turnId: id, owner: id });
      expect(next && (await other.append(next.claim, [makeStep(0, id)], 0))).toBe(true);
      expect(await store.findTurn(id, id)).toMatchObject({ id, entries: [makeStep(0, id)] });
      expect((await store.findTurn(id, claim.turnId))?.end?.text).toBe(id);
      await store.cancel(id);
      await other.release(next?.claim ?? claim);
      expect(await store.listAbandoned(10_000)).toContain(id);
      expect((await store.listSessions({ limit: 10_000 })).map((one) => one.id)).toContain(id);
      expect(await store.listUnexported(10_000)).toContainEqual({ sessionId: id, turnId: claim.turnId });
      expect(await store.deleteSession(id)).toBe(true);
      expect(await store.findSession(id)).toBeUndefined();
    });

    test('similar ids stay apart', async () => {
      const ids = ['s', 's:turns', 's}', '{s', 's}:turns', 'S', ' s', 's '];
      for (const id of ids) {
        await store.createSession(makeSession({ id }));
        await store.accept(id, makeTurn(`said to ${id}`), queued);
      }
      for (const id of ids) expect((await store.listTurns(id)).map(textOf)).toEqual([`said to ${id}`]);
    });

    test('whatever JSON can say comes back as it was', async () => {
      const { session, claim } = await holdTurn(store);
      const raw = {
        ...{ empty: {}, list: [], nothing: null, large: 1e21, small: 1e-300, whole: 2 ** 53 },
        ...{ lone: '\ud800', nul: '\u0000', deep: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown },
      };
      const step = { ...makeStep(0), usage: { inputTokens: 1, outputTokens: 2, raw } };
      await store.append(claim, [step], 0);
      expect((await other.findTurn(session.id, claim.turnId))?.entries).toEqual([step]);
    });

    test('entries of a megabyte are kept, many in one turn', async () => {
      const { session, claim } = await holdTurn(store);
      const large = (n: number) => makeStep(n, `${n}`.padEnd(1_000_000, 'ü'));
      for (let n = 0; n < 5; n += 1) await store.append(claim, [large(n)], n);
      const turn = await other.findTurn(session.id, claim.turnId);
      expect(turn?.entries).toHaveLength(5);
      expect(turn?.entries[4]).toEqual(large(4));
      expect(await store.deleteSession(session.id)).toBe(true);
    });

    test('two thousand turns of one session stay in order', async () => {
      const { id } = await keepSession();
      for (let n = 0; n < 2_000; n += 1) {
        await store.accept(id, makeTurn(`turn ${n}`), queued);
        const held = await store.claim(id, { owner: 'one', leaseMs: 10_000 });
        if (!held) throw new Error(`turn ${n} was not to be claimed`);
        await store.append(held.claim, [makeStep(0, `answer ${n}`)], 0);
        await store.finish(held.claim, makeEnd(`answer ${n}`));
      }
      const turns = await other.listTurns(id);
      expect(turns.map((turn) => [turn.number, textOf(turn), turn.end?.text, turn.entries.length])).toEqual(
        Array.from({ length: 2_000 }, (_, n) => [n + 1, `turn ${n}`, `answer ${n}`, 1]),
      );
      expect(await store.deleteSession(id)).toBe(true);
      expect((await store.listUnexported(10_000)).filter(({ sessionId }) => sessionId === id)).toEqual([]);
    });
  });

  test('answers a ping, and nothing after it was closed', async () => {
    const closing = await ground.open();
    await closing.ping();
    await closing.close();
    await closing.close();
    await expect(closing.ping()).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    await expect(closing.createSession(makeSession())).rejects.toMatchObject({ name: 'StoreUnavailableError' });
  });
});
