import { pick, type Random } from './simulated-random.ts';
import type { Reading, Result } from './simulated-reading.ts';
import { countTokens } from './simulated-tokens.ts';
import { clip, sentencesOf, splitNames, topicOf } from './simulated-words.ts';

const factsMax = 8;
const itemsMax = 5;
const clippedLength = 400;
/** What is shorter goes on with what was said before. */
const followUpLength = 24;

/** Says what tools answered, and what did not work. */
export function reportResults(results: readonly Result[], random: Random): string {
  const good = results.filter(({ isError }) => !isError);
  const bad = results.filter(({ isError }) => isError);
  const opening = pick(['Here is what I found.', 'I have looked that up.', 'I checked that for you.'], random);
  const closing = pick(
    ['Is there anything else that you need?', 'Tell me if you want to know more.', 'Shall I go on with it?'],
    random,
  );
  return [
    ...(good.length > 0 ? [opening] : []),
    ...good.map(({ tool, value }) => `${capitalize(nounOf(tool))}: ${describe(value)}.`.replace(/([.!?])\.$/, '$1')),
    ...bad.map(
      ({ tool, text }) =>
        `I am sorry, I could not get through to ${nounOf(tool)} just now (${clip(text.replaceAll(/\s+/g, ' '), 120)}).`,
    ),
    good.length > 0 ? closing : 'I can try it again in a moment.',
  ].join(' ');
}

/** A summary of the conversation in a few lines. */
export function summarize({ userTexts, results, earlier }: Reading, others: readonly string[]): string {
  const asked = userTexts.flatMap(sentencesOf).filter((one) => !/summar/i.test(one));
  const said = others.flatMap((one) => sentencesOf(one).slice(0, 1));
  const used = [...new Set([...earlier, ...results].map(({ tool }) => nounOf(tool)))];
  const lines = [
    ...asked.slice(-6).map((one) => `- The user: ${clip(one, 160)}`),
    ...said.slice(-4).map((one) => `- Answered: ${clip(one, 160)}`),
    ...(used.length === 0 ? [] : [`- Looked up: ${used.join(', ')}.`]),
  ];
  return lines.length === 0 ? 'Nothing has been said so far.' : `Summary of the conversation:\n${lines.join('\n')}`;
}

/** Asks for what a tool needs and the user has not said. */
export function askFor(tool: string, missing: readonly string[]): string {
  const things = missing.map((name) => splitNames(name).toLowerCase().replace(/\bid$/, 'number')).join(' and the ');
  return `I can help with ${nounOf(tool)}. Could you give me the ${things}, please?`;
}

const openings = [
  'Good question about {topic}.',
  'Let us look at {topic}.',
  'Thank you for asking about {topic}.',
  'I understand that this is about {topic}.',
];
const middles = [
  'The main point with {topic} is to know what you want to reach with it.',
  'In most cases it is best to begin with {topic} as it is today and change one thing at a time.',
  'What people often overlook about {topic} is what it costs when nothing is done.',
  'There are two ways to go on with {topic}: the quick one, and the one that lasts.',
  'If {topic} has to be ready soon, I would settle the open questions first.',
  'From what you wrote, {topic} matters more than the rest.',
  'It helps to write down who decides about {topic} and until when.',
  'A small test tells more about {topic} than a long discussion.',
];
const closings = [
  'Tell me more about {topic}, and I can be more specific.',
  'If you like, we go through it step by step.',
  'Does that help you with {topic}?',
];

const texts = [
  'Some things are made to last, and {topic} is one of them.',
  'With {topic} every day begins a little better.',
  'You will not look for anything else once you know {topic}.',
  'Plain, honest and made with care: that is {topic}.',
  'There is a place for {topic} in every home.',
];

/** Talks about what the user said until it has about as many tokens as wanted. */
export function talk({ lastUser, userTexts, system }: Reading, tokens: number, random: Random): string {
  const small = answerSmallTalk(lastUser, random);
  if (small !== undefined && tokens < 400) return small;
  // "Make it longer" is about what was asked before.
  const before = userTexts.toReversed().find((text) => text.length > followUpLength);
  const asked = lastUser.length <= followUpLength ? (before ?? lastUser) : lastUser;
  const topic = topicOf(asked || system);
  const isText = /^\W*(please )?(write|draft|compose|find a name)/i.test(asked);
  const [first, rest, last] = isText ? [texts, texts, texts] : [openings, middles, closings];
  const fill = (sentence: string) => capitalize(sentence.replaceAll('{topic}', topic));
  const spoken = [fill(pick(first, random))];
  const closing = fill(pick(last, random));
  let left = tokens - countTokens(spoken.join(' ')) - countTokens(closing);
  for (let at = Math.floor(random() * rest.length); left > 0; at += 1) {
    const sentence = fill(rest[at % rest.length] ?? '');
    spoken.push(sentence);
    left -= countTokens(sentence);
  }
  return [...spoken, closing].join(' ');
}

function answerSmallTalk(text: string, random: Random): string | undefined {
  if (text.length > 80) return undefined;
  if (/^\W*(hi|hello|hey|good (morning|day|evening)|moin|servus)\b/i.test(text)) {
    const name = /\b(?:i am|i'm|my name is|this is)\s+(\p{Lu}\p{L}+)/iu.exec(text)?.[1];
    return `Hello${name === undefined ? '' : ` ${name}`}! ${pick(['How can I help you?', 'What can I do for you today?'], random)}`;
  }
  if (/\bthank|thanks|cheers\b/i.test(text)) return pick(['You are welcome!', 'Gladly. Have a good day!'], random);
  if (/^\W*(bye|goodbye|see you)\b/i.test(text)) return 'Goodbye!';
  return undefined;
}

/** What a tool is about: `find_order` → `the order`. */
export function nounOf(tool: string): string {
  const words = splitNames(tool.split('__').at(-1) ?? tool)
    .toLowerCase()
    .split(' ');
  const nouns = words.length > 1 ? words.slice(1) : words;
  return `the ${nouns.join(' ')}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) {
    const shown = value.slice(0, itemsMax).map(describe);
    const more = value.length > itemsMax ? ` and ${value.length - itemsMax} more` : '';
    return value.length === 0 ? 'nothing' : `${shown.join('; ')}${more}`;
  }
  // JSON that was cut off is nothing to read out.
  if (typeof value === 'string' && /^\s*[{[]/.test(value)) return 'more than I could read in one go';
  if (typeof value !== 'object' || value === null) return clip(String(value), clippedLength);
  const facts = Object.entries(value).flatMap(([key, one]) => {
    if (one === null || one === '') return [];
    const text = typeof one === 'object' ? describe(one) : String(one);
    return [`${splitNames(key).toLowerCase()} ${clip(text, clippedLength / 2)}`];
  });
  return facts.slice(0, factsMax).join(', ');
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
