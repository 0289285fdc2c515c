import { describe, expect, test } from 'vitest';
import { readChatRequest, RequestFault } from '../../../../runtime/models/gateway-request.ts';

const hi = { role: 'user', content: 'Hi.' };
const read = (body: object) => readChatRequest({ model: 'openai/gpt-5', messages: [hi], ...body });
const called = { id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } };
const partsAllowed = 'text, or a list of parts of type text or image_url';
const messagesAllowed = 'a list of 1 to 10000 messages with role and content';

function faultOf(body: unknown): RequestFault {
  try {
    readChatRequest(body);
  } catch (error) {
    if (error instanceof RequestFault) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('what clients really send is read', () => {
  test('null, wherever the protocol allows it', () => {
    const nulls = [
      'stream',
      'stream_options',
      'tools',
      'tool_choice',
      'parallel_tool_calls',
      'temperature',
      'top_p',
      'n',
    ];
    const more = [
      'max_tokens',
      'max_completion_tokens',
      'stop',
      'seed',
      'response_format',
      'reasoning_effort',
      'user',
      'metadata',
    ];
    const body = Object.fromEntries([...nulls, ...more].map((key) => [key, null]));
    const { request, ...asked } = read(body);
    expect(asked).toEqual({ model: 'openai/gpt-5', isStream: false, includesUsage: false, user: null, metadata: {} });
    expect(Object.entries(request).filter(([, value]) => value !== undefined)).toEqual([
      ['messages', [{ role: 'user', content: [{ type: 'text', text: 'Hi.' }] }]],
      ['tools', []],
    ]);
  });

  test('an answer of ours, sent back as the client’s package keeps it', () => {
    const kept = {
      role: 'assistant',
      content: null,
      refusal: null,
      annotations: [],
      audio: null,
      tool_calls: [called],
    };
    const { messages } = read({
      messages: [hi, kept, { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'x' }] }],
    }).request;
    expect(messages.slice(1)).toEqual([
      { role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'look', arguments: '{}' }] },
      { role: 'tool', callId: 'a', name: 'look', text: 'x', isError: false },
    ]);
  });

  test('a refusal, as text or as a part', () => {
    const parts = [
      { type: 'text', text: 'I ' },
      { type: 'refusal', refusal: 'will not.' },
    ];
    const said = read({
      messages: [hi, { role: 'assistant', content: parts }, { role: 'assistant', content: null, refusal: 'No.' }, hi],
    });
    expect(said.request.messages.slice(1, 3)).toMatchObject([{ text: 'I will not.' }, { text: 'No.' }]);
  });

  test('names that every object has are names like others', () => {
    const body = JSON.parse(
      '{"model":"a/b","messages":[{"role":"user","content":"x"}],"__proto__":{"polluted":true},"constructor":1,"metadata":{"toString":"x"}}',
    ) as object;
    const { request, metadata } = readChatRequest(body);
    expect(metadata).toEqual({ toString: 'x' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(request.passthrough)).toBe(Object.prototype);
  });
});

