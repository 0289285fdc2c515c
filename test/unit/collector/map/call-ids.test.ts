import { describe, expect, it } from 'vitest';
import { fillCallIds } from '../../../../collector/map/call-ids.ts';
import type { CanonicalMessage } from '../../../../collector/map/message.ts';

describe('ids of tool calls', () => {
  const call = (id: string | null, name = 'f'): CanonicalMessage => ({
    role: 'assistant',
    parts: [
      { type: 'text', content: 'x' },
      { type: 'tool_call', id, name, arguments: null },
    ],
  });
  const answer = (id: string | null): CanonicalMessage => ({
    role: 'tool',
    parts: [{ type: 'tool_call_response', id, result: 'r' }],
  });

  it('are filled from the same messages elsewhere', () => {
    const others = [call('a'), call('b'), answer('a'), answer('b')];
    expect(fillCallIds([call(null), call(null), answer(null), answer(null)], others)).toEqual(others);
    expect(fillCallIds([call('own'), call(null)], others)).toEqual([call('own'), call('b')]);
  });

  it('are left out where the messages differ', () => {
    expect(fillCallIds([call(null)], [call('a'), call('b')])).toEqual([call(null)]);
    expect(fillCallIds([call(null)], [call('a', 'g')])).toEqual([call(null)]);
    expect(fillCallIds([call(null)], [])).toEqual([call(null)]);
  });
});
