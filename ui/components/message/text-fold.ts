/** Where a folded text ends, and how a reader's line is guessed before it is laid out. */
export const foldLines = 40;
const charsPerLine = 80;

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
