import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { acceptTurn, type AskedTurn } from '../../../runtime/door/accept-turn.ts';
import { DoorError } from '../../../runtime/door/door-error.ts';
import { ModelAdapters } from '../../../runtime/models/adapters.ts';
import { readChatRequest } from '../../../runtime/models/gateway-request.ts';
import { AgentPool } from '../../../runtime/run/agent-pool.ts';
import type { Turn } from '../../../runtime/sessions/record.ts';
import type { SessionStore } from '../../../runtime/sessions/store.ts';
import { openToolBox } from '../../../runtime/tools/tool-box.ts';
import { deployAgent } from '../../support/session-runner.ts';
import { makeSession } from '../../support/runtime-turns.ts';
import { type StoreGround, storeKinds } from '../../support/session-stores.ts';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

describe.each(storeKinds)('a request that asks an agent, on $kind', ({ start }) => {
  let ground: StoreGround;
  let store: SessionStore;
  let hurried: string[] = [];

  beforeAll(async () => {
    ground = await start();
    store = await ground.open();
    const model = ['simulated/quick'];
    await deployAgent(store, 'helper', { model, variables: { tone: { default: 'calm' } }, session: { ttl: '1h' } });
    await deployAgent(store, 'other', { model });
    await deployAgent(store, 'hasty', { model, session: { onBusy: 'interrupt' } });
  });

  beforeEach(() => {
    hurried = [];
  });

  afterAll(() => ground.stop());

  function accept(messages: object[], asked: Partial<AskedTurn> = {}, more: object = {}): Promise<Turn> {
    const agent = asked.agent ?? 'helper';
    const agents = new AgentPool({
      store,
      adapters: new ModelAdapters({}),
      openTools: ({ tools }) =>
        openToolBox(tools, {
          environment: {},
          runAgent: () => Promise.reject(new Error('none')),
          onWarning: () => undefined,
        }),
    });
    const runner = { follow: () => () => undefined, hurry: (id: string) => hurried.push(id) };
    const deps = { store, agents, runner: runner as never, onCall: () => undefined, isStopping: () => false };
    return acceptTurn(
      { ...deps, nowMs: () => Date.now(), onError: () => undefined },
      {
        ...{ agent, sessionId: null, idempotencyKey: null, traceparent: null },
        ...asked,
        chat: readChatRequest({ model: `agent/${agent}`, messages, ...more }),
      },
    );
  }

  async function finish(turn: Turn, text: string): Promise<void> {
    const claimed = await store.claim(turn.sessionId, { owner: 'test', leaseMs: 10_000 });
    if (claimed?.turn.id !== turn.id) throw new Error('the turn could not be claimed');
    await store.finish(claimed.claim, { state: 'completed', text, atMs: Date.now() });
  }

  async function refusal(accepting: Promise<unknown>): Promise<string> {
    const error: unknown = await accepting.catch((one: unknown) => one);
    if (!(error instanceof DoorError)) throw new Error(`it was not refused: ${JSON.stringify(error)}`);
    return `${error.code}: ${error.message}`;
  }

  test('begins a session with what was said before, and writes down what is asked', async () => {
    const turn = await accept(
      [{ role: 'system', content: 'Be brief.' }, user('one'), assistant('ONE'), user('two'), user('three')],
      { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      { user: 'ann', metadata: { tone: 'angry', team: 'blue' } },
    );
    expect(turn).toMatchObject({ number: 1, state: 'waiting' });
    expect(turn.input).toEqual({
      messages: [{ content: [{ type: 'text', text: 'two' }] }, { content: [{ type: 'text', text: 'three' }] }],
      system: ['Be brief.'],
      variables: { tone: 'angry' },
      labels: { team: 'blue' },
      user: 'ann',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    const session = await store.findSession(turn.sessionId);
    expect(session).toMatchObject({ agent: 'helper', user: 'ann', parent: null });
    expect(session?.imported).toHaveLength(2);
  });

  test('goes on with its session, and its history without the last answer is the same turn', async () => {
    const first = await accept([user('one')]);
    await finish(first, 'ONE');
    const inSession = { sessionId: first.sessionId };
    const history = [user('one'), assistant('ONE'), user('two')];
    const second = await accept(history, inSession);
    expect(second.number).toBe(2);
    expect((await accept(history, inSession)).id).toBe(second.id);
    await finish(second, 'TWO');
    expect(await accept(history, inSession)).toMatchObject({ id: second.id, end: { text: 'TWO' } });
    expect((await accept([...history, assistant('TWO'), user('three')], inSession)).number).toBe(3);
    expect(await store.listTurns(first.sessionId)).toHaveLength(3);
  });

  test('twice with one key is one turn, with another content a mistake', async () => {
    const idempotencyKey = randomUUID();
    const both = await Promise.all([
      accept([user('one')], { idempotencyKey }),
      accept([user('one')], { idempotencyKey }),
    ]);
    expect(both[0].id).toBe(both[1].id);
    for (const [messages, more] of [
      [[user('two')], {}],
      [[user('one')], { metadata: { a: 'b' } }],
    ] as const) {
      expect(await refusal(accept([...messages], { idempotencyKey }, more))).toBe(
        'idempotency_key_reused: this Idempotency-Key was used with another request',
      );
    }
    // The key of another user is another key.
    expect((await accept([user('one')], { idempotencyKey }, { user: 'bob' })).sessionId).not.toBe(both[0].sessionId);
  });

  test('two different messages at once, each with the history as it saw it: one of them is stale', async () => {
    const first = await accept([user('one')]);
    await finish(first, 'ONE');
    const history = [user('one'), assistant('ONE')];
    const asked = ['two', 'three'].map((text) => accept([...history, user(text)], { sessionId: first.sessionId }));
    const settled = await Promise.allSettled(asked);
    const codes = settled.map((one) => (one.status === 'fulfilled' ? 'accepted' : (one.reason as DoorError).code));
    // Whoever read before the other had written is refused by the store, the other way round the messages are added.
    expect(codes).toContain('accepted');
    expect(codes.every((code) => code === 'accepted' || code === 'history_mismatch')).toBe(true);
    expect(await store.listTurns(first.sessionId)).toHaveLength(1 + codes.filter((code) => code === 'accepted').length);
  });

  test('ends what runs at once where the agent is declared so', async () => {
    const first = await accept([user('one')], { agent: 'hasty' });
    await store.claim(first.sessionId, { owner: 'test', leaseMs: 10_000 });
    await accept([user('two')], { agent: 'hasty', sessionId: first.sessionId });
    expect(hurried).toEqual([first.id]);
  });

  describe('is refused', () => {
    test('without a message of the user, with a session or without', async () => {
      const fault = 'invalid_request: messages must end with a message of the user';
      const system = { role: 'system', content: 'x' };
      expect(await refusal(accept([system]))).toBe(fault);
      expect(await refusal(accept([user('one'), assistant('ONE')]))).toBe(fault);
      const { sessionId } = await accept([user('one')]);
      expect(await refusal(accept([system], { sessionId }))).toBe(fault);
    });

    test('for a session that is not there, of another agent, of another user, or of a sub-agent', async () => {
      const sessionId = `${randomUUID()}${'x'.repeat(150)}`;
      expect(await refusal(accept([user('one')], { sessionId }))).toBe(
        `session_not_found: there is no session ${sessionId.slice(0, 100)}: it may have expired`,
      );
      const own = (await accept([user('one')], {}, { user: 'ann' })).sessionId;
      expect(await refusal(accept([user('x')], { sessionId: own, agent: 'other' }))).toBe(
        `session_not_found: session ${own} is one of agent/helper, not of agent/other`,
      );
      const missing = `session_not_found: there is no session ${own}: it may have expired`;
      expect(await refusal(accept([user('x')], { sessionId: own }, { user: 'bob' }))).toBe(missing);
      const below = randomUUID();
      const revision = (await store.findDeployed('helper'))?.revision ?? '';
      const parent = { sessionId: own, turnId: 't', callId: 'c', conversationId: own };
      const times = { createdMs: Date.now(), expiresMs: Date.now() + 60_000 };
      await store.createSession(makeSession({ id: below, agent: 'helper', revision, parent, user: null, ...times }));
      expect(await refusal(accept([user('x')], { sessionId: below }))).toBe(
        `session_not_found: there is no session ${below}: it may have expired`,
      );
    });

    test('for an agent that is not deployed', async () => {
      expect(await refusal(accept([user('one')], { agent: 'helpr' }))).toBe(
        'agent_not_found: agent/helpr is not deployed, allowed: agent/hasty, agent/helper, agent/other',
      );
    });
  });
});
