import { describe, expect, it } from 'vitest';
import { KnownMessages } from '../../../../collector/write/known-messages.ts';
import type { MessageRow } from '../../../../migrations/schema.ts';

function messages(...keys: string[]): Map<string, MessageRow> {
  return new Map(keys.map((key) => [key, { body: key } as MessageRow]));
}

describe('KnownMessages', () => {
  it('gives each unknown message once', () => {
    const known = new KnownMessages();
    expect([...known.unknown([messages('a', 'b'), messages('b', 'c')]).keys()]).toEqual(['a', 'b', 'c']);
  });

  it('knows only what it was told', () => {
    const known = new KnownMessages();
    known.unknown([messages('a')]);
    expect(known.unknown([messages('a')]).size).toBe(1);
    known.learn(['a']);
    expect(known.unknown([messages('a', 'b')])).toEqual(messages('b'));
  });

  it('forgets what was not used for longest', () => {
    const known = new KnownMessages(2);
    known.learn(['a']);
    known.learn(['b']);
    known.unknown([messages('a')]);
    known.learn(['c']);
    expect([...known.unknown([messages('a', 'b', 'c')]).keys()]).toEqual(['b']);
  });
});
