import { describe, expect, test } from 'vitest';
import { toAnthropicMessages } from '../../../../runtime/models/anthropic-messages.ts';
import { toAnthropicRequest } from '../../../../runtime/models/anthropic-request.ts';
import type { Message, ModelRequest } from '../../../../runtime/models/model.ts';
import { toOpenaiRequest } from '../../../../runtime/models/openai-request.ts';

const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] });
const weather = { name: 'weather', input: { type: 'object', properties: {} } };
const closed = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

function ask(request: Partial<ModelRequest>): ModelRequest {
  return { model: 'm', messages: [user('Hi.')], tools: [], ...request };
}

describe('OpenAI', () => {
  const dialect = { provider: 'openai', reportsUsage: true };
  const send = (request: Partial<ModelRequest>, changed: Partial<typeof dialect> = {}) =>
    toOpenaiRequest(ask(request), { ...dialect, ...changed });

  test('settings have OpenAI’s names', () => {
    const body = send({
      tools: [weather],
      toolChoice: { name: 'weather' },
      parallelToolCalls: false,
      topP: 0.9,
      maxOutputTokens: 50,
      reasoningEffort: 'low',
      stop: ['END'],
      seed: 7,
      user: 'u1',
    });
    expect(body).toMatchObject({
      tools: [{ type: 'function', function: { name: 'weather', parameters: weather.input } }],
      tool_choice: { type: 'function', function: { name: 'weather' } },
      parallel_tool_calls: false,
      top_p: 0.9,
      max_completion_tokens: 50,
      reasoning_effort: 'low',
      stop: ['END'],
      seed: 7,
      user: 'u1',
    });
  });

  test('other servers know max_tokens only, and some no stream_options', () => {
    const body = send({ maxOutputTokens: 50 }, { provider: 'vllm', reportsUsage: false });
    expect(body).toMatchObject({ max_tokens: 50 });
    expect(Object.keys(body)).toEqual(['max_tokens', 'model', 'messages', 'stream']);
  });

  test('without tools nothing is said about them', () => {
    expect(Object.keys(send({ toolChoice: 'auto', parallelToolCalls: true }))).not.toContain('tool_choice');
  });

  test('an answer of a form: strict where the schema allows it', () => {
    const format = (schema: object) => send({ output: { name: 'answer', schema: { ...schema } } }).response_format;
    expect(format(closed)).toEqual({
      type: 'json_schema',
      json_schema: { name: 'answer', schema: closed, strict: true },
    });
    expect(format({ type: 'object', properties: { a: {} } })).toMatchObject({ json_schema: { strict: false } });
    const optional = { ...closed, properties: { ...closed.properties, more: { type: 'string' } } };
    expect(format(optional)).toMatchObject({ json_schema: { strict: false } });
  });

  test('a caller’s further fields go along, and change nothing that we say', () => {
    const body = send({ passthrough: { min_p: 0.1, model: 'other', stream: false } });
    expect(body).toMatchObject({ min_p: 0.1, model: 'm', stream: true });
  });

  test('images and text are parts; text alone is text', () => {
    const image: Message = {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image', url: 'https://example.com/a.png' },
      ],
    };
    expect(send({ messages: [user('Hi.'), image] }).messages).toEqual([
      { role: 'user', content: 'Hi.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        ],
      },
    ]);
  });

  test('what Gemini sent beside a call goes back to Gemini alone', () => {
    const extraContent = { google: { thought_signature: 'abc' } };
    const said: Message = {
      role: 'assistant',
      text: '',
      toolCalls: [{ id: 'a', name: 'now', arguments: '{}' }],
      state: { provider: 'gemini', blocks: [{ callId: 'a', extraContent }] },
    };
    const call = { id: 'a', type: 'function', function: { name: 'now', arguments: '{}' } };
    const sentTo = (provider: string) => send({ messages: [said] }, { provider }).messages;
    expect(sentTo('gemini')).toEqual([
      { role: 'assistant', content: null, tool_calls: [{ ...call, extra_content: extraContent }] },
    ]);
    expect(sentTo('openai')).toEqual([{ role: 'assistant', content: null, tool_calls: [call] }]);
  });
});

