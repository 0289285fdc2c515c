import { describe, expect, test } from 'vitest';
import type { ChatEvent, TurnEnd } from '../../../../ui/api/chat-events.ts';
import { applyEvent, beginTurn, isOpen, readTurns } from '../../../../ui/state/chat-turn.ts';

const play = (...events: readonly ChatEvent[]) => events.reduce(applyEvent, beginTurn('Hi', 'k1'));
const end = (changes: Partial<TurnEnd> = {}): ChatEvent => ({
  type: 'end',
  end: {
    ...{ turnId: 't', traceId: 'ab', revision: 'r', state: 'completed', reason: null, message: null, costUsd: null },
    ...{ steps: 1, toolCalls: 0, ...changes },
  },
});
const started = (callId: string): ChatEvent => ({ type: 'tool_started', callId, name: 'find', arguments: '{}' });
const ended = (callId: string, failure: string | null = null): ChatEvent => ({
  ...{ type: 'tool_ended', callId, name: 'find', failure, durationMs: 5 },
});

describe('a turn of a chat', () => {
  test('grows by what comes, until it ends', () => {
    const open = play({ type: 'text', text: 'Hel' }, { type: 'text', text: 'lo' });
    expect(open.text).toBe('Hello');
    expect(isOpen(open)).toBe(true);
    const over = applyEvent(open, end());
    expect(over).toMatchObject({ text: 'Hello', traceId: 'ab', end: { state: 'completed' }, failure: null });
    expect(isOpen(over)).toBe(false);
  });

  test('has every call with its own outcome, those that run at once too', () => {
    const { activities } = play(started('a'), started('b'), ended('b', 'timeout'), ended('a'));
    expect(activities).toMatchObject([
      { callId: 'a', state: 'done', failure: null, durationMs: 5 },
      { callId: 'b', state: 'failed', failure: 'timeout' },
    ]);
    expect(play(started('a'), ended('a'), started('a')).activities).toMatchObject([
      { state: 'done' },
      { state: 'running' },
    ]);
    expect(play(ended('x')).activities).toMatchObject([{ callId: 'x', state: 'done' }]);
  });

  test('says what was tried again', () => {
    const retry: ChatEvent = { type: 'model_retry', model: 'a/b', failure: 'rate_limited' };
    expect(play(retry).activities).toEqual([{ type: 'retry', model: 'a/b', failure: 'rate_limited' }]);
  });

  test('shows why it is not whole once, not in its text as well', () => {
    const limited = end({ state: 'limited', reason: 'max_steps', message: '12 of 12 model calls' });
    expect(play({ type: 'text', text: 'Half\n\n[12 of 12 model calls]' }, limited).text).toBe('Half');
    expect(play({ type: 'text', text: '[12 of 12 model calls]' }, limited).text).toBe('');
    expect(play({ type: 'text', text: 'see [1]' }, end({ message: '1' })).text).toBe('see [1]');
  });

  test('keeps what came when the request fails', () => {
    const failed = play({ type: 'text', text: 'Half' }, { type: 'error', code: 'session_busy', message: 'busy' });
    expect(failed).toMatchObject({ text: 'Half', end: null, failure: { code: 'session_busy', message: 'busy' } });
    expect(isOpen(failed)).toBe(false);
  });

  test('is read as the runtime kept it, also where it still runs', () => {
    const turn = {
      ...{ id: 't1', number: 1, state: 'limited', reason: 'max_steps', message: 'm', input: ['a', 'b'], text: 'x' },
      ...{ trace_id: 'ab', cost_usd: '0.1', steps: 3, tool_calls: 2 },
    };
    const running = { ...turn, id: 't2', state: 'running', reason: null, message: null };
    const [first, second] = readTurns({ id: 's', agent: 'a', revision: 'a@1', user: null, turns: [turn, running] });
    expect(first).toMatchObject({
      key: 't1',
      input: 'a\n\nb',
      text: 'x',
      end: { state: 'limited', costUsd: '0.1', steps: 3 },
    });
    expect(second).toMatchObject({ phase: 'open', end: null, traceId: 'ab' });
  });
});
