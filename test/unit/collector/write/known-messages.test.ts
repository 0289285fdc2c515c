import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySet } from '../../../../collector/write/key-set.ts';
import { KnownMessages } from '../../../../collector/write/known-messages.ts';

describe('KnownMessages', () => {
  it('knows only what it was told', () => {
    const known = new KnownMessages();
    expect(known.has(1, 2)).toBe(false);
    known.learn(1, 2);
    expect([known.has(1, 2), known.has(2, 1), known.has(-1, 2)]).toEqual([true, false, false]);
  });

  it('forgets what was not asked for while many others were learned', () => {
    const known = new KnownMessages(2);
    for (const key of [1, 2, 3]) known.learn(key, 0); // 1 2 | 3
    expect(known.has(1, 0)).toBe(true); // 2 | 3 1
    for (const key of [4, 5]) known.learn(key, 0); // 3 1 | 4 5
    known.learn(6, 0); // 4 5 | 6
    expect([1, 2, 3, 4, 5, 6].map((key) => known.has(key, 0))).toEqual([false, false, false, true, true, true]);
  });
});

describe('KeySet', () => {
  it('is a set of pairs of numbers, of any sign, of zeros too', () => {
    const key = fc.tuple(
      fc.oneof(fc.constantFrom(0, -1, 1), fc.integer()),
      fc.oneof(fc.constantFrom(0, -1), fc.integer()),
    );
    fc.assert(
      fc.property(fc.array(key, { maxLength: 3_000 }), (keys) => {
        const set = new KeySet();
        const expected = new Set<string>();
        for (const [low, high] of keys) {
          // A free slot is two zeros: that pair is taken for its neighbour.
          const name = String([low, low === 0 && high === 0 ? 1 : high]);
          expect(set.add(low, high)).toBe(!expected.has(name));
          expected.add(name);
        }
        for (const [low, high] of keys) expect(set.has(low, high)).toBe(true);
        expect([set.size, set.has(12_345, 678)]).toEqual([expected.size, expected.has('12345,678')]);
        set.clear();
        expect([set.size, keys.some(([low, high]) => set.has(low, high))]).toEqual([0, false]);
      }),
      { numRuns: 30 },
    );
  });
});