describe('Anthropic', () => {
  const send = (request: Partial<ModelRequest>) => toAnthropicRequest(ask(request), 'anthropic');

  test('what the next call begins with is cached, and nothing else', () => {
    expect(send({ isContinued: true }).cache_control).toEqual({ type: 'ephemeral' });
    expect(send({})).not.toHaveProperty('cache_control');
  });

  test('instructions are hoisted and joined, wherever they stand', () => {
    const messages: Message[] = [{ role: 'system', text: 'One.' }, user('Hi.'), { role: 'system', text: 'Two.' }];
    expect(toAnthropicMessages(messages, 'anthropic')).toEqual({
      system: 'One.\n\nTwo.',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi.' }] }],
    });
  });

  test('roles take turns: results of parallel calls and what the user says next are one message', () => {
    const calls = ['a', 'b'].map((id) => ({ id, name: 'weather', arguments: '{}' }));
    const messages: Message[] = [
      user('Hi.'),
      { role: 'assistant', text: '', toolCalls: calls },
      { role: 'tool', callId: 'a', name: 'weather', text: 'sunny', isError: false },
      { role: 'tool', callId: 'b', name: 'weather', text: 'no such town', isError: true },
      user('And?'),
    ];
    expect(toAnthropicMessages(messages, 'anthropic').messages.slice(1)).toEqual([
      { role: 'assistant', content: calls.map(({ id }) => ({ type: 'tool_use', id, name: 'weather', input: {} })) },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'sunny' },
          { type: 'tool_result', tool_use_id: 'b', content: 'no such town', is_error: true },
          { type: 'text', text: 'And?' },
        ],
      },
    ]);
  });

  test('empty texts are left out, and messages that are empty without them', () => {
    const messages: Message[] = [user('Hi.'), { role: 'assistant', text: ' ', toolCalls: [] }, user('Still there?')];
    expect(toAnthropicMessages(messages, 'anthropic').messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hi.' },
          { type: 'text', text: 'Still there?' },
        ],
      },
    ]);
  });

  test('arguments that are no object are shown to the model as they were', () => {
    const messages: Message[] = [
      { role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'now', arguments: '{"x' }] },
    ];
    expect(toAnthropicMessages(messages, 'anthropic').messages[0]?.content).toEqual([
      { type: 'tool_use', id: 'a', name: 'now', input: { invalid_arguments: '{"x' } },
    ]);
  });

  test('thinking goes back where it stood; if it does not fit the message, it is left out', () => {
    const said = {
      role: 'assistant' as const,
      text: 'Let me see. Done.',
      toolCalls: [{ id: 'a', name: 'now', arguments: '{}' }],
      state: {
        provider: 'anthropic',
        blocks: [
          { type: 'thinking', thinking: 'hm', signature: 's1' },
          { type: 'text', chars: 11 },
          { type: 'redacted_thinking', data: 'xyz' },
          { type: 'tool_use', id: 'a' },
          { type: 'text', chars: 6 },
        ],
      },
    };
    expect(toAnthropicMessages([said], 'anthropic').messages[0]?.content).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 's1' },
      { type: 'text', text: 'Let me see.' },
      { type: 'redacted_thinking', data: 'xyz' },
      { type: 'tool_use', id: 'a', name: 'now', input: {} },
      { type: 'text', text: ' Done.' },
    ]);
    const changed = { ...said, text: 'Another text.' };
    expect(toAnthropicMessages([changed], 'anthropic').messages[0]?.content).toEqual([
      { type: 'text', text: 'Another text.' },
      { type: 'tool_use', id: 'a', name: 'now', input: {} },
    ]);
  });

  test('images by address and by content', () => {
    const content = [
      { type: 'image' as const, url: 'https://example.com/a.png' },
      { type: 'image' as const, url: 'data:image/png;base64,iVBORw0=' },
    ];
    expect(toAnthropicMessages([{ role: 'user', content }], 'anthropic').messages[0]?.content).toEqual([
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0=' } },
    ]);
  });

  test('settings have Anthropic’s names; a limit is always sent; temperatures end at 1', () => {
    const body = send({ temperature: 1.5, topP: 0.9, stop: ['END'], user: 'u1', seed: 7 });
    expect(body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi.' }] }],
      stream: true,
      max_tokens: 8_192,
      temperature: 1,
      top_p: 0.9,
      stop_sequences: ['END'],
      metadata: { user_id: 'u1' },
    });
  });

  test.each([
    [undefined, undefined, undefined],
    ['auto', undefined, { type: 'auto' }],
    ['none', false, { type: 'none' }],
    ['required', undefined, { type: 'any' }],
    [{ name: 'weather' }, false, { type: 'tool', name: 'weather', disable_parallel_tool_use: true }],
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
  ] as const)('tool choice %j, parallel %j', (toolChoice, parallelToolCalls, sent) => {
    expect(send({ tools: [weather], toolChoice, parallelToolCalls }).tool_choice).toEqual(sent);
  });

  test.each([
    ['claude-sonnet-4-5', { thinking: { type: 'enabled', budget_tokens: 2_048 }, max_tokens: 2_148 }],
    ['claude-opus-4-1-20250805', { thinking: { type: 'enabled', budget_tokens: 2_048 }, max_tokens: 2_148 }],
    ['claude-opus-4-8', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' }, max_tokens: 100 }],
    ['claude-sonnet-5-5', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' }, max_tokens: 100 }],
  ])('effort of %s', (model, sent) => {
    const body = send({ model, reasoningEffort: 'low', maxOutputTokens: 100, temperature: 0.2 });
    expect(body).toMatchObject(sent);
    expect(body).not.toHaveProperty('temperature');
  });

  test('a step that another provider began goes on without budgeted thinking', () => {
    const step = (provider: string): Message[] => [
      user('Hi.'),
      {
        role: 'assistant',
        text: '',
        toolCalls: [{ id: 'a', name: 'now', arguments: '{}' }],
        state: {
          provider,
          blocks: [
            { type: 'thinking', thinking: 'hm', signature: 's' },
            { type: 'tool_use', id: 'a' },
          ],
        },
      },
      { role: 'tool', callId: 'a', name: 'now', text: 'noon', isError: false },
    ];
    const thinkingOf = (messages: Message[], model: string) =>
      send({ model, messages, reasoningEffort: 'low', tools: [weather] }).thinking?.type;
    expect(thinkingOf(step('openai'), 'claude-haiku-4-5')).toBeUndefined();
    expect(thinkingOf(step('openai'), 'claude-opus-4-8')).toBe('adaptive');
    expect(thinkingOf(step('anthropic'), 'claude-haiku-4-5')).toBe('enabled');
    expect(thinkingOf([...step('openai'), user('And?')].toSpliced(2, 1), 'claude-haiku-4-5')).toBe('enabled');
  });

  test('a forced tool and thinking do not go together', () => {
    const body = send({ reasoningEffort: 'high', tools: [weather], toolChoice: 'required' });
    expect(body).not.toHaveProperty('thinking');
  });

  test('an answer of a form, its schema as the API takes it', () => {
    const schema = { ...closed, properties: { city: { type: 'string', minLength: 2 } } };
    const { output_config: config } = send({ output: { name: 'answer', schema } });
    expect(config?.format).toMatchObject({
      type: 'json_schema',
      schema: { additionalProperties: false, required: ['city'] },
    });
    expect(JSON.stringify(config)).not.toContain('"minLength"');
  });

  test.each([
    ['any object', { type: 'object' }],
    [
      'a map',
      { type: 'object', properties: { counts: { type: 'object', additionalProperties: { type: 'integer' } } } },
    ],
    ['a part of any type', { type: 'object', properties: { value: {} } }],
  ])('a form that the API cannot hold the model to is asked for in words: %s', (_name, schema) => {
    const body = send({
      output: { name: 'answer', schema },
      messages: [{ role: 'system', text: 'Be brief.' }, user('Hi.')],
    });
    expect(body).not.toHaveProperty('output_config');
    expect(body.system).toBe(
      `Be brief.\n\nAnswer with JSON alone, without any text around it. Its JSON Schema: ${JSON.stringify(schema)}`,
    );
  });
});

