/** What somebody typed into the search box, as the text index understands it. */
export interface TextQuery {
  /** Lower-case tokens that must all occur. */
  words: readonly string[];
  /** Lower-case token sequences that must all occur, each in its order. */
  phrases: readonly string[];
  /** Set when the text may be the id of a trace, span, session or response. */
  id: string | undefined;
}

const idLike = /^(?=.*[\d_:-])\S{6,200}$/;
/** A token is what the index cuts out: ASCII letters and digits, and everything beyond ASCII. */
const separators = /[\0-/:-@[-`{-\x7f]+/;

/**
 * Words that stand alone, quoted phrases, and terms with punctuation inside (`gpt-5`, `user@example.com`), which become
 * phrases; undefined where the text is blank. Without any letter or digit it matches nothing but an id.
 */
export function parseTextQuery(text: string): TextQuery | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const words = new Set<string>();
  const phrases = new Set<string>();
  for (const [, quoted, term] of trimmed.matchAll(/"([^"]*)"|([^\s"]+)/g)) {
    const tokens = (quoted ?? term ?? '').toLowerCase().split(separators).filter(Boolean);
    if (tokens.length === 1) words.add(tokens.join(''));
    if (tokens.length > 1) phrases.add(tokens.join(' '));
  }
  return {
    words: [...words],
    phrases: [...phrases],
    id: idLike.test(trimmed) ? trimmed : undefined,
  };
}
