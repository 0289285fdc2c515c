import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Runtime, startRuntime } from '../../support/runtime.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer, type WireRequest, type WireServer } from '../../support/wire/server.ts';

let script: WireScript | ((request: WireRequest) => WireScript) = { text: 'Hello.' };
let model: WireServer;
let runtime: Runtime;

beforeAll(async () => {
  model = await startWireServer({
    protocol: 'openai',
    answer: (request) => (typeof script === 'function' ? script(request) : script),
  });
  const chain = [{ model: 'local/one', baseUrl: model.url, retries: 0 }];
  runtime = await startRuntime({
    agents: {
      helper: {
        instructions: 'Help {{who}}.',
        model: chain,
        variables: { who: {}, age: { type: 'number', required: true } },
      },
    },
  });
});

afterAll(async () => {
  await runtime.remove();
  await model.close();
});

function ask(isStream: boolean, metadata: Record<string, string> = { age: '7' }) {
  const body = { model: 'agent/helper', messages: [{ role: 'user' as const, content: 'Hello.' }], metadata };
  return runtime.client.chat.completions.create({ ...body, stream: isStream });
}

interface Refused {
  status: number | undefined;
  code: unknown;
  message: string;
  headers: Headers | undefined;
}

async function failureOf(isStream: boolean, metadata?: Record<string, string>) {
  const error: unknown = await ask(isStream, metadata).then(
    () => 'it was answered',
    (one: unknown) => one,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(String(error));
  const { status, code, message, headers } = error as Refused;
  return {
    status,
    code,
    message,
    after: headers?.get('retry-after') ?? null,
    session: headers?.get('x-session-id') ?? null,
  };
}

describe.each([false, true])('a turn without an answer has its status (stream: %s)', (isStream) => {
  test.each<[string, WireScript, { status: number; code: string; after: string | null }]>([
    [
      'a rate limit, with the time to wait',
      { fail: 'rate_limited', headers: { 'retry-after': '120' } },
      { status: 429, code: 'rate_limited', after: '120' },
    ],
    ['no credit', { fail: 'quota' }, { status: 429, code: 'quota_exhausted', after: null }],
    ['a wrong key', { fail: 'auth' }, { status: 502, code: 'model_failed', after: null }],
    ['a provider that is down', { fail: 'server_error' }, { status: 502, code: 'model_failed', after: null }],
    [
      'a context that is too long',
      { fail: 'context_too_long' },
      { status: 400, code: 'context_length_exceeded', after: null },
    ],
    [
      'a stream that is cut before its first word',
      { breaks: { how: 'socket' } },
      { status: 502, code: 'model_failed', after: null },
    ],
  ])('%s', async (_what, said, expected) => {
    script = said;
    const { session, ...failure } = await failureOf(isStream);
    expect(failure).toMatchObject(expected);
    // Its session is there all the same: the question may be asked again.
    expect(session).toMatch(/^ses_/);
  });

  test('variables that are missing or wrong are told before anything runs', async () => {
    const before = model.requests.length;
    expect(await failureOf(isStream, {})).toMatchObject({
      status: 400,
      message: '400 metadata.age is missing: the agent needs this variable (number)',
      session: null,
    });
    expect(await failureOf(isStream, { age: 'old' })).toMatchObject({
      message: '400 metadata.age is wrong (got "old"), allowed: a number',
    });
    expect(model.requests.length).toBe(before);
  });
});

test('an answer that breaks off within its stream ends with why, and the finish says that it is not whole', async () => {
  script = { text: ['Half', ' of', ' it'], gapMs: 30, breaks: { how: 'error', after: 2 } };
  const stream = await runtime.client.chat.completions.create({
    ...{ model: 'agent/helper', messages: [{ role: 'user', content: 'Hello.' }], metadata: { age: '7' } },
    stream: true,
  });
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
  expect(text).toMatch(/^Half of\n\n\[The answer broke off: .+\]$/);
  expect(chunks.at(-1)).toMatchObject({
    choices: [{ finish_reason: 'length' }],
    sightglass: { state: 'interrupted', reason: 'stream_cut' },
  });
});

test('a new session that begins with more than its model takes rescues itself', async () => {
  const count = ({ body }: WireRequest) => (body['messages'] as unknown[]).length;
  script = (request) => (count(request) > 2 ? { fail: 'context_too_long' } : { text: 'Rescued.' });
  const before = Array.from({ length: 5 }, (_, i) => [
    { role: 'user' as const, content: `question ${i}` },
    { role: 'assistant' as const, content: `answer ${i}` },
  ]);
  const messages = [...before.flat(), { role: 'user' as const, content: 'And now?' }];
  const body = { model: 'agent/helper', messages, metadata: { age: '7' } };
  const { choices } = await runtime.client.chat.completions.create(body);
  expect(choices[0]?.message.content).toBe('Rescued.');
  script = { fail: 'context_too_long' };
  await expect(runtime.client.chat.completions.create(body)).rejects.toMatchObject({ code: 'context_length_exceeded' });
});
