import { describe, expect, it } from 'vitest';
import { holdsMessages, operationDetails } from '../../../../../collector/map/conventions/gen-ai-events.ts';
import { mapLog } from '../../../../../collector/map/log.ts';
import type { MessageRow } from '../../../../../migrations/schema.ts';
import { mapSpan } from '../../../../../collector/map/span.ts';
import { eventsOf, recordOf, spanOf } from '../otlp-fixture.ts';

/** The messages of a mapped span or record by side, found by their hashes. */
function contentOf({ row, messages }: { row: Sides; messages: MessageRow[] }) {
  const bodies = new Map(messages.map(({ hash, body }) => [Buffer.from(hash).toString('hex'), body]));
  const side = (hashes: readonly Uint8Array[]) =>
    hashes.map((hash) => JSON.parse(bodies.get(Buffer.from(hash).toString('hex')) ?? '') as unknown);
  return {
    system: side(row.system_instructions),
    input: side(row.input_messages),
    output: side(row.output_messages),
    tools: side(row.tool_definitions),
  };
}
type Sides = Record<
  'system_instructions' | 'input_messages' | 'output_messages' | 'tool_definitions',
  readonly Uint8Array[]
>;

function readRecord(record: Parameters<typeof recordOf>[0]) {
  return contentOf(mapLog(recordOf(record), 'p', 0, new Map()));
}

const text = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });

describe('a log record of one message', () => {
  it.each([
    ['gen_ai.system.message', 'system'],
    ['gen_ai.user.message', 'user'],
    ['gen_ai.assistant.message', 'assistant'],
  ])('%s is input of the role %s', (name, role) => {
    const content = readRecord({ eventName: name, body: { content: 'hello' } });
    expect(content).toMatchObject({ input: [text(role, 'hello')], output: [] });
    expect(readRecord({ attributes: { 'event.name': name }, body: { content: 'hello' } })).toEqual(content);
  });

  it('of an assistant has its tool calls', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } };
    const { input } = readRecord({ eventName: 'gen_ai.assistant.message', body: { tool_calls: [call] } });
    expect(input).toEqual([
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Paris' } }],
      },
    ]);
  });

  it('of a tool is the result of its call', () => {
    const { input } = readRecord({ eventName: 'gen_ai.tool.message', body: { id: 'c1', content: '{"degrees":3}' } });
    expect(input).toEqual([
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', result: { degrees: 3 } }] },
    ]);
  });

  it('of a choice is output, with its reason', () => {
    const body = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } };
    expect(readRecord({ eventName: 'gen_ai.choice', body })).toMatchObject({
      input: [],
      output: [{ ...text('assistant', 'hi'), finish_reason: 'stop' }],
    });
  });

  it('of a choice has its tool calls', () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
    const body = { index: 0, finish_reason: 'tool_calls', message: { tool_calls: [call] } };
    expect(readRecord({ eventName: 'gen_ai.choice', body }).output).toEqual([
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: {} }],
        finish_reason: 'tool_calls',
      },
    ]);
  });

  it.each([
    ['gen_ai.user.message', {}, { role: 'user', parts: [] }],
    ['gen_ai.user.message', undefined, { role: 'user', parts: [] }],
    [
      'gen_ai.choice',
      { index: 0, finish_reason: 'stop', message: {} },
      { role: 'assistant', parts: [], finish_reason: 'stop' },
    ],
    [
      'gen_ai.tool.message',
      { id: 'c1' },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', result: null }] },
    ],
  ])('%s without its text (%j) is still a message', (eventName, body, message) => {
    const { input, output } = readRecord({ eventName, ...(body === undefined ? {} : { body }) });
    expect([...input, ...output]).toEqual([message]);
  });

  it.each([
    ['just text', [{ type: 'text', content: 'just text' }]],
    [7, [{ type: 'data', value: 7 }]],
    [
      ['a', { x: 1 }],
      [
        { type: 'text', content: 'a' },
        { type: 'data', value: { x: 1 } },
      ],
    ],
  ])('keeps a body of another shape: %j', (body, parts) => {
    expect(readRecord({ eventName: 'gen_ai.user.message', body }).input).toEqual([{ role: 'user', parts }]);
  });

  it('keeps a body that is a number beyond a double', () => {
    const { messages } = mapLog(recordOf({ eventName: 'gen_ai.choice', body: 2n ** 60n + 1n }), 'p', 0, new Map());
    expect(messages[0]?.body).toContain('1152921504606846977');
  });
});

