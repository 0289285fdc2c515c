import { expect, test } from 'vitest';
import { AnthropicReplyReader } from '../../../../runtime/models/anthropic-reply.ts';
import type { ModelEvent } from '../../../../runtime/models/model.ts';
import { ModelFailure } from '../../../../runtime/models/model-failure.ts';

function read(events: readonly object[]) {
  const reader = new AnthropicReplyReader('anthropic');
  const seen: ModelEvent[] = [];
  for (const event of events) {
    reader.takeEvent(JSON.stringify(event), '');
    seen.push(...reader.events.takeAll());
  }
  return { reply: reader.finish(), events: seen, isDone: reader.isDone() };
}

const start = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude', usage: { input_tokens: 3, output_tokens: 1 } },
};
const block = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block });
const delta = (index: number, one: object) => ({ type: 'content_block_delta', index, delta: one });
const ended = (stop_reason: string) => [
  { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
];

test('blocks of every kind: what is seen, what goes back', () => {
  const { reply, events, isDone } = read([
    start,
    { type: 'ping' },
    block(0, { type: 'thinking', thinking: '', signature: '' }),
    delta(0, { type: 'thinking_delta', thinking: 'Let me ' }),
    delta(0, { type: 'thinking_delta', thinking: 'think.' }),
    delta(0, { type: 'signature_delta', signature: 'abc' }),
    { type: 'content_block_stop', index: 0 },
    block(1, { type: 'redacted_thinking', data: 'xyz' }),
    block(2, { type: 'text', text: 'One ' }),
    delta(2, { type: 'text_delta', text: 'moment.' }),
    block(3, { type: 'tool_use', id: 'a', name: 'now', input: {} }),
    block(4, { type: 'tool_use', id: 'b', name: 'weather', input: {} }),
    delta(4, { type: 'input_json_delta', partial_json: '' }),
    delta(4, { type: 'input_json_delta', partial_json: '{"city":' }),
    delta(4, { type: 'input_json_delta', partial_json: '"Berlin"}' }),
    ...ended('tool_use'),
  ]);
  expect(isDone).toBe(true);
  expect(reply).toMatchObject({
    text: 'One moment.',
    finishReason: 'tool_calls',
    responseId: 'msg_1',
    responseModel: 'claude',
    toolCalls: [
      { id: 'a', name: 'now', arguments: '{}' },
      { id: 'b', name: 'weather', arguments: '{"city":"Berlin"}' },
    ],
    usage: { inputTokens: 3, outputTokens: 9 },
    state: {
      provider: 'anthropic',
      blocks: [
        { type: 'thinking', thinking: 'Let me think.', signature: 'abc' },
        { type: 'redacted_thinking', data: 'xyz' },
        { type: 'text', chars: 11 },
        { type: 'tool_use', id: 'a' },
        { type: 'tool_use', id: 'b' },
      ],
    },
  });
  expect(events).toEqual([
    { type: 'reasoning', text: 'Let me ' },
    { type: 'reasoning', text: 'think.' },
    { type: 'text', text: 'One ' },
    { type: 'text', text: 'moment.' },
    { type: 'tool_call', index: 0, id: 'a', name: 'now', arguments: '' },
    { type: 'tool_call', index: 1, id: 'b', name: 'weather', arguments: '' },
    { type: 'tool_call', index: 1, arguments: '{"city":' },
    { type: 'tool_call', index: 1, arguments: '"Berlin"}' },
  ]);
});

test('an answer without thinking leaves nothing to hand back', () => {
  const { reply } = read([
    start,
    block(0, { type: 'text', text: '' }),
    delta(0, { type: 'text_delta', text: 'Hi.' }),
    ...ended('end_turn'),
  ]);
  expect(reply?.text).toBe('Hi.');
  expect(reply?.state).toBeUndefined();
});

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
  ['something_new', 'stop'],
])('%s is %s', (reason, finish) => {
  expect(read([start, ...ended(reason)]).reply?.finishReason).toBe(finish);
});

test('events, blocks and deltas of later versions are passed over', () => {
  const { reply } = read([
    start,
    { type: 'something_new', value: 1 },
    block(0, { type: 'hologram', data: 'x' }),
    delta(0, { type: 'hologram_delta', data: 'y' }),
    delta(7, { type: 'input_json_delta', partial_json: '{"lost":1}' }),
    block(1, { type: 'text', text: 'Hi.' }),
    ...ended('end_turn'),
  ]);
  expect(reply).toMatchObject({ text: 'Hi.', toolCalls: [] });
});

test('without a reason to stop the reply is not whole', () => {
  expect(read([start, block(0, { type: 'text', text: 'Hi.' }), { type: 'message_stop' }]).reply).toBeUndefined();
});

test.each([
  [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'unavailable'],
  [
    { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 3 > 2' } },
    'context_too_long',
  ],
  [{ type: 'error' }, 'unavailable'],
  [[1], 'malformed_reply'],
])('%j is a failure', (event, kind) => {
  const failure = Array.isArray(event)
    ? () => new AnthropicReplyReader('a').takeEvent('7', '')
    : () => read([start, event]);
  expect(failure).toThrow(expect.objectContaining({ name: ModelFailure.name, kind }) as Error);
});
