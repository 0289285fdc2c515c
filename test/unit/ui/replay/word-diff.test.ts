import { expect, test } from 'vitest';
import { diffWords } from '../../../../ui/replay/word-diff.ts';

test('an edit shows the words that went and came', () => {
  expect(diffWords('Be kind and brief.', 'Be kind and exact.')).toEqual([
    { state: 'same', text: 'Be kind and ' },
    { state: 'removed', text: 'brief' },
    { state: 'added', text: 'exact' },
    { state: 'same', text: '.' },
  ]);
});

test('long unchanged text is cut to what surrounds the edit', () => {
  const long = 'word '.repeat(1_000);
  const pieces = diffWords(`${long}old ${long}`, `${long}new ${long}`);
  expect(pieces.map(({ state }) => state)).toEqual(['folded', 'same', 'removed', 'added', 'same', 'folded']);
  const chars = (state: string) =>
    pieces.reduce(
      (sum, piece) => sum + (piece.state !== state ? 0 : 'text' in piece ? piece.text.length : piece.chars),
      0,
    );
  expect(chars('folded') + chars('same') + 'new'.length).toBe(2 * long.length + 4);
});

test('texts too long to compare are shown whole', () => {
  const pieces = diffWords('a'.repeat(300_000), 'b'.repeat(300_000));
  expect(pieces.map(({ state }) => state)).toEqual(['removed', 'added']);
});