describe('a log record with the details of a call', () => {
  it('has structured messages, either side alone', () => {
    const input = readRecord({
      eventName: operationDetails,
      attributes: {
        'gen_ai.system_instructions': [{ type: 'text', content: 'be kind' }],
        'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: 'hello' }] }],
        'gen_ai.tool.definitions': [{ type: 'function', name: 'weather' }],
      },
    });
    expect(input).toEqual({
      system: [text('system', 'be kind')],
      input: [text('user', 'hello')],
      output: [],
      tools: [{ type: 'function', name: 'weather' }],
    });
    const output = readRecord({
      eventName: operationDetails,
      attributes: {
        'gen_ai.output.messages': [
          { role: 'assistant', parts: [{ type: 'text', content: 'hi' }], finish_reason: 'stop' },
        ],
      },
    });
    expect(output).toMatchObject({ input: [], output: [{ ...text('assistant', 'hi'), finish_reason: 'stop' }] });
  });
});

describe('events of a span', () => {
  it('give its messages in their order, once', () => {
    const span = spanOf(
      {},
      eventsOf(
        ['gen_ai.system.message', { content: 'be kind' }],
        ['gen_ai.user.message', { content: 'hello', role: 'user' }],
        ['gen_ai.assistant.message', { tool_calls: '[{"id":"c","function":{"name":"f","arguments":"{}"}}]' }],
        ['gen_ai.tool.message', { id: 'c', content: 'x' }],
        ['other', { kept: 1 }],
        ['gen_ai.choice', { index: 0, finish_reason: 'stop', message: '{"content":"hi"}' }],
      ),
    );
    const mapped = mapSpan(span, 'p');
    expect(contentOf(mapped)).toEqual({
      system: [],
      input: [
        text('system', 'be kind'),
        text('user', 'hello'),
        { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: {} }] },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', result: 'x' }] },
      ],
      output: [{ ...text('assistant', 'hi'), finish_reason: 'stop' }],
      tools: [],
    });
    const events = JSON.parse(mapped.row.events) as { name: string; attributes: object }[];
    expect(events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['gen_ai.system.message', {}],
      ['gen_ai.user.message', {}],
      ['gen_ai.assistant.message', {}],
      ['gen_ai.tool.message', {}],
      ['other', { kept: 1 }],
      ['gen_ai.choice', {}],
    ]);
  });

  it('give the sides of a call that older emitters put in one attribute', () => {
    const span = spanOf(
      {},
      eventsOf(
        ['gen_ai.content.prompt', { 'gen_ai.prompt': '[{"role":"user","content":"hello"}]' }],
        ['gen_ai.content.completion', { 'gen_ai.completion': '42' }],
      ),
    );
    expect(contentOf(mapSpan(span, 'p'))).toMatchObject({
      input: [text('user', 'hello')],
      output: [text('assistant', '42')],
    });
  });

  it('are joined where details come in two pieces', () => {
    const span = spanOf(
      {},
      eventsOf(
        [operationDetails, { 'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: 'a' }] }] }],
        [operationDetails, { 'gen_ai.output.messages': [{ role: 'assistant', parts: [] }] }],
      ),
    );
    expect(contentOf(mapSpan(span, 'p'))).toMatchObject({
      input: [text('user', 'a')],
      output: [{ role: 'assistant', parts: [] }],
    });
  });

  it('yield to the span’s own attributes, side by side', () => {
    const span = spanOf(
      { 'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"attribute"}]}]' },
      eventsOf(
        ['gen_ai.user.message', { content: 'event' }],
        ['gen_ai.choice', { message: { content: 'answer' }, finish_reason: 'stop' }],
      ),
    );
    expect(contentOf(mapSpan(span, 'p'))).toMatchObject({
      input: [text('user', 'attribute')],
      output: [{ ...text('assistant', 'answer'), finish_reason: 'stop' }],
    });
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('named %s are ordinary events', (name) => {
    expect(holdsMessages(name)).toBe(false);
    const { row, messages } = mapSpan(spanOf({}, eventsOf([name, { kept: 1 }])), 'p');
    expect(messages).toEqual([]);
    expect(JSON.parse(row.events)).toEqual([{ timeUnixNano: '1', name, attributes: { kept: 1 } }]);
  });
});
