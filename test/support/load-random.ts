/** mulberry32: the same seed gives the same numbers in [0, 1) on every machine. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A stateless 32-bit hash of two numbers, for ids that depend on nothing but their place. */
export function mix(a: number, b: number): number {
  let hash = Math.imul((a >>> 0) ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul((b >>> 0) + 0x7f4a7c15, 0xc2b2ae35);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x7feb352d);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Stands in every prompt; the generator writes another ten digits over it for each trace: a rare, searchable word. */
export const placeholder = 'ref0000000000';

const vocabularySize = 20_000;

/** Prose of a long-tailed vocabulary: a few words are everywhere, most are rare, as in real prompts. */
export function createTextSource(random: () => number, vocabularySeed: number) {
  const words = makeWords(createRandom(vocabularySeed));
  return (length: number): string => {
    let text = '';
    while (text.length < length) {
      text += words[Math.floor(Math.pow(random(), 3.2) * words.length)] ?? '';
      const r = random();
      if (r < 0.08) text += '. ';
      else if (r < 0.16) text += ', ';
      else if (r < 0.19) text += ` ${Math.trunc(random() * 1000)} `;
      else text += ' ';
    }
    return text.slice(0, length);
  };
}

const onsets = 'b c d f g h l m n p r s t v st tr pl ch gr'.split(' ').concat('');
const nuclei = ['a', 'e', 'i', 'o', 'u', 'ea', 'ou', 'io'];
const codas = ['', 'n', 'r', 's', 't', 'l', 'nd', 'ck', 'm', 'ng'];
const commonWords = 'the of and to in is that for with error refund customer please agent'.split(' ');

function makeWords(random: () => number): string[] {
  const pick = (list: string[]) => list[Math.trunc(random() * list.length)] ?? '';
  const seen = new Set(commonWords);
  while (seen.size < vocabularySize) {
    let word = '';
    for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
      word += pick(onsets) + pick(nuclei) + pick(codas);
    }
    if (word.length > 2) seen.add(word);
  }
  return [...seen];
}
