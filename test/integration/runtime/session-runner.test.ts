import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SessionRunner } from '../../../runtime/run/session-runner.ts';
import type { TurnEvent } from '../../../runtime/run/turn-events.ts';
import type { Turn } from '../../../runtime/sessions/record.ts';
import { type SessionStore, StoreUnavailableError } from '../../../runtime/sessions/store.ts';
import { beginSession, deployAgent, makeRunner, say, type TestRunner } from '../../support/session-runner.ts';
import { type StoreGround, storeKinds } from '../../support/session-stores.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer, type WireServer } from '../../support/wire/server.ts';

const idle = { sessions: 0, followed: 0, running: 0 };
const leaseMs = 600;

let model: WireServer;
let api: Server;
let apiUrl = '';
/** Paths of the tool that were asked for, and how each is answered. */
const asked: string[] = [];
let answerTool: (path: string, reply: (text: string) => void) => void = (path, reply) => reply(path);

beforeAll(async () => {
  model = await startWireServer({
    protocol: 'openai',
    answer: ({ body }) => scriptOf(body['messages'] as SentMessage[]),
  });
  api = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    answerTool(path, (text) => response.end(text));
  });
  await new Promise<void>((listening) => api.listen(0, '127.0.0.1', listening));
  apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await model.close();
  api.closeAllConnections();
  api.close();
});

interface SentMessage {
  role: string;
  content: unknown;
}

/** What the model says, by the words of the user. */
function scriptOf(messages: readonly SentMessage[]): WireScript {
  const place = messages.findLastIndex(({ role }) => role === 'user');
  const words = String(messages[place]?.content);
  const results = messages.slice(place).filter(({ role }) => role === 'tool');
  const [verb, number] = words.split(' ');
  if (verb === 'look' && results.length === 0) {
    const calls = Array.from({ length: Number(number) }, (_, i) => ({ name: 'look', arguments: { id: String(i) } }));
    return { text: 'Looking.', toolCalls: calls };
  }
  if (verb === 'delegate' && results.length === 0)
    return { toolCalls: [{ name: 'ask_helper', arguments: { message: `slow ${number}` } }] };
  if (verb === 'slow') return { text: ['Slowly', ' but', ' surely.'], firstTokenMs: Number(number), gapMs: 50 };
  return { text: `Done: ${words}${results.map(({ content }) => ` ${String(content)}`).join('')}` };
}

