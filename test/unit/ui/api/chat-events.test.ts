import { describe, expect, test } from 'vitest';
import { readChatEvents } from '../../../../ui/api/chat-events.ts';

const read = (chunk: unknown) => readChatEvents(JSON.stringify(chunk));
const own = (sightglass: object) => read({ choices: [{ index: 0, delta: {}, finish_reason: null }], sightglass });
const outcome = {
  ...{ session_id: 's', turn_id: 't', trace_id: 'ab', agent: 'support', revision: 'support@1', state: 'completed' },
  ...{ reason: null, message: null, cost_usd: '0.01', steps: 2, tool_calls: 1 },
};
const end = {
  ...{ turnId: 't', traceId: 'ab', revision: 'support@1', state: 'completed', reason: null, message: null },
  ...{ costUsd: '0.01', steps: 2, toolCalls: 1 },
};

describe('chunks of a streamed answer', () => {
  test('are text, and nothing where they have none', () => {
    expect(read({ choices: [{ delta: { content: 'Hel' } }] })).toEqual([{ type: 'text', text: 'Hel' }]);
    expect(read({ choices: [{ delta: { role: 'assistant', content: '' } }] })).toEqual([]);
    expect(read({ choices: [], usage: { total_tokens: 3 } })).toEqual([]);
    expect(readChatEvents('[DONE]')).toEqual([]);
  });

  test('say what the agent does', () => {
    expect(own({ event: 'tool_started', call_id: 'c', name: 'find', arguments: '{}' })).toEqual([
      { type: 'tool_started', callId: 'c', name: 'find', arguments: '{}' },
    ]);
    expect(own({ event: 'tool_ended', call_id: 'c', name: 'find', failure: 'timeout', duration_ms: 12 })).toEqual([
      { type: 'tool_ended', callId: 'c', name: 'find', failure: 'timeout', durationMs: 12 },
    ]);
    expect(own({ event: 'model_retry', provider: 'openai', model: 'gpt-5', failure: 'rate_limited' })).toEqual([
      { type: 'model_retry', model: 'openai/gpt-5', failure: 'rate_limited' },
    ]);
  });

  test('say how the turn ended, a failed one too', () => {
    expect(read({ choices: [{ delta: { content: '.' } }], sightglass: outcome })).toEqual([
      { type: 'text', text: '.' },
      { type: 'end', end },
    ]);
    const error = { code: 'model_failed', message: 'no model answered' };
    const failed = { ...outcome, state: 'failed', reason: 'model_failed', message: 'no model answered' };
    expect(read({ error, sightglass: failed })).toMatchObject([{ type: 'end', end: { state: 'failed' } }]);
    expect(read({ error })).toEqual([{ type: 'error', ...error }]);
    expect(read({ error: {} })).toEqual([{ type: 'error', code: 'bad_reply', message: 'The turn failed.' }]);
  });

  test('say nothing where they are not known here', () => {
    expect(own({ event: 'compacted', name: 1 })).toEqual([]);
    expect(own({})).toEqual([]);
    expect(read({ choices: 'none', sightglass: [] })).toEqual([]);
    expect(read({ choices: [{ delta: { content: { text: 'x' } } }] })).toEqual([]);
    expect(own({ event: 'tool_ended', failure: 7 })).toMatchObject([{ name: 'tool', callId: 'tool', failure: null }]);
  });

  test('are refused where they are no JSON object', () => {
    expect(() => readChatEvents('{')).toThrow();
    expect(() => readChatEvents('[]')).toThrow('no object');
  });
});
