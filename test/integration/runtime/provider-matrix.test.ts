import { describe, expect, onTestFinished, test } from 'vitest';
import { ModelAdapters } from '../../../runtime/models/adapters.ts';
import { callModels, type CallOptions } from '../../../runtime/models/call-models.ts';
import type { Message, ModelReply, ModelRequest, ToolSpec } from '../../../runtime/models/model.ts';
import { AskFailure } from '../../../runtime/run/agent.ts';
import type { Attempt } from '../../../runtime/sessions/record.ts';
import { model as modelSchema, type Model } from '../../../runtime/definition/schema.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer } from '../../support/wire/server.ts';

// Both protocols through every way to succeed and to fail, against servers that really speak them. The chain has two models:
// `first` speaks the protocol that is looked at, `second` the other one.

const protocols = ['openai', 'anthropic'] as const;
type Protocol = (typeof protocols)[number];

const hello: Message[] = [
  { role: 'system', text: 'You are a clerk.' },
  { role: 'user', content: [{ type: 'text', text: 'Good morning.' }] },
];
const weather: ToolSpec = {
  name: 'weather',
  description: 'Tells the weather.',
  input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
};

interface Asked {
  events: string[];
  text: string;
  reply?: ModelReply;
  attempts: readonly Attempt[];
  failure?: AskFailure;
  /** As the chain asked to sleep. */
  waitsMs: number[];
}

async function startChain(protocol: Protocol, first: readonly WireScript[], second: readonly WireScript[] = []) {
  const start = async (name: Protocol, scripts: readonly WireScript[]) => {
    const answer = (_request: unknown, n: number) =>
      scripts[n] ?? ({ fail: 'invalid_request', message: 'no script' } as const);
    const server = await startWireServer({ protocol: name, answer });
    onTestFinished(() => server.close());
    return server;
  };
  const other = protocol === 'openai' ? 'anthropic' : 'openai';
  const servers = { first: await start(protocol, first), second: await start(other, second) };
  const urlOf = (name: Protocol) => (name === protocol ? servers.first.url : servers.second.url);
  const adapters = new ModelAdapters({
    OPENAI_API_KEY: 'key-of-openai',
    OPENAI_BASE_URL: urlOf('openai'),
    ANTHROPIC_API_KEY: 'key-of-anthropic',
    ANTHROPIC_BASE_URL: urlOf('anthropic'),
  });
  const ask = async ({
    request = {},
    settings = {},
    options = {},
  }: {
    request?: Partial<ModelRequest>;
    settings?: Partial<Model>;
    options?: Partial<CallOptions>;
  } = {}): Promise<Asked> => {
    const chain = adapters.chainOf([
      { ...modelSchema.parse(`${protocol}/first`), ...settings },
      modelSchema.parse(`${other}/second`),
    ]);
    const asked: Asked = { events: [], text: '', attempts: [], waitsMs: [] };
    const sleep = (ms: number) => Promise.resolve(void asked.waitsMs.push(ms));
    const signal = new AbortController().signal;
    const given = { signal, firstTokenTimeoutMs: 10_000, sleep, random: () => 0.5, ...options };
    try {
      for await (const event of callModels(chain, { messages: hello, tools: [], ...request }, given)) {
        if (asked.events.at(-1) !== event.type) asked.events.push(event.type);
        if (event.type === 'text') asked.text += event.text;
        if (event.type === 'end') Object.assign(asked, { reply: event.reply, attempts: event.attempts });
      }
    } catch (error) {
      if (!(error instanceof AskFailure)) throw error;
      Object.assign(asked, { failure: error, attempts: error.attempts });
    }
    return asked;
  };
  return { ask, ...servers };
}

/** `first:rate_limited second:ok` */
function describeAttempts(attempts: readonly Attempt[]): string {
  return attempts.map(({ model, failure }) => `${model}:${failure?.kind ?? 'ok'}`).join(' ');
}