test('ids of calls are such as each provider takes, and the same for a call and its result', () => {
  const step = (id: string): Message[] => [
    { role: 'assistant', text: '', toolCalls: [{ id, name: 'now', arguments: '{}' }] },
    { role: 'tool', callId: id, name: 'now', text: 'noon', isError: false },
  ];
  const idsOf = (body: object) =>
    [...JSON.stringify(body).matchAll(/"(?:id|tool_call_id|tool_use_id)":"([^"]*)"/g)].map(([, id]) => id);
  const long = 'x'.repeat(41);
  const openai = (id: string, provider: string) =>
    idsOf(toOpenaiRequest(ask({ messages: step(id) }), { provider, reportsUsage: true }));
  const anthropic = (id: string) => idsOf(toAnthropicRequest(ask({ messages: step(id) }), 'anthropic'));
  expect(openai('functions.now:0', 'openai')).toEqual(['functions.now:0', 'functions.now:0']);
  expect(openai(long, 'moonshot')).toEqual([long, long]);
  const [short, same] = openai(long, 'openai');
  expect(short).toMatch(/^call_[0-9a-f]{32}$/);
  expect(same).toBe(short);
  expect(anthropic('toolu_01-a')).toEqual(['toolu_01-a', 'toolu_01-a']);
  const [hashed, again] = anthropic('functions.now:0');
  expect(hashed).toMatch(/^call_[0-9a-f]{32}$/);
  expect(again).toBe(hashed);
});