describe('what is refused, in one line', () => {
  test.each<[string, object, string]>([
    ['no messages', { messages: undefined }, `messages is missing, allowed: ${messagesAllowed}`],
    ['messages as an object', { messages: {} }, `messages is wrong (got {}), allowed: ${messagesAllowed}`],
    ['a message that is none', { messages: ['Hi.'] }, `messages[0] is wrong (got "Hi."), allowed: ${messagesAllowed}`],
    [
      'no role',
      { messages: [{ content: 'x' }] },
      'messages[0].role is missing, allowed: system, developer, user, assistant, tool',
    ],
    [
      'a role of the past',
      { messages: [{ role: 'function', name: 'f', content: 'x' }] },
      'messages[0].role is wrong (got "function"), allowed: system, developer, user, assistant, tool',
    ],
    [
      'null as content of a user',
      { messages: [{ role: 'user', content: null }] },
      `messages[0].content is wrong (got null), allowed: ${partsAllowed}`,
    ],
    [
      'no parts',
      { messages: [{ role: 'user', content: [] }] },
      `messages[0].content is wrong (got []), allowed: ${partsAllowed}`,
    ],
    [
      'a number as content',
      { messages: [{ role: 'system', content: 7 }] },
      `messages[0].content is wrong (got 7), allowed: ${partsAllowed}`,
    ],
    [
      'tools that are no functions',
      { tools: [{ type: 'web_search' }] },
      'tools[0].type is wrong (got "web_search"), allowed: at most 200 tools of type function',
    ],
    [
      'a tool without a name',
      { tools: [{ type: 'function', function: {} }] },
      'tools[0].function.name is missing, allowed: at most 200 tools of type function',
    ],
    [
      'too many tools',
      { tools: Array.from({ length: 201 }, () => ({ type: 'function', function: { name: 'x' } })) },
      'tools is wrong, allowed: at most 200 tools of type function',
    ],
    ['half a token', { max_tokens: 1.5 }, 'max_tokens is wrong (got 1.5), allowed: a whole number from 1'],
    ['a seed as text', { seed: '1' }, 'seed is wrong (got "1"), allowed: a whole number'],
    [
      'no name of a schema',
      { response_format: { type: 'json_schema', json_schema: {} } },
      'response_format.json_schema.name is missing, allowed: { type: text }, { type: json_object } or { type: json_schema, json_schema: { name, schema } }',
    ],
    [
      'a number in the metadata',
      { metadata: { team: 5 } },
      'metadata.team is wrong (got 5), allowed: at most 16 texts by name',
    ],
    [
      'a long text in the metadata',
      { metadata: { team: 'x'.repeat(513) } },
      'metadata.team is wrong, allowed: at most 16 texts by name',
    ],
    ['a user that is too long', { user: 'x'.repeat(257) }, 'user is wrong, allowed: text of 1 to 256 characters'],
    ['an empty model', { model: '' }, 'model is wrong (got ""), allowed: agent/NAME or PROVIDER/MODEL'],
    [
      'a model that is too long',
      { model: `agent/${'x'.repeat(500)}` },
      'model is wrong, allowed: agent/NAME or PROVIDER/MODEL',
    ],
    [
      'usage asked for wrongly',
      { stream_options: { include_usage: 1 } },
      'stream_options.include_usage is wrong (got 1), allowed: { include_usage: true or false }',
    ],
  ])('%s', (_what, body, message) => {
    expect(faultOf({ model: 'openai/gpt-5', messages: [hi], ...body }).message).toBe(message);
  });

  test('a part of a kind that no model here takes', () => {
    const audio = { type: 'input_audio', input_audio: { data: 'x'.repeat(100), format: 'wav' } };
    expect(faultOf({ model: 'a/b', messages: [{ role: 'user', content: [audio] }] }).message).toBe(
      `messages[0].content is wrong, allowed: ${partsAllowed}`,
    );
  });

  test('too many messages, too much metadata', () => {
    expect(faultOf({ model: 'a/b', messages: Array.from({ length: 10_001 }, () => hi) }).param).toBe('messages');
    const metadata = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v']));
    expect(faultOf({ model: 'a/b', messages: [hi], metadata }).param).toBe('metadata');
  });

  test('the line stays short, whatever was sent', () => {
    const long = 'x'.repeat(1_000_000);
    for (const body of [
      { model: long, messages: [hi] },
      { model: 'a/b', messages: [{ role: long, content: 'x' }] },
      { model: 'a/b', messages: [hi], metadata: { [long]: 'v' } },
      { model: 'a/b', messages: [hi], metadata: { [long]: 5 } },
      { model: 'a/b', messages: [{ role: 'tool', tool_call_id: long, content: 'x' }] },
    ]) {
      const { message, param } = faultOf(body);
      expect(message.length).toBeLessThan(500);
      expect(param.length).toBeLessThan(200);
    }
  });

  test('a result before its call', () => {
    const result = { role: 'tool', tool_call_id: 'a', content: 'x' };
    const body = { model: 'a/b', messages: [result, { role: 'assistant', tool_calls: [called] }] };
    expect(faultOf(body).message).toBe('messages[0].tool_call_id "a" is not the id of a tool call before it');
  });

  test.each(['{}', '{"model":"a/b"}', '{"messages":[]}', '"x"', '[[]]', 'true', '{"model":{},"messages":{}}'])(
    '%s',
    (text) => {
      expect(faultOf(JSON.parse(text)).message).toMatch(/^(the body|model|messages) .+/);
    },
  );
});
