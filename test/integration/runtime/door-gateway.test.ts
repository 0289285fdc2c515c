import type OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refusal, type Runtime, startRuntime } from '../../support/runtime.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer, type WireServer } from '../../support/wire/server.ts';

// PROVIDER/MODEL: the official client speaks with the door, whatever protocol the provider behind it speaks.

const weather: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const toolCalls = [
  { id: 'call_a', name: 'weather', arguments: { city: 'Berlin' } },
  { id: 'call_b', name: 'weather', arguments: { city: 'Rome' } },
];

describe.each(['openai', 'anthropic'] as const)('through the door to %s', (protocol) => {
  let server: WireServer;
  let runtime: Runtime;
  let scripts: WireScript[] = [];

  beforeAll(async () => {
    server = await startWireServer({ protocol, answer: () => scripts.shift() ?? { text: 'no script' } });
    const name = protocol.toUpperCase();
    runtime = await startRuntime({
      agents: { idle: { instructions: 'Wait.', model: ['simulated/fast'] } },
      environment: { [`${name}_BASE_URL`]: server.url, [`${name}_API_KEY`]: 'key-of-provider' },
    });
  });

  afterAll(async () => {
    await runtime.remove();
    await server.close();
  });

  beforeEach(() => {
    scripts = [];
    server.requests.length = 0;
  });

  const body = (more: object = {}) => ({
    model: `${protocol}/m1`,
    messages: [{ role: 'user' as const, content: 'Hi.' }],
    ...more,
  });

  test('an answer in one piece', async () => {
    scripts = [{ text: 'Good morning.', reasoning: 'Hm.' }];
    const { data, response } = await runtime.client.chat.completions
      .create(body({ max_completion_tokens: 50, user: 'u1' }), { headers: { 'x-session-id': 'mine' } })
      .withResponse();
    expect(data).toMatchObject({
      object: 'chat.completion',
      model: `${protocol}/m1`,
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Good morning.' } }],
      usage: { prompt_tokens: 20 },
    });
    expect(response.headers.get('x-session-id')).toBe('mine');
    expect(response.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer key-of-provider');
    const named =
      protocol === 'openai'
        ? { user: 'u1', max_completion_tokens: 50 }
        : { metadata: { user_id: 'u1' }, max_tokens: 50 };
    expect(server.requests[0]?.body).toMatchObject({ model: 'm1', stream: true, ...named });
  });

  test('a stream with text, parallel tool calls and usage, put together by the client', async () => {
    scripts = [{ text: 'Let me see.', toolCalls, gapMs: 1 }];
    const stream = runtime.client.chat.completions.stream(
      body({ tools: [weather], stream_options: { include_usage: true } }),
    );
    const { choices, usage } = await stream.finalChatCompletion();
    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'Let me see.',
        tool_calls: toolCalls.map((call) => ({
          id: call.id,
          type: 'function',
          function: { name: call.name, arguments: JSON.stringify(call.arguments) },
        })),
      },
    });
    expect(usage).toMatchObject({ prompt_tokens: 20 });
  });

  test('the client’s own tool loop', async () => {
    scripts = [{ toolCalls }, { text: 'Sunny in both.' }];
    const first = await runtime.client.chat.completions.create(body({ tools: [weather] }));
    const said = first.choices[0]?.message;
    const results = toolCalls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'sunny' }));
    const second = await runtime.client.chat.completions.create({
      model: `${protocol}/m1`,
      messages: [{ role: 'user', content: 'Hi.' }, ...(said === undefined ? [] : [said]), ...results],
      tools: [weather],
    });
    expect(second.choices[0]?.message.content).toBe('Sunny in both.');
    expect(JSON.stringify(server.requests[1]?.body['messages']).match(/call_a/g)).toHaveLength(2);
  });

  test.each([
    ['a wrong request', { fail: 'invalid_request' }, 400, 'invalid_request', 1],
    ['a context that is too long', { fail: 'context_too_long' }, 400, 'context_length_exceeded', 1],
    ['an empty account', { fail: 'quota' }, 429, 'quota_exhausted', 1],
    ['the provider refuses our key', { fail: 'auth' }, 502, 'model_failed', 1],
    ['a limit that lasts', { fail: 'rate_limited', headers: { 'retry-after': '3600' } }, 429, 'rate_limited', 1],
  ] satisfies [string, WireScript, number, string, number][])('%s', async (_name, script, status, code, requests) => {
    for (const stream of [false, true]) {
      server.requests.length = 0;
      scripts = [script, script, script];
      const refused = await refusal(runtime.client.chat.completions.create({ ...body(), stream }));
      expect(refused).toMatchObject({ status, code });
      expect(refused.message).not.toContain('key-of-provider');
      expect(server.requests).toHaveLength(requests);
    }
  });

  test('what fails before its first piece is tried again', async () => {
    scripts = [
      { fail: 'overloaded', headers: { 'retry-after-ms': '5' } },
      { breaks: { how: 'socket' } },
      { text: 'At last.' },
    ];
    const text = await runtime.client.chat.completions.stream(body()).finalContent();
    expect(text).toBe('At last.');
    expect(server.requests).toHaveLength(3);
  });

  test('a stream that breaks is an error for the client too, and is not begun again', async () => {
    scripts = [{ text: 'One two three', breaks: { how: 'socket', after: 2 } }, { text: 'again' }];
    let text = '';
    const stream = await runtime.client.chat.completions.create({ ...body(), stream: true });
    const reading = (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    })();
    await expect(reading).rejects.toThrow(/connection ended before the reply did/);
    expect(text).toBe('One two');
    expect(server.requests).toHaveLength(1);
  });

  test('half a tool call is not followed by another try’s', async () => {
    scripts = [{ toolCalls, breaks: { how: 'end', after: 3 } }, { toolCalls }];
    const stream = runtime.client.chat.completions.stream(body({ tools: [weather] }));
    await expect(stream.finalChatCompletion()).rejects.toThrow(/ended before the reply did/);
    expect(server.requests).toHaveLength(1);
  });

  test('a client that leaves ends the call behind the door', async () => {
    scripts = [{ text: 'One two', breaks: { how: 'hang', after: 1 } }];
    const stream = await runtime.client.chat.completions.create({ ...body(), stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'One') break;
    await expect.poll(() => server.requests[0]?.wasLeft).toBe(true);
  });
});
