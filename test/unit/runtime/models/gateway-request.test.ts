import { describe, expect, test } from 'vitest';
import { readChatRequest, RequestFault } from '../../../../runtime/models/gateway-request.ts';

const hi = { role: 'user', content: 'Hi.' };
const read = (body: object) => readChatRequest({ model: 'openai/gpt-5', messages: [hi], ...body });

test('a whole conversation, with its tools and settings', () => {
  const asked = read({
    messages: [
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'Be ' },
          { type: 'text', text: 'brief.' },
        ],
      },
      {
        role: 'user',
        name: 'ann',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'a cat' },
    ],
    tools: [{ type: 'function', function: { name: 'look' } }],
    tool_choice: { type: 'function', function: { name: 'look' } },
    parallel_tool_calls: false,
    temperature: 0,
    top_p: 1,
    max_tokens: 10,
    max_completion_tokens: 20,
    stop: 'END',
    seed: 7,
    user: 'u1',
    metadata: { team: 'blue' },
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(asked).toMatchObject({
    model: 'openai/gpt-5',
    isStream: true,
    includesUsage: true,
    user: 'u1',
    metadata: { team: 'blue' },
  });
  expect(asked.request).toMatchObject({
    messages: [
      { role: 'system', text: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', url: 'https://example.com/a.png' },
        ],
      },
      { role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'look', arguments: '{}' }] },
      { role: 'tool', callId: 'a', name: 'look', text: 'a cat', isError: false },
    ],
    tools: [{ name: 'look', input: { type: 'object', properties: {} } }],
    toolChoice: { name: 'look' },
    parallelToolCalls: false,
    temperature: 0,
    topP: 1,
    maxOutputTokens: 20,
    stop: ['END'],
    seed: 7,
    user: 'u1',
  });
});

describe('what goes along as it was sent', () => {
  test('fields that we do not know, and what a request keeps less of', () => {
    const tools = [{ type: 'function', function: { name: 'look', strict: true } }];
    const format = { type: 'json_schema', json_schema: { name: 'a', strict: true, schema: { type: 'object' } } };
    const { request } = read({
      min_p: 0.1,
      logit_bias: { 5: 1 },
      reasoning_effort: 'xhigh',
      tools,
      response_format: format,
    });
    expect(request.passthrough).toEqual({
      ...{ min_p: 0.1, logit_bias: { 5: 1 }, reasoning_effort: 'xhigh', tools },
      response_format: format,
    });
    expect(request.reasoningEffort).toBe('high');
    expect(request.output).toEqual({ name: 'a', schema: { type: 'object' } });
  });

  test('neither nulls, nor empty tools, nor what is ours', () => {
    const { request } = read({ tools: [], logprobs: null, stream: true, user: 'u1', metadata: { a: 'b' } });
    expect(request.passthrough).toBeUndefined();
  });

  test('metadata of a completion that is to be stored', () => {
    const { request } = read({ store: true, metadata: { a: 'b' } });
    expect(request.passthrough).toEqual({ store: true, metadata: { a: 'b' } });
  });
});

test.each<[object, string, string]>([
  [{ model: undefined }, 'model', 'model is missing, allowed: agent/NAME or PROVIDER/MODEL'],
  [
    { messages: [] },
    'messages',
    'messages is wrong (got []), allowed: a list of 1 to 10000 messages with role and content',
  ],
  [
    { messages: 'Hi.' },
    'messages',
    'messages is wrong (got "Hi."), allowed: a list of 1 to 10000 messages with role and content',
  ],
  [
    { messages: [{ role: 'robot', content: 'x' }] },
    'messages[0].role',
    'messages[0].role is wrong (got "robot"), allowed: system, developer, user, assistant, tool',
  ],
  [
    { messages: [hi, { role: 'user' }] },
    'messages[1].content',
    'messages[1].content is missing, allowed: text, or a list of parts of type text or image_url',
  ],
  [
    { messages: [{ role: 'tool', tool_call_id: 'z', content: 'x' }] },
    'messages[0].tool_call_id',
    'messages[0].tool_call_id "z" is not the id of a tool call before it',
  ],
  [{ temperature: 3 }, 'temperature', 'temperature is wrong (got 3), allowed: a number from 0 to 2'],
  [{ top_p: '1' }, 'top_p', 'top_p is wrong (got "1"), allowed: a number from 0 to 1'],
  [{ max_tokens: 0 }, 'max_tokens', 'max_tokens is wrong (got 0), allowed: a whole number from 1'],
  [
    { stop: ['a', 'b', 'c', 'd', 'e'] },
    'stop',
    'stop is wrong (got ["a","b","c","d","e"]), allowed: text, or a list of at most 4 texts',
  ],
  [{ n: 2 }, 'n', 'n is wrong (got 2), allowed: 1'],
  [
    { tool_choice: 'always' },
    'tool_choice',
    'tool_choice is wrong (got "always"), allowed: auto, none, required, or { type: function, function: { name } }',
  ],
  [
    { reasoning_effort: 'huge' },
    'reasoning_effort',
    'reasoning_effort is wrong (got "huge"), allowed: none, minimal, low, medium, high, xhigh',
  ],
  [
    { response_format: { type: 'xml' } },
    'response_format.type',
    'response_format.type is wrong (got "xml"), allowed: { type: text }, { type: json_object } or { type: json_schema, json_schema: { name, schema } }',
  ],
  [{ stream: 'yes' }, 'stream', 'stream is wrong (got "yes"), allowed: true, false'],
  [{ user: '' }, 'user', 'user is wrong (got ""), allowed: text of 1 to 256 characters'],
])('%j is refused', (body, param, message) => {
  expect(() => read(body)).toThrow(expect.objectContaining({ name: RequestFault.name, param, message }) as Error);
});

test.each([null, 'text', 7, []])('%j is no request', (body) => {
  expect(() => readChatRequest(body)).toThrow('the body must be a JSON object');
});
