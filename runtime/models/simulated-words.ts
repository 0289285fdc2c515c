/** Words that say nothing of what a text is about. */
const fillers = new Set(
  `a about after again all also am an and any are as ask at be been before but by can could did do does doing done for from
  get give go had has have he her him his how i if in into is it its just know let like may me more my need no not now of off
  on one or our out over please say see she should so some such tell than thank thanks that the their them then there these
  they this those to too up us very want was we were what when where which while who why will with would yes you your`.split(
    /\s+/,
  ),
);

/** Words that carry meaning, in small letters, without plural endings, each once. */
export function keywordsOf(text: string): string[] {
  const words =
    splitNames(text)
      .toLowerCase()
      .match(/[\p{L}\p{N}]{2,}/gu) ?? [];
  return [...new Set(words.filter((word) => !fillers.has(word)).map(stem))];
}

/** `findOrder_status` → `find Order status` */
export function splitNames(text: string): string {
  return text.replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2').replaceAll(/[_-]+/g, ' ');
}

/** Words of asking, which are not what is asked about. */
const askingWords =
  /^(think|tell|explain|write|help|find|look|want|like|know|make|give|show|describe|talk|best|good|use)$/;

/** What a text is about, in its own words; where it does not say so, its longest word with the one before or behind it. */
export function topicOf(text: string): string {
  // What somebody says it is about, it is about.
  const named = /\b(?:about|regarding)\s+(?:an?\s+|the\s+|my\s+)?((?:[\p{L}\p{N}'-]+\s?){1,4})/iu
    .exec(text)?.[1]
    ?.trim();
  if (named !== undefined && isTopic(named)) return named;
  const words: string[] = text.match(/[\p{L}][\p{L}\p{N}'-]*/gu) ?? [];
  const longest = words.filter(isTopic).toSorted((a, b) => b.length - a.length)[0];
  if (longest === undefined) return 'this';
  const at = words.indexOf(longest);
  const [before = '', after = ''] = [words[at - 1], words[at + 1]];
  if (isTopic(before)) return `${before} ${longest}`;
  return isTopic(after) ? `${longest} ${after}` : longest;
}

function isTopic(word: string): boolean {
  const small = word.toLowerCase();
  return small.length > 2 && !fillers.has(small) && !askingWords.test(small);
}

export function sentencesOf(text: string): string[] {
  return (text.match(/[^.!?\n]+[.!?]*/g) ?? []).map((one) => one.trim()).filter((one) => one.length > 2);
}

export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max).replace(/\s+\S*$/, '')} …`;
}

function stem(word: string): string {
  return word.length > 4 ? word.replace(/(?:ies|es|s|ing|ed|ation|ated)$/, '') : word;
}
