/** Where a folded text ends, and how a reader's line is guessed before it is laid out. */
export const foldLines = 40;
const charsPerLine = 80;
/** A hundred lines: few enough to lay out within a frame. */
const pieceCharsMax = 8_000;

/** The lines a text takes at most 80 characters wide, counted up to `max`. */
export function countTextLines(text: string, max = Infinity): number {
  return walkLines(text, max).lines;
}

/** The first 40 lines of a text; the same string where it is not longer. */
export function foldText(text: string): string {
  const { end } = walkLines(text, foldLines);
  return end < text.length ? text.slice(0, end) : text;
}

function walkLines(text: string, max: number): { lines: number; end: number } {
  let lines = 0;
  let from = 0;
  while (from <= text.length && lines < max) {
    const newline = text.indexOf('\n', from);
    const end = newline < 0 ? text.length : newline;
    const wrapped = Math.max(1, Math.ceil((end - from) / charsPerLine));
    if (lines + wrapped > max) return { lines: max, end: from + (max - lines) * charsPerLine };
    lines += wrapped;
    from = end + 1;
  }
  return { lines, end: Math.min(from, text.length) };
}

/** The beginning of a text on one line, for the title of what is folded. */
export function firstWords(text: string): string {
  const charsMax = 120;
  const line = text
    .slice(0, charsMax * 2)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > charsMax ? `${line.slice(0, charsMax)}…` : line;
}

/**
 * Cuts a long text into pieces that can be laid out apart, each at most 8,000 characters: after a line where there is
 * one, else after a space. Joined they are the text.
 */
export function splitText(text: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (text.length - from > pieceCharsMax) {
    const end = from + pieceCharsMax;
    const newline = text.lastIndexOf('\n', end - 1);
    const space = newline > from ? newline : text.lastIndexOf(' ', end - 1);
    const cut = space > from ? space + 1 : end - (isSurrogateStart(text.charCodeAt(end - 1)) ? 1 : 0);
    pieces.push(text.slice(from, cut));
    from = cut;
  }
  pieces.push(text.slice(from));
  return pieces;
}

function isSurrogateStart(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
