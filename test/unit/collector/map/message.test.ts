import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../collector/lossless-json.ts';
import { readMessage, readMessages } from '../../../../collector/map/message.ts';

/** The one message that the value holds. */
function readOne(value: Json, role = 'user') {
  const messages = readMessages(value, role);
  expect(messages).toHaveLength(1);
  return messages[0];
}

function readPart(part: Json) {
  return readOne([{ role: 'assistant', parts: [part] }])?.parts[0];
}

describe('readMessages', () => {
  it('keeps messages of the OpenTelemetry shape', () => {
    const messages = [
      { role: 'system', parts: [{ type: 'text', content: 'be kind' }] },
      { role: 'user', name: 'ann', parts: [{ type: 'text', content: 'hi' }] },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm' },
          { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Paris' } },
        ],
        finish_reason: 'tool_calls',
      },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', result: { degrees: 3 } }] },
    ];
    expect(readMessages(messages, 'user')).toEqual(messages);
  });

  it('takes plain text for one message of the given role', () => {
    expect(readOne('hello', 'system')).toEqual({ role: 'system', parts: [{ type: 'text', content: 'hello' }] });
  });

  it.each([null, ''])('takes %j for no message', (value) => {
    expect(readMessages(value, 'user')).toEqual([]);
  });

  it('takes a list of parts for one message', () => {
    const parts = [
      { type: 'text', content: 'a' },
      { type: 'text', content: 'b' },
    ];
    expect(readOne(parts, 'system')).toEqual({ role: 'system', parts });
  });

  it('takes a list of texts for as many messages', () => {
    expect(readMessages(['a', 'b'], 'user').map(({ parts }) => parts[0]?.['content'])).toEqual(['a', 'b']);
  });

  it.each([7, true, [7], { anything: { goes: 1 } }, [[]]] as Json[])('keeps %j whole as data', (value) => {
    const whole = Array.isArray(value) ? value[0] : value;
    expect(readOne(value)).toEqual({ role: 'user', parts: [{ type: 'data', value: whole }] });
  });

  it.each([
    ['developer', 'system'],
    ['human', 'user'],
    ['AI', 'assistant'],
    ['model', 'assistant'],
    ['function', 'tool'],
    ['critic', 'critic'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
  ])('reads the role %s as %s', (sent, role) => {
    expect(readOne([{ role: sent, content: 'x' }])?.role).toBe(role);
  });

  it('gives a message without a role the role it is asked for', () => {
    expect(readOne([{ content: 'x' }], 'assistant')?.role).toBe('assistant');
    expect(readOne([{ role: '', content: 'x' }], 'assistant')?.role).toBe('assistant');
  });
});

describe('a message of the OpenAI shape', () => {
  it('becomes text and tool calls', () => {
    const sent = {
      role: 'assistant',
      content: 'let me see',
      refusal: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }],
    };
    expect(readOne([sent])).toEqual({
      role: 'assistant',
      parts: [
        { type: 'text', content: 'let me see' },
        { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Paris' } },
      ],
    });
  });

  it('becomes a tool result with the id of its call', () => {
    expect(readOne([{ role: 'tool', tool_call_id: 'c1', content: '{"degrees":3}' }])).toEqual({
      role: 'tool',
      parts: [{ type: 'tool_call_response', id: 'c1', result: { degrees: 3 } }],
    });
    expect(readOne([{ role: 'tool', tool_call_id: 'c1', name: 'weather', content: 'sunny' }])).toEqual({
      role: 'tool',
      parts: [{ type: 'tool_call_response', id: 'c1', name: 'weather', result: 'sunny' }],
    });
  });

  it('has no part where nothing was said', () => {
    expect(readOne([{ role: 'assistant', content: null }])).toEqual({ role: 'assistant', parts: [] });
    expect(readOne([{ role: 'assistant' }])).toEqual({ role: 'assistant', parts: [] });
  });

  it('keeps arguments that are no JSON as text', () => {
    const call = { id: 'c', function: { name: 'f', arguments: '{"cut of' } };
    expect(readOne([{ role: 'assistant', tool_calls: [call] }])?.parts).toEqual([
      { type: 'tool_call', id: 'c', name: 'f', arguments: '{"cut of' },
    ]);
  });

  it('keeps fields that have no canonical name', () => {
    expect(readOne([{ role: 'user', content: 'x', weight: 1, empty: null }])).toEqual({
      role: 'user',
      parts: [{ type: 'text', content: 'x' }],
      weight: 1,
    });
  });

  it('turns images into media', () => {
    const content = [
      { type: 'text', text: 'what is this?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      { type: 'input_image', image_url: 'https://example.com/b.png' },
    ];
    expect(readOne([{ role: 'user', content }])?.parts).toEqual([
      { type: 'text', content: 'what is this?' },
      { type: 'media', modality: 'image', mime_type: 'image/png', content: 'AAAA', detail: 'low' },
      { type: 'media', modality: 'image', mime_type: null, uri: 'https://example.com/a.png' },
      { type: 'media', modality: 'image', mime_type: null, uri: 'https://example.com/b.png' },
    ]);
  });
});