describe.each(protocols)('%s', (protocol) => {
  test('an answer streams, with its usage and what it is', async () => {
    const { ask, first } = await startChain(protocol, [{ text: 'Good morning to you.', gapMs: 2, firstTokenMs: 5 }]);
    const { text, reply, attempts, events } = await ask({ settings: { temperature: 0.5, maxOutputTokens: 300 } });
    expect(text).toBe('Good morning to you.');
    expect(events).toEqual(['text', 'end']);
    expect(reply).toMatchObject({
      text,
      toolCalls: [],
      finishReason: 'stop',
      responseModel: 'first',
      usage: { inputTokens: 20, outputTokens: 4 },
    });
    expect(reply?.responseId).toMatch(/^(chatcmpl-|msg_)/);
    const [attempt] = attempts;
    expect(attempts).toHaveLength(1);
    expect(attempt).toMatchObject({ provider: protocol, model: 'first' });
    expect(attempt?.failure).toBeUndefined();
    expect(attempt?.firstTokenMs).toBeGreaterThanOrEqual(attempt?.startMs ?? Infinity);
    expect(attempt?.endMs).toBeGreaterThanOrEqual(attempt?.firstTokenMs ?? Infinity);
    const sent = first.requests[0];
    if (protocol === 'openai') {
      expect(sent?.headers.authorization).toBe('Bearer key-of-openai');
      expect(sent?.body).toEqual({
        model: 'first',
        messages: [
          { role: 'system', content: 'You are a clerk.' },
          { role: 'user', content: 'Good morning.' },
        ],
        stream: true,
        stream_options: { include_usage: true },
        temperature: 0.5,
        max_completion_tokens: 300,
      });
    } else {
      expect(sent?.headers.authorization).toBe('Bearer key-of-anthropic');
      expect(sent?.body).toEqual({
        model: 'first',
        system: 'You are a clerk.',
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Good morning.' }] }],
        stream: true,
        temperature: 0.5,
        max_tokens: 300,
      });
    }
  });

  test('parallel tool calls, reasoning and text come in their order', async () => {
    const toolCalls = [
      { id: 'call_a', name: 'weather', arguments: { city: 'Berlin' } },
      { id: 'call_b', name: 'weather', arguments: { city: 'Ærøskøbing – 東京' } },
    ];
    const { ask } = await startChain(protocol, [{ reasoning: 'Two towns.', text: 'Let me see.', toolCalls, gapMs: 1 }]);
    const { reply, events } = await ask({ request: { tools: [weather] } });
    expect(events).toEqual(['reasoning', 'text', 'tool_call', 'end']);
    expect(reply).toMatchObject({
      text: 'Let me see.',
      finishReason: 'tool_calls',
      toolCalls: toolCalls.map((call) => ({ ...call, arguments: JSON.stringify(call.arguments) })),
    });
  });

  test('a second step returns results, and the thinking only to who thought it', async () => {
    const toolCalls = [{ id: 'call_a', name: 'weather', arguments: { city: 'Berlin' } }];
    const { ask, first } = await startChain(protocol, [
      { reasoning: 'A town.', text: 'Let me see.', toolCalls },
      { text: 'Sunny.' },
    ]);
    const { reply } = await ask({ request: { tools: [weather] } });
    const messages: Message[] = [
      ...hello,
      { role: 'assistant', text: reply?.text ?? '', toolCalls: reply?.toolCalls ?? [], state: reply?.state },
      { role: 'tool', callId: 'call_a', name: 'weather', text: '21 degrees', isError: false },
    ];
    expect((await ask({ request: { messages, tools: [weather] } })).text).toBe('Sunny.');
    const sent = first.requests[1]?.body['messages'] as object[];
    if (protocol === 'openai') {
      expect(sent.slice(2)).toEqual([
        {
          role: 'assistant',
          content: 'Let me see.',
          tool_calls: [
            { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Berlin"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_a', content: '21 degrees' },
      ]);
    } else {
      expect(sent.slice(1)).toEqual([
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'A town.', signature: expect.any(String) as string },
            { type: 'text', text: 'Let me see.' },
            { type: 'tool_use', id: 'call_a', name: 'weather', input: { city: 'Berlin' } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_a', content: '21 degrees' }] },
      ]);
    }
  });

  test('state of one provider never reaches the other', async () => {
    const { ask, second } = await startChain(protocol, [{ fail: 'auth' }], [{ text: 'Sunny.' }]);
    const state = { provider: protocol, blocks: [{ type: 'thinking', thinking: 'secret thought', signature: 's' }] };
    const messages: Message[] = [...hello, { role: 'assistant', text: 'Hm.', toolCalls: [], state }, ...hello.slice(1)];
    await ask({ request: { messages } });
    expect(JSON.stringify(second.requests[0]?.body)).not.toContain('secret thought');
  });

  test('usage that a provider does not report is absent', async () => {
    const { ask } = await startChain(protocol, [{ text: 'Hi.', usage: null }]);
    const { reply } = await ask();
    expect(reply).toMatchObject({ text: 'Hi.', finishReason: 'stop' });
    expect(reply?.usage).toBeUndefined();
  });

  test('429 is tried again after as long as it asks for', async () => {
    const { ask, first, second } = await startChain(protocol, [
      { fail: 'rate_limited', headers: { 'retry-after': '7' } },
      { fail: 'rate_limited', headers: { 'retry-after-ms': '1500' } },
      { text: 'Now.' },
    ]);
    const { text, attempts, waitsMs, events } = await ask();
    expect(text).toBe('Now.');
    expect(describeAttempts(attempts)).toBe('first:rate_limited first:rate_limited first:ok');
    expect(attempts[0]?.failure).toMatchObject({
      status: 429,
      message: expect.stringMatching(/rate limit/i) as string,
    });
    // As asked, and a random part of half a second so that not all come back at once.
    expect(waitsMs).toEqual([7_250, 1_750]);
    expect(events).toEqual(['attempt', 'text', 'end']);
    expect([first.requests.length, second.requests.length]).toEqual([3, 0]);
  });

  test('429 that asks for a date far away gives the model up at once', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const { ask, first } = await startChain(
      protocol,
      [{ fail: 'rate_limited', headers: { 'retry-after': date } }],
      [{ text: 'I can.' }],
    );
    const { text, attempts, waitsMs } = await ask();
    expect([text, describeAttempts(attempts), waitsMs]).toEqual(['I can.', 'first:rate_limited second:ok', []]);
    expect(first.requests).toHaveLength(1);
  });

  test.each([
    ['500', { fail: 'server_error' }, 'unavailable'],
    ['529 or 503', { fail: 'overloaded' }, 'unavailable'],
    ['an error within the stream', { breaks: { how: 'error' } }, 'unavailable'],
    ['a connection that breaks', { breaks: { how: 'socket' } }, 'cut_stream'],
    ['a stream that ends without its end', { breaks: { how: 'end' } }, 'cut_stream'],
    ['an event that is no JSON', { breaks: { how: 'garbage' } }, 'malformed_reply'],
    ['a page instead of a stream', { raw: '<html>proxy</html>', contentType: 'text/html' }, 'malformed_reply'],
    ['a body that is no JSON', { raw: '{"id": "x', contentType: 'application/json' }, 'malformed_reply'],
    ['a body of another API', { raw: '[1]', contentType: 'application/json' }, 'malformed_reply'],
    ['an empty body', { raw: '', contentType: 'text/event-stream' }, 'cut_stream'],
  ] satisfies [string, WireScript, string][])(
    '%s before the first word: again, then the next model',
    async (_name, script, kind) => {
      const { ask, first, second } = await startChain(protocol, [script, script, script], [{ text: 'I can.' }]);
      const { text, attempts, waitsMs, reply } = await ask();
      expect(text).toBe('I can.');
      expect(reply?.responseModel).toBe('second');
      expect(describeAttempts(attempts)).toBe(`first:${kind} first:${kind} first:${kind} second:ok`);
      expect(waitsMs).toEqual([250, 500]);
      expect([first.requests.length, second.requests.length]).toEqual([3, 1]);
    },
  );

  test.each([
    ['an error within the stream', { breaks: { how: 'error', after: 2 } }, 'unavailable'],
    ['a connection that breaks', { breaks: { how: 'socket', after: 2 } }, 'cut_stream'],
    ['a stream that ends without its end', { breaks: { how: 'end', after: 2 } }, 'cut_stream'],
    ['an event that is no JSON', { breaks: { how: 'garbage', after: 2 } }, 'malformed_reply'],
  ] satisfies [string, WireScript, string][])(
    '%s after the first word ends it with what was said',
    async (_name, script, kind) => {
      const { ask, first, second } = await startChain(
        protocol,
        [{ text: 'One two three four', ...script }],
        [{ text: 'x' }],
      );
      const { text, attempts, failure } = await ask();
      expect(failure).toMatchObject({ partialText: 'One two', failure: { kind } });
      expect(text).toBe('One two');
      expect(describeAttempts(attempts)).toBe(`first:${kind}`);
      expect([first.requests.length, second.requests.length]).toEqual([1, 0]);
    },
  );

  test('reasoning and half a tool call are not visible: another try may follow', async () => {
    const toolCalls = [{ name: 'weather', arguments: { city: 'Berlin' } }];
    const { ask } = await startChain(protocol, [
      { reasoning: 'Hm hm.', toolCalls, breaks: { how: 'socket', after: 4 } },
      { text: 'Sunny.' },
    ]);
    const { text, attempts, events, reply } = await ask({ request: { tools: [weather] } });
    expect(events).toEqual(['reasoning', 'tool_call', 'attempt', 'text', 'end']);
    expect([text, describeAttempts(attempts)]).toEqual(['Sunny.', 'first:cut_stream first:ok']);
    expect(reply?.toolCalls).toEqual([]);
  });

  test.each([
    ['401', 'auth', 'auth'],
    ['403', 'forbidden', 'auth'],
    ['an empty account', 'quota', 'quota'],
    ['a context that is too long', 'context_too_long', 'context_too_long'],
  ] as const)('%s is not tried again, the next model takes over', async (_name, fail, kind) => {
    const { ask, first, second } = await startChain(protocol, [{ fail }], [{ text: 'I can.' }]);
    const { text, attempts, waitsMs } = await ask();
    expect([text, describeAttempts(attempts), waitsMs]).toEqual(['I can.', `first:${kind} second:ok`, []]);
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });

  test.each(['invalid_request', 'not_found'] as const)(
    'a wrong request (%s) is no other model’s business',
    async (fail) => {
      const { ask, first, second } = await startChain(protocol, [{ fail }], [{ text: 'I can.' }]);
      const { attempts, failure } = await ask();
      expect(failure?.failure).toMatchObject({ kind: 'invalid_request', status: fail === 'not_found' ? 404 : 400 });
      expect(describeAttempts(attempts)).toBe('first:invalid_request');
      expect([first.requests.length, second.requests.length]).toEqual([1, 0]);
    },
  );

  test('fallbackOn says what the next model takes over for', async () => {
    const { ask, second } = await startChain(protocol, [{ fail: 'auth' }], [{ text: 'I can.' }]);
    const { failure } = await ask({ settings: { fallbackOn: ['quota', 'unavailable'] } });
    expect(failure?.failure.kind).toBe('auth');
    expect(second.requests).toHaveLength(0);
  });

  test('the last failure is what a chain fails with', async () => {
    const { ask } = await startChain(protocol, [{ fail: 'auth' }], [{ fail: 'quota' }]);
    const { failure, attempts } = await ask();
    expect(failure).toMatchObject({ partialText: '', failure: { kind: 'quota' } });
    expect(describeAttempts(attempts)).toBe('first:auth second:quota');
  });

  test.each([
    ['no answer at all', { hang: true }],
    ['a slow first token', { text: 'Late.', firstTokenMs: 60_000 }],
  ] satisfies [string, WireScript][])(
    '%s: the next model takes over after firstTokenTimeout',
    async (_name, script) => {
      const { ask, first } = await startChain(protocol, [script], [{ text: 'I can.' }]);
      const { text, attempts } = await ask({ settings: { retries: 0 }, options: { firstTokenTimeoutMs: 1_500 } });
      expect([text, describeAttempts(attempts)]).toEqual(['I can.', 'first:timeout second:ok']);
      expect(attempts[0]?.failure?.message).toBe('no first token within 1500 ms');
      await expect.poll(() => first.requests[0]?.wasLeft).toBe(true);
    },
  );

  test('a stream that stops is given up after the timeout of the call', async () => {
    const { ask, first } = await startChain(protocol, [{ text: 'One two', breaks: { how: 'hang', after: 1 } }]);
    const { failure } = await ask({ settings: { timeout: 2_000 as Model['timeout'] } });
    expect(failure).toMatchObject({
      partialText: 'One',
      failure: { kind: 'timeout', message: 'no whole answer within 2000 ms' },
    });
    await expect.poll(() => first.requests[0]?.wasLeft).toBe(true);
  });

  test('an abort ends it, closes the connection and asks nobody else', async () => {
    const { ask, first, second } = await startChain(protocol, [{ text: 'One two', breaks: { how: 'hang', after: 1 } }]);
    const controller = new AbortController();
    const asked = ask({ options: { signal: controller.signal } });
    await expect.poll(() => first.requests.length).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    const { failure, attempts } = await asked;
    expect(failure?.failure.kind).toBe('aborted');
    expect(describeAttempts(attempts)).toBe('first:aborted');
    await expect.poll(() => first.requests[0]?.wasLeft).toBe(true);
    expect(second.requests).toHaveLength(0);
  });

  test('nobody listens: the next model takes over', async () => {
    const { ask, first } = await startChain(protocol, [], [{ text: 'I can.' }]);
    await first.close();
    const { text, attempts } = await ask({ settings: { retries: 1 } });
    expect([text, describeAttempts(attempts)]).toEqual(['I can.', 'first:unavailable first:unavailable second:ok']);
    expect(attempts[0]?.failure?.message).toContain('ECONNREFUSED');
  });

  test('a server that does not stream is understood too', async () => {
    const whole = JSON.stringify(
      protocol === 'openai'
        ? {
            id: 'c1',
            model: 'm1',
            choices: [
              {
                index: 0,
                message: {
                  content: 'All at once.',
                  tool_calls: [{ id: 'a', function: { name: 'weather', arguments: '{}' } }],
                },
                finish_reason: 'tool_calls',
              },
            ],
            usage: { prompt_tokens: 3, completion_tokens: 4 },
          }
        : {
            id: 'c1',
            model: 'm1',
            type: 'message',
            content: [
              { type: 'text', text: 'All at once.' },
              { type: 'tool_use', id: 'a', name: 'weather', input: {} },
            ],
            stop_reason: 'tool_use',
            usage: { input_tokens: 3, output_tokens: 4 },
          },
    );
    const { ask } = await startChain(protocol, [{ raw: whole }]);
    const { reply, text } = await ask({ request: { tools: [weather] } });
    expect(text).toBe('All at once.');
    expect(reply).toMatchObject({
      text,
      responseModel: 'm1',
      finishReason: 'tool_calls',
      toolCalls: [{ id: 'a', name: 'weather', arguments: '{}' }],
      usage: { inputTokens: 3, outputTokens: 4 },
    });
  });

  test('connections are kept for the next call', async () => {
    const { ask, first } = await startChain(protocol, [{ text: 'a b' }, { text: 'a b' }, { text: 'a b' }]);
    for (let i = 0; i < 3; i += 1) await ask();
    expect(new Set(first.requests.map(({ port }) => port)).size).toBe(1);
  });
});