describe.each(storeKinds)('a runner on $kind', ({ start }) => {
  let ground: StoreGround;
  let store: SessionStore;
  let runners: TestRunner[] = [];

  beforeAll(async () => {
    ground = await start();
    store = await ground.open();
    const chain = [{ model: 'local/one', baseUrl: model.url, retries: 0 }];
    const look = {
      ...{ type: 'http', name: 'look', description: 'Looks.', url: `${apiUrl}/{id}`, allowPrivateAddress: true },
      input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
    };
    const askHelper = { type: 'agent', name: 'ask_helper', description: 'Asks.', agent: 'helper' };
    await deployAgent(store, 'helper', { model: chain, tools: [look], limits: { maxParallelToolCalls: 2 } });
    await deployAgent(store, 'single', { model: chain, limits: { concurrency: 1 } });
    await deployAgent(store, 'boss', { model: chain, tools: [askHelper] });
  });

  beforeEach(() => {
    asked.length = 0;
    answerTool = (path, reply) => reply(path);
  });

  afterEach(async () => {
    await Promise.all(runners.map((one) => one.stop()));
    runners = [];
  });

  afterAll(() => ground.stop());

  function make(on: SessionStore = store, options: { leaseMs?: number } = { leaseMs }): TestRunner {
    const made = makeRunner(on, options);
    runners.push(made);
    return made;
  }

  test('200 sessions of three turns: all answered in order, and nothing of them is held any more', async () => {
    // With the usual lease: hundreds of turns hold the process up for longer than a short one lasts.
    const { runner, faults } = make(store, {});
    runner.start();
    const sessions = await Promise.all(Array.from({ length: 200 }, () => beginSession(store, 'helper')));
    await Promise.all(
      sessions.map(async (sessionId, place) => {
        const first = await say(store, sessionId, 'one');
        // Some are waited for, some are left at once, some are only found by looking around.
        if (place % 3 === 0) runner.follow(first, () => undefined)();
        const ends = await Promise.all(
          ['two', 'three'].map(async (text) => runner.waitForEnd(await say(store, sessionId, text))),
        );
        expect(ends.map(({ end }) => end?.text).toSorted()).toEqual(['Done: three', 'Done: two']);
      }),
    );
    await expect.poll(() => runner.load).toEqual(idle);
    expect(faults).toEqual([]);
    for (const sessionId of sessions) {
      const turns = await store.listTurns(sessionId);
      expect(turns.map(({ state, claims }) => [state, claims])).toEqual(Array(3).fill(['completed', 1]));
    }
  });

  test('a turn that is accepted just as the loop of its session ends is run', async () => {
    const { runner, faults } = make();
    const sessionId = await beginSession(store, 'helper');
    for (let round = 0; round < 40; round += 1) {
      const turn = await say(store, sessionId, `round ${round}`);
      // Without a sweep: only the loop itself can find it.
      const ended = runner.waitForEnd(turn);
      for (let tick = 0; tick < round % 8; tick += 1) await Promise.resolve();
      expect((await ended).end?.text).toBe(`Done: round ${round}`);
    }
    expect(faults).toEqual([]);
    await expect.poll(() => runner.load).toEqual(idle);
  });

  test('who follows a turn of another process gets its end, and who leaves is forgotten', async () => {
    const [one, two] = [make().runner, make(await ground.open()).runner];
    const sessionId = await beginSession(store, 'helper');
    const turn = await say(store, sessionId, 'slow 300');
    const ended = one.waitForEnd(turn);
    await expect.poll(async () => (await store.findTurn(sessionId, turn.id))?.state).toBe('running');
    const events = listen(two, turn);
    const leave = two.follow(turn, () => undefined);
    leave();
    expect((await ended).end?.text).toBe('Slowly but surely.');
    await expect.poll(() => events.map(({ type }) => type)).toEqual(['end']);
    await expect.poll(() => [one.load, two.load]).toEqual([idle, idle]);
  });

  test('who only follows a turn does not free its place: the agent never runs more than it may', async () => {
    const [one, two] = [make(store, {}).runner, make(await ground.open(), {}).runner];
    const [first, second] = [await beginSession(store, 'single'), await beginSession(store, 'single')];
    const turns = [await say(store, first, 'slow 1000'), await say(store, second, 'slow 300')] as const;
    const open: number[] = [];
    const watch = setInterval(() => open.push(model.openCount()), 20);
    const ended = one.waitForEnd(turns[0]);
    await expect.poll(() => one.load.running).toBe(1);
    const ends = await Promise.all([ended, two.waitForEnd(turns[0]), two.waitForEnd(turns[1])]);
    clearInterval(watch);
    expect(ends.map(({ end }) => end?.state)).toEqual(['completed', 'completed', 'completed']);
    expect(Math.max(...open)).toBe(1);
  });

  test('a session that is deleted while its turn runs: who waits is told, and nothing is left', async () => {
    const { runner, faults } = make();
    const sessionId = await beginSession(store, 'helper');
    const turns = [await say(store, sessionId, 'slow 5000'), await say(store, sessionId, 'two')];
    const ends = turns.map(async (turn) => runner.waitForEnd(turn));
    await expect.poll(() => runner.load.running).toBe(1);
    for (const { id } of turns) runner.hurry(id, 'cancel');
    await store.deleteSession(sessionId);
    for (const { end } of await Promise.all(ends)) {
      expect(end).toMatchObject({ state: 'cancelled', reason: 'cancelled', message: 'The session was deleted.' });
    }
    await expect.poll(() => runner.load).toEqual(idle);
    expect(faults).toEqual([]);
  });

  test('a process that was asleep for longer than its lease notices, and its turn ends once', async () => {
    const { runner, faults } = make();
    const sessionId = await beginSession(store, 'helper');
    const turn = await say(store, sessionId, 'slow 300');
    const ended = runner.waitForEnd(turn);
    await expect.poll(() => runner.load.running).toBe(1);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, leaseMs * 2);
    expect((await ended).end).toMatchObject({ state: 'completed', text: 'Slowly but surely.' });
    const [stored] = await store.listTurns(sessionId);
    expect(stored?.entries.filter(({ type }) => type === 'step')).toHaveLength(1);
    expect(faults).toEqual([]);
    await expect.poll(() => runner.load).toEqual(idle);
  });

  test('a process that stops leaves its turns, those of sub-agents too, to the next one', async () => {
    const first = make();
    const sessionId = await beginSession(store, 'boss');
    const turn = await say(store, sessionId, 'delegate 600');
    first.runner.follow(turn, () => undefined);
    await expect.poll(() => first.runner.load.running, { interval: 10 }).toBe(2);
    await first.stop();
    const next = make(await ground.open()).runner;
    const { end, entries } = await next.waitForEnd(turn);
    expect(end).toMatchObject({ state: 'completed', text: 'Done: delegate 600 Slowly but surely.' });
    expect(entries.find(({ type }) => type === 'tool')).not.toHaveProperty('failure');
  });

  test('whoever waits when the process stops is told, and so is who comes even later', async () => {
    const { runner } = make();
    const sessionId = await beginSession(store, 'helper');
    const turns = [await say(store, sessionId, 'slow 5000'), await say(store, sessionId, 'two')] as const;
    const events = turns.map((turn) => listen(runner, turn));
    await expect.poll(() => runner.load.running).toBe(1);
    const waiting = runner.waitForEnd(turns[1]);
    await Promise.all([expect(waiting).rejects.toThrow('shutdown'), runner.drain(0)]);
    expect(events.map((all) => all.map(({ type }) => type))).toEqual([['left'], ['left']]);
    expect(listen(runner, turns[0])).toEqual([{ type: 'left' }]);
    expect(runner.load).toEqual(idle);
    expect((await store.listTurns(sessionId)).map(({ end }) => end)).toEqual([null, null]);
  });

  test('who follows a turn that was taken over gets its text from the beginning', async () => {
    let release: () => void = () => undefined;
    answerTool = (path, reply) => {
      if (asked.length === 1) release = () => reply(path);
      else reply(path);
    };
    const first = make();
    const sessionId = await beginSession(store, 'helper');
    const turn = await say(store, sessionId, 'look 1');
    first.runner.follow(turn, () => undefined);
    await expect.poll(() => asked.length).toBe(1);
    await first.stop();
    release();
    const next = make(await ground.open()).runner;
    const events = listen(next, turn);
    await expect.poll(() => events.at(-1)?.type).toBe('end');
    const text = events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('');
    expect(text).toBe('Looking.\n\nDone: look 1 /0');
  });

  test('a turn that is cancelled keeps what its calls came to', async () => {
    answerTool = (path, reply) => {
      if (path !== '/1') setTimeout(() => reply(path), 20);
    };
    const { runner } = make();
    const sessionId = await beginSession(store, 'helper');
    const turn = await say(store, sessionId, 'look 5');
    const ended = runner.waitForEnd(turn);
    await expect.poll(() => asked.length).toBeGreaterThan(2);
    runner.hurry(turn.id, 'cancel');
    const { entries } = await ended;
    const started = entries.flatMap((entry) => (entry.type === 'tool_started' ? [entry.callId] : []));
    const results = entries.flatMap((entry) => (entry.type === 'tool' ? [entry.callId] : []));
    expect(results.toSorted()).toEqual(started.toSorted());
  });

  describe('when the store misbehaves', () => {
    test('a lease that cannot be prolonged for a fault of ours does not end the process', async () => {
      let renewals = 0;
      const renew: SessionStore['renew'] = async (claim, ms) => {
        renewals += 1;
        if (renewals === 1) throw new TypeError('no such thing');
        return store.renew(claim, ms);
      };
      const { runner, faults } = make({ ...store, renew });
      const turn = await say(store, await beginSession(store, 'helper'), 'slow 500');
      expect((await runner.waitForEnd(turn)).end?.state).toBe('completed');
      expect(faults).toEqual(['a lease was not prolonged: no such thing']);
    });

    test('a session that cannot be read: who waits is told, and it is not tried without a pause', async () => {
      const broken = { ...store, claim: () => Promise.reject(new TypeError('no such thing')) };
      const { runner, faults } = make(broken);
      const turn = await say(store, await beginSession(store, 'helper'), 'one');
      expect((await runner.waitForEnd(turn)).end).toMatchObject({ state: 'failed', reason: 'internal_error' });
      expect(faults).toEqual(['a session failed: no such thing']);
      await expect.poll(() => runner.load).toEqual(idle);
      const healthy = make().runner;
      expect((await healthy.waitForEnd(turn)).end?.text).toBe('Done: one');
    });

    test('it is away for a while: the turn waits for it and ends whole', async () => {
      const flaky = makeFlaky(store);
      const { runner, faults } = make(flaky.store);
      const sessionId = await beginSession(store, 'helper');
      const turn = await say(store, sessionId, 'look 1');
      answerTool = (path, reply) => {
        flaky.isAway = true;
        setTimeout(() => (flaky.isAway = false), leaseMs / 2);
        reply(path);
      };
      expect((await runner.waitForEnd(turn)).end?.text).toBe('Looking.\n\nDone: look 1 /0');
      expect(flaky.refused).toBeGreaterThan(0);
      expect(asked).toHaveLength(1);
      expect(faults).toEqual([]);
      const types = (await store.findTurn(sessionId, turn.id))?.entries.map(({ type }) => type);
      expect(types).toEqual(['step', 'tool_started', 'tool', 'step']);
    });

    test('a process that stops while it is away does not wait for it', async () => {
      const flaky = makeFlaky(store);
      const { runner } = make(flaky.store);
      const turn = await say(store, await beginSession(store, 'helper'), 'look 1');
      answerTool = (path, reply) => {
        flaky.isAway = true;
        reply(path);
      };
      runner.follow(turn, () => undefined);
      await expect.poll(() => flaky.refused).toBeGreaterThan(0);
      const beganMs = performance.now();
      await runner.drain(100);
      expect(performance.now() - beganMs).toBeLessThan(3_000);
    });
  });
});

function listen(runner: SessionRunner, turn: Turn): TurnEvent[] {
  const events: TurnEvent[] = [];
  runner.follow(turn, (event) => events.push(event));
  return events;
}

/** A store that cannot be reached while it is away. */
function makeFlaky(store: SessionStore) {
  const flaky = { isAway: false, refused: 0, store };
  flaky.store = new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        if (!flaky.isAway) return method.apply(target, args);
        flaky.refused += 1;
        throw new StoreUnavailableError('it is away');
      };
    },
  });
  return flaky;
}