describe('a part', () => {
  it.each([
    ['text of OpenAI', { type: 'text', text: 'a' }, { type: 'text', content: 'a' }],
    ['input_text', { type: 'input_text', text: 'a' }, { type: 'text', content: 'a' }],
    ['output_text', { type: 'output_text', text: 'a' }, { type: 'text', content: 'a' }],
    ['refusal', { type: 'refusal', refusal: 'no' }, { type: 'text', content: 'no' }],
    ['thinking of Anthropic', { type: 'thinking', thinking: 'hm' }, { type: 'reasoning', content: 'hm' }],
    ['text that is none', { type: 'text', content: { a: 1 } }, { type: 'text', content: '{"a":1}' }],
    [
      'a tool call with arguments in text',
      { type: 'tool_call', id: 'c', name: 'f', arguments: '{"a":1}' },
      { type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } },
    ],
    ['a tool call without anything', { type: 'tool_call' }, { type: 'tool_call', id: null, name: '', arguments: null }],
    [
      'tool_use of Anthropic',
      { type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } },
      { type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } },
    ],
    [
      'a server tool call',
      { type: 'server_tool_call', id: 'c', name: 'search', server_tool_call: { q: 'x' } },
      { type: 'tool_call', id: 'c', name: 'search', arguments: { q: 'x' } },
    ],
    [
      'a tool result under `response`',
      { type: 'tool_call_response', id: 'c', response: 'x' },
      { type: 'tool_call_response', id: 'c', result: 'x' },
    ],
    [
      'a tool result under `result`',
      { type: 'tool_call_response', id: 'c', result: '[1]' },
      { type: 'tool_call_response', id: 'c', result: [1] },
    ],
    [
      'a server tool result',
      { type: 'server_tool_call_response', id: 'c', server_tool_call_response: { r: 1 } },
      { type: 'tool_call_response', id: 'c', result: { r: 1 } },
    ],
    [
      'tool_result of Anthropic',
      { type: 'tool_result', tool_use_id: 'c', content: 'x', is_error: true },
      { type: 'tool_call_response', id: 'c', result: 'x', is_error: true },
    ],
    [
      'a blob',
      { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
      { type: 'media', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
    ],
    [
      'a uri',
      { type: 'uri', modality: 'video', mime_type: null, uri: 'gs://b/v' },
      { type: 'media', modality: 'video', mime_type: null, uri: 'gs://b/v' },
    ],
    [
      'a file',
      { type: 'file', modality: 'image', mime_type: null, file_id: 'f1' },
      { type: 'media', modality: 'image', mime_type: null, file_id: 'f1' },
    ],
    ['a file of another shape', { type: 'file', path: 'x' }, { type: 'data', value: { type: 'file', path: 'x' } }],
    ['an unknown type', { type: 'hologram', x: [1] }, { type: 'data', value: { type: 'hologram', x: [1] } }],
    ['a type of Object', { type: 'constructor', x: 1 }, { type: 'data', value: { type: 'constructor', x: 1 } }],
    ['no type', { x: 1 }, { type: 'data', value: { x: 1 } }],
    ['text itself', 'a', { type: 'text', content: 'a' }],
    ['a number', 7, { type: 'data', value: 7 }],
  ] as [string, Json, Json][])('of %s is read', (_what, sent, read) => {
    expect(readPart(sent)).toEqual(read);
  });

  it('keeps digits of large numbers', () => {
    const part = { type: 'tool_call', id: 'c', name: 'f', arguments: '{"id":12345678901234567890}' };
    expect(JSON.stringify(readPart(part))).toContain('"arguments":{"id":12345678901234567890}');
  });
});

describe('the role of a message of tool results', () => {
  const result = { type: 'tool_call_response', id: 'c', response: 'x' };

  it('is tool, also where they came as the user’s', () => {
    expect(readOne([{ role: 'user', parts: [result, result] }])?.role).toBe('tool');
  });

  it('stays the user’s where the user says more', () => {
    expect(readOne([{ role: 'user', parts: [result, { type: 'text', content: 'and?' }] }])?.role).toBe('user');
  });
});

describe('any JSON', () => {
  it('becomes messages with a role and parts of known types, and nothing is thrown', () => {
    const types = ['text', 'reasoning', 'tool_call', 'tool_call_response', 'media', 'data'];
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        for (const message of readMessages(value as Json, 'user')) {
          expect(typeof message.role).toBe('string');
          for (const part of message.parts) expect(types).toContain(part['type']);
          expect(() => JSON.stringify(message)).not.toThrow();
        }
      }),
    );
  });

  it('does not change the prototype of what it becomes', () => {
    const sent = JSON.parse('{"role":"user","content":"x","__proto__":{"name":"evil"}}') as Json;
    const read = readMessage(sent, 'user');
    expect(read.name).toBeUndefined();
    expect(JSON.stringify(read)).toContain('"__proto__":{"name":"evil"}');
  });
});
