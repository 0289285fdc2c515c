import { describe, expect, it } from 'vitest';
import { readIndexed } from '../../../../../collector/map/indexed.ts';
import { readFlatMessages, readFlatTexts } from '../../../../../collector/map/conventions/open-inference-messages.ts';

function read(fields: Record<string, string | bigint>, role = 'user') {
  const named = Object.entries(fields).map(([field, value]) => [`m.0.message.${field}`, value] as const);
  return readFlatMessages(readIndexed(named, { m: 'message.' }).m ?? [], role)[0];
}

const partOf = (fields: Record<string, string>) => read(fields)?.parts;

describe('a message in flat names', () => {
  it('is text', () => {
    expect(read({ role: 'user', content: 'hi' })).toEqual({ role: 'user', parts: [{ type: 'text', content: 'hi' }] });
  });

  it('has the role of its side where it names none', () => {
    expect(read({ content: 'hi' }, 'assistant')?.role).toBe('assistant');
    expect(read({ role: 'human', content: 'hi' }, 'assistant')?.role).toBe('user');
  });

  it('may say nothing', () => {
    expect(read({ role: 'assistant', content: '' })).toEqual({ role: 'assistant', parts: [] });
  });

  it('has a name, and what else was sent with it', () => {
    expect(read({ role: 'user', content: 'hi', name: 'ann', mood: 'good', 'a.b': 1n })).toEqual({
      ...{ role: 'user', name: 'ann', mood: 'good', 'a.b': 1 },
      parts: [{ type: 'text', content: 'hi' }],
    });
  });

  it('has tool calls', () => {
    expect(
      partOf({
        role: 'assistant',
        'tool_calls.1.tool_call.function.name': 'b',
        'tool_calls.0.tool_call.id': 'c0',
        'tool_calls.0.tool_call.function.name': 'a',
        'tool_calls.0.tool_call.function.arguments': '{"x":1}',
        'tool_calls.0.tool_call.reasoning_signature': 's',
      }),
    ).toEqual([
      { type: 'tool_call', id: 'c0', name: 'a', arguments: { x: 1 }, reasoning_signature: 's' },
      { type: 'tool_call', id: null, name: 'b', arguments: null },
    ]);
  });

  it('has the one call of older models', () => {
    expect(partOf({ role: 'assistant', function_call_name: 'a', function_call_arguments_json: '[1]' })).toEqual([
      { type: 'tool_call', id: null, name: 'a', arguments: [1] },
    ]);
  });

  it.each([
    [
      { role: 'tool', tool_call_id: 'c', content: '{"t":1}' },
      { id: 'c', result: { t: 1 } },
    ],
    [
      { role: 'user', tool_call_id: 'c', content: 'warm' },
      { id: 'c', result: 'warm' },
    ],
    [
      { role: 'tool', content: 'warm' },
      { id: null, result: 'warm' },
    ],
    [
      { role: 'function', name: 'f', content: 'warm' },
      { id: null, name: 'f', result: 'warm' },
    ],
    [
      {
        role: 'tool',
        tool_call_id: 'c',
        'contents.0.message_content.type': 'text',
        'contents.0.message_content.text': 'warm',
      },
      { id: 'c', result: 'warm' },
    ],
  ])('of a tool is its result: %j', (fields, part) => {
    expect(read(fields)).toEqual({ role: 'tool', parts: [{ type: 'tool_call_response', ...part }] });
  });
});

describe('contents of a message', () => {
  const content = (fields: Record<string, string>) =>
    partOf(
      Object.fromEntries(Object.entries(fields).map(([key, value]) => [`contents.0.message_content.${key}`, value])),
    );

  it.each([
    [
      { type: 'text', text: 'hi' },
      { type: 'text', content: 'hi' },
    ],
    [{ text: 'hi' }, { type: 'text', content: 'hi' }],
    [
      { type: 'output_text', text: 'hi' },
      { type: 'text', content: 'hi' },
    ],
    [
      { type: 'reasoning', text: 'so', signature: 's', id: 'r' },
      { type: 'reasoning', content: 'so', signature: 's', id: 'r' },
    ],
    [
      { type: 'reasoning', data: 'locked' },
      { type: 'reasoning', content: '', data: 'locked' },
    ],
    [
      { type: 'image', 'image.image.url': 'https://a/b.png' },
      { type: 'media', modality: 'image', mime_type: null, uri: 'https://a/b.png' },
    ],
    [
      { 'image.image.url': 'data:image/png;base64,QUJD' },
      { type: 'media', modality: 'image', mime_type: 'image/png', content: 'QUJD' },
    ],
    [
      {
        type: 'audio',
        'audio.audio.url': 'data:;base64,QUJD',
        'audio.audio.mime_type': 'audio/wav',
        'audio.audio.transcript': 'hi',
      },
      { type: 'media', modality: 'audio', mime_type: 'audio/wav', content: 'QUJD', 'audio.audio.transcript': 'hi' },
    ],
    [
      { type: 'video', 'video.video.url': 'gs://a/b.mp4' },
      { type: 'media', modality: 'video', mime_type: null, uri: 'gs://a/b.mp4' },
    ],
    [
      { type: 'document', title: 'x' },
      { type: 'data', value: { type: 'document', title: 'x' } },
    ],
  ])('are parts: %j', (fields, part) => {
    expect(content(fields)).toEqual([part]);
  });

  it('come in order, with calls in their place and once', () => {
    expect(
      partOf({
        role: 'assistant',
        'contents.2.message_content.type': 'text',
        'contents.2.message_content.text': 'after',
        'contents.1.message_content.type': 'tool_use',
        'contents.1.tool_call.id': 'c1',
        'contents.1.tool_call.function.name': 'a',
        'contents.0.message_content.text': 'before',
        'tool_calls.0.tool_call.id': 'c1',
        'tool_calls.0.tool_call.function.name': 'a',
        'tool_calls.1.tool_call.id': 'c2',
        'tool_calls.1.tool_call.function.name': 'a',
      }),
    ).toEqual([
      { type: 'text', content: 'before' },
      { type: 'tool_call', id: 'c1', name: 'a', arguments: null },
      { type: 'text', content: 'after' },
      { type: 'tool_call', id: 'c2', name: 'a', arguments: null },
    ]);
  });

  it('keep calls without ids apart', () => {
    const call = { 'tool_call.function.name': 'a', 'tool_call.function.arguments': '{}' };
    const at = (root: string) =>
      Object.fromEntries(Object.entries(call).map(([key, value]) => [`${root}.${key}`, value]));
    expect(partOf({ ...at('contents.0'), ...at('tool_calls.0'), ...at('tool_calls.1') })).toHaveLength(2);
  });

  it('may repeat the text of the message', () => {
    const listed = { 'contents.0.message_content.text': 'hi' };
    expect(partOf({ ...listed, content: 'hi' })).toEqual([{ type: 'text', content: 'hi' }]);
    expect(partOf({ ...listed, content: 'ho' })).toEqual([
      { type: 'text', content: 'ho' },
      { type: 'text', content: 'hi' },
    ]);
  });
});

it('texts of a completion are messages', () => {
  const { p } = readIndexed([['p.1.text', 'b'] as const, ['p.0.text', 'a'] as const], { p: '' });
  expect(readFlatTexts(p ?? [], 'user')).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'a' }] },
    { role: 'user', parts: [{ type: 'text', content: 'b' }] },
  ]);
});
