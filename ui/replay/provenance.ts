/** A text that the model saw. */
export interface OriginSource {
  /** Place among the entries of its context. */
  entry: number;
  text: string;
}

/** `exact`: word for word; `near`: most of the words close together; `values`: only its numbers and ids. */
export type OriginKind = 'exact' | 'near' | 'values';

export interface Origin {
  entry: number;
  kind: OriginKind;
  /** Share of the selected words that were found there, weighed by length. */
  share: number;
  /** The place in its text, with what surrounds it. */
  before: string;
  found: string;
  after: string;
  /** The numbers and ids, where `kind` is `values`. */
  values: readonly string[];
}

export const selectionCharsMax = 2_000;
const sourceCharsMax = 2_000_000;
const originsMax = 20;
const nearLeast = 0.6;
/** Fewer words than this are near to anything. */
const nearWordsLeast = 4;
const stemChars = 5;
const aroundChars = 60;
const foundCharsMax = 300;

interface Word {
  text: string;
  start: number;
  end: number;
}

/**
 * Where the model may have got the selected words from: those texts of its context that hold them, best first. Marks, white
 * space, capitals and the writing of numbers (`$1,204.50` and `1204.5`) do not count. No model is asked; a hit is a hint.
 */
export function findOrigins(selection: string, sources: readonly OriginSource[]): Origin[] {
  const wanted = readWords(selection.slice(0, selectionCharsMax));
  if (wanted.length === 0) return [];
  const found = sources.flatMap((source) => searchSource(wanted, source) ?? []);
  const rank: Record<OriginKind, number> = { exact: 0, near: 1, values: 2 };
  // Of equals the latest is the likeliest: a model repeats what it was just told.
  return found
    .sort((a, b) => rank[a.kind] - rank[b.kind] || b.share - a.share || b.entry - a.entry)
    .slice(0, originsMax);
}

function searchSource(wanted: readonly Word[], { entry, text }: OriginSource): Origin | undefined {
  const words = readWords(text.slice(0, sourceCharsMax));
  const cut = (from: number, to: number) => cutAround(text, words[from]?.start ?? 0, words[to]?.end ?? 0);
  const exact = findRun(wanted, words);
  if (exact >= 0) return { entry, kind: 'exact', share: 1, values: [], ...cut(exact, exact + wanted.length - 1) };
  const near = wanted.length < nearWordsLeast ? undefined : findWindow(wanted, words);
  if (near !== undefined && near.share >= nearLeast)
    return { entry, kind: 'near', share: near.share, values: [], ...cut(near.from, near.to) };
  return findValues(wanted, words, (place, values, share) => ({
    entry,
    kind: 'values',
    share,
    values,
    ...cut(place, place),
  }));
}

/** Words in small letters, numbers in one writing; scripts without spaces letter by letter. */
function readWords(text: string): Word[] {
  const words: Word[] = [];
  const pattern = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|\d+(?:[.,]\d+)*|[\p{L}\p{M}\p{N}]+/gu;
  for (const match of text.matchAll(pattern)) {
    words.push({ text: readWord(match[0]), start: match.index, end: match.index + match[0].length });
  }
  return words;
}

function readWord(text: string): string {
  if (!/^\d/.test(text)) return text.toLowerCase();
  const plain = text.replace(/,(?=\d{3}(?:\D|$))/g, '');
  return /^\d+\.\d+$/.test(plain) ? plain.replace(/0+$/, '').replace(/\.$/, '') : plain;
}

function findRun(wanted: readonly Word[], words: readonly Word[]): number {
  for (let place = 0; place + wanted.length <= words.length; place += 1) {
    if (wanted.every(({ text }, step) => words[place + step]?.text === text)) return place;
  }
  return -1;
}

/** The window of as many words as were selected that has most of them. */
function findWindow(
  wanted: readonly Word[],
  words: readonly Word[],
): { from: number; to: number; share: number } | undefined {
  const need = new Map<string, number>();
  let all = 0;
  for (const word of wanted) {
    const text = stem(word.text);
    need.set(text, (need.get(text) ?? 0) + 1);
    all += weigh(text);
  }
  const have = new Map<string, number>();
  let [weight, best, bestFrom] = [0, 0, -1];
  words.forEach((word, place) => {
    const text = stem(word.text);
    const wants = need.get(text);
    if (wants !== undefined) {
      const has = (have.get(text) ?? 0) + 1;
      have.set(text, has);
      if (has <= wants) weight += weigh(text);
    }
    const gone = words[place - wanted.length];
    const leaving = gone === undefined ? undefined : stem(gone.text);
    const left = leaving === undefined ? undefined : need.get(leaving);
    if (leaving !== undefined && left !== undefined) {
      const has = (have.get(leaving) ?? 0) - 1;
      have.set(leaving, has);
      if (has < left) weight -= weigh(leaving);
    }
    if (weight > best) [best, bestFrom] = [weight, Math.max(0, place - wanted.length + 1)];
  });
  if (bestFrom < 0) return undefined;
  return { from: bestFrom, to: Math.min(words.length, bestFrom + wanted.length) - 1, share: best / all };
}

/** Numbers, dates and ids of the selection that stand anywhere in the text: what answers take over from tools. */
function findValues(
  wanted: readonly Word[],
  words: readonly Word[],
  make: (place: number, values: readonly string[], share: number) => Origin,
): Origin | undefined {
  const values = new Set(wanted.map(({ text }) => text).filter((text) => text.length > 1 && /\d/.test(text)));
  if (values.size === 0) return undefined;
  const found = new Map<string, number>();
  words.forEach(({ text }, place) => {
    if (values.has(text) && !found.has(text)) found.set(text, place);
  });
  const [first] = found.values();
  return first === undefined ? undefined : make(first, [...found.keys()], found.size / values.size);
}

/** The same word in another form: `refund`, `refunds`, `refunded`. */
function stem(word: string): string {
  return /^\d/.test(word) ? word : word.slice(0, stemChars);
}

/** Short words are in every text; long ones tell more. */
function weigh(word: string): number {
  return word.length;
}

function cutAround(text: string, start: number, end: number): { before: string; found: string; after: string } {
  const line = (from: number, to: number) => text.slice(Math.max(0, from), to).replace(/\s+/g, ' ');
  const stop = Math.min(end, start + foundCharsMax);
  return {
    before: `${start > aroundChars ? '…' : ''}${line(start - aroundChars, start)}`,
    found: `${line(start, stop)}${stop < end ? '…' : ''}`,
    after: `${line(end, end + aroundChars)}${end + aroundChars < text.length ? '…' : ''}`,
  };
}
