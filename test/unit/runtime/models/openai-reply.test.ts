import { describe, expect, test } from 'vitest';
import type { ModelEvent } from '../../../../runtime/models/model.ts';
import { ModelFailure } from '../../../../runtime/models/model-failure.ts';
import { OpenaiReplyReader } from '../../../../runtime/models/openai-reply.ts';

type Choice = Record<string, unknown>;

function read(chunks: readonly unknown[], provider = 'openai') {
  const reader = new OpenaiReplyReader(provider);
  const events: ModelEvent[] = [];
  for (const chunk of chunks) {
    reader.takeEvent(typeof chunk === 'string' ? chunk : JSON.stringify(chunk), '');
    events.push(...reader.events.takeAll());
  }
  return { reply: reader.finish(), events };
}

function choose(delta: object, more: Choice = {}) {
  return { id: 'c1', choices: [{ index: 0, delta, finish_reason: null, ...more }] };
}

const stop = choose({}, { finish_reason: 'stop' });

describe('servers that differ', () => {
  test('all tool calls have the index 0 and come whole: another id is another call', () => {
    const call = (id: string, city: string) =>
      choose({
        tool_calls: [
          { index: 0, id, type: 'function', function: { name: 'weather', arguments: `{"city":"${city}"}` } },
        ],
      });
    const { reply } = read([call('a', 'Berlin'), call('b', 'Rome'), stop]);
    expect(reply).toMatchObject({
      finishReason: 'tool_calls',
      toolCalls: [
        { id: 'a', arguments: '{"city":"Berlin"}' },
        { id: 'b', arguments: '{"city":"Rome"}' },
      ],
    });
  });

  test('the id is repeated with every piece', () => {
    const piece = (name: string | undefined, text: string) =>
      choose({ tool_calls: [{ index: 0, id: 'a', function: { name, arguments: text } }] });
    const { reply, events } = read([piece('weather', '{"ci'), piece('weather', 'ty":'), piece(undefined, '1}'), stop]);
    expect(reply?.toolCalls).toEqual([{ id: 'a', name: 'weather', arguments: '{"city":1}' }]);
    expect(events.map((event) => event.type)).toEqual(['tool_call', 'tool_call', 'tool_call']);
  });

  test('neither index nor id: a call of its own, with an id that is made', () => {
    const { reply } = read([choose({ tool_calls: [{ function: { name: 'now', arguments: '{}' } }] }), stop]);
    expect(reply?.toolCalls).toEqual([
      { id: expect.stringMatching(/^call_[0-9a-f]{32}$/) as string, name: 'now', arguments: '{}' },
    ]);
  });

  test('what stands beside a call is kept for the same provider', () => {
    const extra = { google: { thought_signature: 'abc' } };
    const { reply } = read(
      [
        choose({
          tool_calls: [{ index: 0, id: 'a', function: { name: 'now', arguments: '{}' }, extra_content: extra }],
        }),
        stop,
      ],
      'gemini',
    );
    expect(reply?.state).toEqual({ provider: 'gemini', blocks: [{ callId: 'a', extraContent: extra }] });
    expect(reply?.toolCalls).toEqual([{ id: 'a', name: 'now', arguments: '{}' }]);
  });

  test.each(['reasoning_content', 'reasoning'])('thoughts in %s', (key) => {
    expect(read([choose({ [key]: 'hm' }), stop]).events).toEqual([{ type: 'reasoning', text: 'hm' }]);
  });

  test('usage with every chunk: the last one counts', () => {
    const usage = (tokens: number) => ({
      usage: { prompt_tokens: 5, completion_tokens: tokens, total_tokens: 5 + tokens },
    });
    const { reply } = read([
      { ...choose({ content: 'a' }), ...usage(1) },
      { ...stop, ...usage(2) },
    ]);
    expect(reply?.usage).toMatchObject({ inputTokens: 5, outputTokens: 2 });
  });

  test('no [DONE] behind the finish reason', () => {
    expect(read([choose({ content: 'a' }), stop]).reply).toMatchObject({ text: 'a', finishReason: 'stop' });
  });

  test('[DONE] without a finish reason is no end', () => {
    expect(read([choose({ content: 'a' }), '[DONE]']).reply).toBeUndefined();
  });

  test('a finish reason that nobody knows is an end all the same', () => {
    expect(read([choose({ content: 'a' }, { finish_reason: 'eos' })]).reply?.finishReason).toBe('stop');
  });

  test('a refusal is text that was filtered', () => {
    const { reply } = read([choose({ refusal: 'I can’t.' }), stop]);
    expect(reply).toMatchObject({ text: 'I can’t.', finishReason: 'content_filter' });
  });

  test('chunks without choices, with null and with unknown fields are no fault', () => {
    const { reply } = read([
      { id: 'c1', choices: null },
      { choices: [] },
      choose({ content: null, tool_calls: null, audio: {} }),
      choose({ content: 'a' }),
      stop,
    ]);
    expect(reply).toMatchObject({ text: 'a', responseId: 'c1' });
  });
});

test.each([
  ['an error object', { error: { message: 'busy', type: 'server_error' } }, 'unavailable'],
  ['an error as text', { error: 'busy' }, 'unavailable'],
  [
    'a choice that failed',
    choose({}, { finish_reason: 'error', error: { code: 429, message: 'slow down' } }),
    'rate_limited',
  ],
  ['no object', '17', 'malformed_reply'],
  ['no JSON', '{"id', 'malformed_reply'],
])('%s in the stream is a failure', (_name, chunk, kind) => {
  expect(() => read([choose({ content: 'a' }), chunk])).toThrow(
    expect.objectContaining({ name: ModelFailure.name, kind }) as Error,
  );
});

test('pieces of text that came together are one event', () => {
  const reader = new OpenaiReplyReader('openai');
  for (const content of ['a', 'b', 'c']) reader.takeEvent(JSON.stringify(choose({ content })), '');
  expect(reader.events.takeAll()).toEqual([{ type: 'text', text: 'abc' }]);
});
