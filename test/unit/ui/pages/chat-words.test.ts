import { describe, expect, test } from 'vitest';
import { endReasons, turnStates } from '../../../../runtime/sessions/record.ts';
import { toolFailureKinds } from '../../../../runtime/tools/tool.ts';
import { describeEnd, describeToolFailure } from '../../../../ui/pages/agents/chat-words.ts';

describe('how a turn ended', () => {
  test('is said by the runtime where it says something', () => {
    expect(describeEnd({ state: 'limited', reason: 'max_steps', message: '12 of 12 model calls' })).toEqual({
      ...{ title: 'Ended by a limit', words: '12 of 12 model calls', tone: 'warning' },
    });
    expect(describeEnd({ state: 'completed', reason: null, message: null })).toBeNull();
  });

  test('has words for every reason and every state of the runtime', () => {
    for (const reason of endReasons) {
      expect(describeEnd({ state: 'failed', reason, message: null })?.words).toMatch(/^[A-Z].*\.$/);
    }
    for (const state of turnStates.filter((one) => !['waiting', 'running', 'completed'].includes(one))) {
      expect(describeEnd({ state, reason: null, message: null })?.title).toMatch(/^[A-Z]/);
    }
  });

  test('has a word or two for every failure of a tool', () => {
    for (const kind of toolFailureKinds) expect(describeToolFailure(kind)).toMatch(/^[a-z][a-z ]+$/);
    expect(describeToolFailure(null)).toBe('failed');
  });
});
