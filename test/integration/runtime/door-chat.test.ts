import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { ask, refusal, type Runtime, startRuntime } from '../../support/runtime.ts';
import { startWireServer, type WireRequest, type WireServer } from '../../support/wire/server.ts';

type Sent = { role: string; content: unknown }[];

/** What the model was given, as `role: text`. */
function given(request: WireRequest | undefined): string[] {
  return (request?.body['messages'] as Sent).map(({ role, content }) => `${role}: ${String(content)}`);
}

describe.each(['SQLite', 'Redis'])('conversations kept in %s', (kind) => {
  let model: WireServer;
  let redis: TestRedis | undefined;
  let runtime: Runtime;

  beforeAll(async () => {
    model = await startWireServer({
      protocol: 'openai',
      answer: ({ body }) => {
        const last = String((body['messages'] as Sent).at(-1)?.content);
        if (last.startsWith('slow')) return { text: 'at last', firstTokenMs: 700, gapMs: 50 };
        if (last.startsWith('cut')) return { text: 'only half of it', breaks: { how: 'socket', after: 2 } };
        if (last.startsWith('fail')) return { fail: 'auth' };
        return { text: `You said: ${last}` };
      },
    });
    redis = kind === 'Redis' ? await startRedis() : undefined;
    const chain = [{ model: 'local/one', baseUrl: model.url, retries: 0 }];
    runtime = await startRuntime({
      agents: {
        echo: { instructions: 'Echo for {{who}}.', variables: { who: { default: 'all' } }, model: chain },
        strict: { instructions: 'One at a time.', model: chain, session: { onBusy: 'reject' } },
        hasty: { instructions: 'Newest first.', model: chain, session: { onBusy: 'interrupt' } },
        short: { instructions: 'Few wait.', model: chain, session: { queueLimit: 1 } },
      },
      environment: redis === undefined ? {} : { REDIS_URL: redis.url },
    });
  });

  afterAll(async () => {
    await runtime.remove();
    await redis?.stop();
    await model.close();
  });

  test('a client resends its history: what is stored is skipped, the model sees each message once', async () => {
    const first = await ask(runtime, 'echo', 'one', {}, { metadata: { who: 'Ada' } });
    expect(first).toMatchObject({ text: 'You said: one', finish: 'stop', turn: { state: 'completed', steps: 1 } });
    const history: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: first.text },
      { role: 'user', content: 'two' },
    ];
    const second = await ask(runtime, 'echo', history, { 'x-session-id': first.sessionId });
    expect(second.text).toBe('You said: two');
    expect(given(model.requests.at(-1))).toEqual([
      'system: Echo for all.',
      'user: one',
      'assistant: You said: one',
      'user: two',
    ]);
    // A caller that sends only what is new.
    await ask(runtime, 'echo', 'three', { 'x-session-id': first.sessionId });
    expect(given(model.requests.at(-1)).slice(1)).toEqual([
      'user: one',
      'assistant: You said: one',
      'user: two',
      'assistant: You said: two',
      'user: three',
    ]);
  });

  test('a history that differs from what is stored is a mismatch that says where', async () => {
    const { sessionId } = await ask(runtime, 'echo', 'one');
    const changed: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'I never said this' },
      { role: 'user', content: 'two' },
    ];
    expect(await refusal(ask(runtime, 'echo', changed, { 'x-session-id': sessionId }))).toMatchObject({
      status: 409,
      code: 'history_mismatch',
      message: expect.stringContaining('messages[1] is not what turn 1 of the session says') as string,
    });
  });

  test('a new session takes over the history that the client brings', async () => {
    const { sessionId } = await ask(runtime, 'echo', [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'before' },
      { role: 'assistant', content: 'noted' },
      { role: 'user', content: 'now' },
    ]);
    const expected = ['system: Echo for all.\n\nBe brief.', 'user: before', 'assistant: noted', 'user: now'];
    expect(given(model.requests.at(-1))).toEqual(expected);
    await ask(runtime, 'echo', 'later', { 'x-session-id': sessionId });
    expect(given(model.requests.at(-1))).toEqual([
      'system: Echo for all.',
      'user: before',
      'assistant: noted',
      'user: now',
      'assistant: You said: now',
      'user: later',
    ]);
  });

  test('unknown sessions and agents, and sessions of others, are not found', async () => {
    const { sessionId } = await ask(runtime, 'echo', 'mine', {}, { user: 'ada' });
    const missing = { status: 404, code: 'session_not_found' };
    expect(await refusal(ask(runtime, 'echo', 'x', { 'x-session-id': 'ses_none' }))).toMatchObject(missing);
    const asBob = ask(runtime, 'echo', 'x', { 'x-session-id': sessionId }, { user: 'bob' });
    expect(await refusal(asBob)).toMatchObject(missing);
    expect(await refusal(ask(runtime, 'strict', 'x', { 'x-session-id': sessionId }))).toMatchObject(missing);
    expect(await refusal(ask(runtime, 'ecko', 'x'))).toMatchObject({
      status: 404,
      code: 'agent_not_found',
      message: expect.stringContaining('agent/echo, agent/hasty, agent/short, agent/strict') as string,
    });
  });

  test('the same request with the same key is one turn, at once or later, with a session or without', async () => {
    const before = model.requests.length;
    const key = { 'idempotency-key': `first-${kind}` };
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(runtime, 'echo', 'slow once', key)));
    answers.push(await ask(runtime, 'echo', 'slow once', key));
    expect(new Set(answers.map(({ turn }) => turn.turn_id)).size).toBe(1);
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['at last']));
    const { sessionId } = answers[0] ?? { sessionId: '' };
    const inSession = { 'x-session-id': sessionId, 'idempotency-key': 'second' };
    const again = await Promise.all(Array.from({ length: 4 }, () => ask(runtime, 'echo', 'more', inSession)));
    expect(new Set(again.map(({ turn }) => turn.turn_id)).size).toBe(1);
    expect(model.requests.length - before).toBe(2);
    expect(await refusal(ask(runtime, 'echo', 'other', inSession))).toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
    });
  });

  test('a client that leaves loses nothing: its turn goes on, and it finds the answer', async () => {
    const { sessionId } = await ask(runtime, 'echo', 'hello');
    const left = new AbortController();
    const stream = await runtime.client.chat.completions.create(
      { model: 'agent/echo', stream: true, messages: [{ role: 'user', content: 'slow, and I leave' }] },
      { headers: { 'x-session-id': sessionId }, signal: left.signal },
    );
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) left.abort();
    // The same messages again follow the same turn, or find its answer.
    await expect
      .poll(async () => readTurns(runtime, sessionId))
      .toMatchObject([{}, { state: 'completed', text: 'at last' }]);
  });

  test('a second message waits for the first one, and both are answered in order', async () => {
    const { sessionId } = await ask(runtime, 'echo', 'start');
    const headers = { 'x-session-id': sessionId };
    const slow = ask(runtime, 'echo', 'slow one', headers);
    await expect.poll(async () => (await readTurns(runtime, sessionId)).length).toBe(2);
    const next = await ask(runtime, 'echo', 'next one', headers);
    expect(next.text).toBe('You said: next one');
    expect((await slow).text).toBe('at last');
    expect(given(model.requests.at(-1)).slice(-3)).toEqual(['user: slow one', 'assistant: at last', 'user: next one']);
  });

  test('an agent that takes one message at a time refuses the second; a full queue refuses too', async () => {
    const strict = await ask(runtime, 'strict', 'start');
    const running = ask(runtime, 'strict', 'slow', { 'x-session-id': strict.sessionId });
    await expect.poll(async () => (await readTurns(runtime, strict.sessionId)).length).toBe(2);
    const second = ask(runtime, 'strict', 'now', { 'x-session-id': strict.sessionId });
    expect(await refusal(second)).toMatchObject({ status: 409, code: 'session_busy' });
    expect((await running).text).toBe('at last');

    const short = await ask(runtime, 'short', 'start');
    const headers = { 'x-session-id': short.sessionId };
    const all = ['slow a', 'slow b', 'slow c', 'slow d'].map((text) => ask(runtime, 'short', text, headers));
    const ended = await Promise.allSettled(all);
    const codes = ended.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: unknown }).code] : []));
    expect(codes).toEqual(['queue_full', 'queue_full']);
  });

  test('a newer message ends the turn that runs, where the agent is declared so', async () => {
    const { sessionId } = await ask(runtime, 'hasty', 'start');
    const headers = { 'x-session-id': sessionId };
    const first = ask(runtime, 'hasty', 'slow', headers);
    await expect.poll(async () => (await readTurns(runtime, sessionId))[1]?.state).toBe('running');
    const newest = await ask(runtime, 'hasty', 'newest', headers);
    expect(newest.text).toBe('You said: newest');
    expect(await first).toMatchObject({ finish: 'length', turn: { state: 'interrupted', reason: 'superseded' } });
  });

  test('a turn that is cancelled says so, and what was said until then stays', async () => {
    const { sessionId } = await ask(runtime, 'echo', 'start');
    const running = ask(runtime, 'echo', 'slow', { 'x-session-id': sessionId });
    await expect.poll(async () => (await readTurns(runtime, sessionId))[1]?.state).toBe('running');
    const reply = await fetch(`${runtime.url}/v1/sessions/${sessionId}/cancel`, { method: 'POST' });
    expect(await reply.json()).toEqual({ id: sessionId, cancelled: 1 });
    expect(await refusal(running)).toMatchObject({ status: 409, code: 'turn_cancelled' });
    expect((await ask(runtime, 'echo', 'go on', { 'x-session-id': sessionId })).text).toBe('You said: go on');
  });

  test('an answer that breaks off is kept as far as it came, and the client is told', async () => {
    const { text, finish, turn, sessionId } = await ask(runtime, 'echo', 'cut');
    expect({ finish, turn }).toMatchObject({ finish: 'length', turn: { state: 'interrupted', reason: 'stream_cut' } });
    expect(text).toMatch(/^only half\n\n\[The answer broke off: /);
    await ask(runtime, 'echo', 'and now', { 'x-session-id': sessionId });
    expect(given(model.requests.at(-1)).slice(1)).toEqual(['user: cut', 'assistant: only half', 'user: and now']);
  });

  test('a question that no model answered may be asked again, and stands in the history once', async () => {
    const { sessionId } = await ask(runtime, 'echo', 'start');
    const headers = { 'x-session-id': sessionId };
    const history: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'start' },
      { role: 'assistant', content: 'You said: start' },
      { role: 'user', content: 'fail' },
    ];
    for (let tries = 0; tries < 2; tries += 1)
      expect(await refusal(ask(runtime, 'echo', history, headers))).toMatchObject({
        status: 502,
        code: 'model_failed',
      });
    await ask(runtime, 'echo', 'better', headers);
    expect(given(model.requests.at(-1)).slice(3)).toEqual(['user: fail', 'user: better']);
  });

  test('a deleted session is gone', async () => {
    const { sessionId } = await ask(runtime, 'echo', 'start');
    const reply = await fetch(`${runtime.url}/v1/sessions/${sessionId}`, { method: 'DELETE' });
    expect(await reply.json()).toEqual({ id: sessionId, deleted: true });
    expect((await fetch(`${runtime.url}/v1/sessions/${sessionId}`)).status).toBe(404);
  });
});

interface StoredTurn {
  state: string;
  text: string;
}

async function readTurns({ url }: Runtime, sessionId: string): Promise<StoredTurn[]> {
  const reply = await fetch(`${url}/v1/sessions/${sessionId}`);
  return ((await reply.json()) as { turns: StoredTurn[] }).turns;
}
