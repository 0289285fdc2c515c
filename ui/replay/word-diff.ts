import { diffLines, diffWordsWithSpace } from 'diff';

/** A piece of a text that was edited; `folded` stands for so many unchanged characters. */
export type WordPiece = { state: 'same' | 'added' | 'removed'; text: string } | { state: 'folded'; chars: number };

/** Beyond these a comparison word by word, then line by line, takes too long to wait for. */
const wordEditsMax = 2_000;
const lineEditsMax = 1_000;
const comparedCharsMax = 400_000;
/** Unchanged text around an edit that is shown. */
const aroundChars = 160;

/** How one text became another: word by word, line by line where that is too much, else as a whole. Unchanged runs are cut. */
export function diffWords(before: string, after: string): WordPiece[] {
  return comparePieces(before, after).flatMap((piece, place, all) =>
    foldSame(piece, place === 0, place === all.length - 1),
  );
}

type Piece = Extract<WordPiece, { text: string }>;

function comparePieces(before: string, after: string): Piece[] {
  if (before.length + after.length <= comparedCharsMax) {
    const changes =
      diffWordsWithSpace(before, after, { maxEditLength: wordEditsMax }) ??
      diffLines(before, after, { maxEditLength: lineEditsMax });
    if (changes !== undefined)
      return changes.map(({ added, removed, value }) => ({
        state: added ? 'added' : removed ? 'removed' : 'same',
        text: value,
      }));
  }
  return [
    { state: 'removed', text: before },
    { state: 'added', text: after },
  ];
}

function foldSame(piece: Piece, isFirst: boolean, isLast: boolean): WordPiece[] {
  if (piece.state !== 'same' || piece.text.length <= 3 * aroundChars) return [piece];
  const head = isFirst ? '' : piece.text.slice(0, aroundChars);
  const tail = isLast ? '' : piece.text.slice(-aroundChars);
  const chars = piece.text.length - head.length - tail.length;
  return [
    ...(head === '' ? [] : [{ state: 'same' as const, text: head }]),
    { state: 'folded', chars },
    ...(tail === '' ? [] : [{ state: 'same' as const, text: tail }]),
  ];
}
