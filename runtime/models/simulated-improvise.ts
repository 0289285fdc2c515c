import type { Spread } from '../definition/simulate-schema.ts';
import type { ModelRequest, ToolSpec } from './model.ts';
import { draw, type Random } from './simulated-random.ts';
import { isOfUser, type Reading } from './simulated-reading.ts';
import { findArguments, makeValue } from './simulated-schema.ts';
import type { Decision } from './simulated-script.ts';
import { askFor, reportResults, summarize, talk } from './simulated-speech.ts';
import { clip, keywordsOf } from './simulated-words.ts';

/** Tools that the user's words fit are called, at most so many at once. */
const callsMax = 3;
/** A turn that has called tools so often answers. */
const roundsMax = 4;
/** Words in common with the user's, where those of the name count twice. */
const scoreMin = 2;

interface Given {
  reading: Reading;
  tools: readonly ToolSpec[];
  answerTokens: Spread;
  random: Random;
}

/** Does what the words of the user and the offered tools suggest. */
export function improvise(request: ModelRequest, { reading, tools, answerTokens, random }: Given): Decision {
  const texts = [reading.lastUser, ...reading.results.map(({ text }) => text), ...reading.userTexts.toReversed()];
  const speak = () =>
    reading.results.length > 0
      ? reportResults(reading.results, random)
      : talk(reading, Math.round(draw(answerTokens, random)), random);
  const source = { texts, random, speak: () => explain(reading, random) };
  const { toolChoice, output } = request;
  const say = (text: string): Decision => ({ text, calls: [] });

  const forced = typeof toolChoice === 'object' ? tools.filter(({ name }) => name === toolChoice.name) : tools;
  const mustCall = toolChoice === 'required' || typeof toolChoice === 'object';
  const fitting = mustCall && reading.latest.length === 0 ? forced : findFittingTools(reading, tools);
  const calls = fitting.flatMap((tool) => {
    const args = findArguments(tool.input, source) ?? (mustCall ? makeValue(tool.input, source) : undefined);
    return args === undefined || wasCalled(reading, tool.name, args) ? [] : [{ name: tool.name, arguments: args }];
  });
  const most = request.parallelToolCalls === false || mustCall ? 1 : callsMax;
  if (calls.length > 0 && countRounds(request) < roundsMax) return { text: '', calls: calls.slice(0, most) };
  if (output !== undefined) return say(JSON.stringify(makeValue(output.schema, source)));
  if (reading.latest.length > 0) return say(reportResults(reading.results, random));
  if (isAskedToSummarize(reading)) return say(summarize(reading, answersOf(request)));
  const [wanted] = fitting;
  if (wanted !== undefined && calls.length === 0 && reading.results.length === 0) {
    const missing = findMissing(wanted, source);
    if (missing.length > 0) return say(askFor(wanted.name, missing));
  }
  return say(speak());
}

/** The text of a field, such as a reason. */
function explain({ results, lastUser, system }: Reading, random: Random): string {
  if (results.length > 0) return reportResults(results, random);
  return `Because of what was said: ${clip((lastUser || system).replaceAll(/\s+/g, ' '), 160)}`;
}

/** The best fit first; tools that change something only where the user's words name what they do. */
function findFittingTools({ lastUser }: Reading, tools: readonly ToolSpec[]): ToolSpec[] {
  const said = keywordsOf(lastUser);
  const scored = tools.map((tool) => {
    const name = keywordsOf(tool.name);
    const about = keywordsOf(`${tool.description ?? ''} ${Object.keys(propertiesOf(tool)).join(' ')}`);
    const verb = keywordsOf(tool.name.split('__').at(-1) ?? '')[0] ?? '';
    const isChange = /^(cancel|delet|remov|refund|creat|updat|send|book|pay|buy|order|chang|set|close)/.test(verb);
    const score =
      said.filter((word) => name.includes(word)).length * 2 + said.filter((word) => about.includes(word)).length;
    return { tool, score: isChange && !said.includes(verb) ? 0 : score };
  });
  return scored
    .filter(({ score }) => score >= scoreMin)
    .toSorted((a, b) => b.score - a.score)
    .map(({ tool }) => tool);
}

function findMissing(tool: ToolSpec, source: Parameters<typeof findArguments>[1]): string[] {
  const required = Array.isArray(tool.input['required']) ? (tool.input['required'] as string[]) : [];
  return required.filter((name) => {
    const only = { type: 'object', properties: { [name]: propertiesOf(tool)[name] }, required: [name] };
    return findArguments(only, source) === undefined;
  });
}

function wasCalled({ results }: Reading, name: string, args: unknown): boolean {
  const written = JSON.stringify(args);
  return results.some((one) => one.tool === name && (one.arguments === written || one.isError));
}

function countRounds({ messages }: ModelRequest): number {
  const lastUserAt = messages.findLastIndex(isOfUser);
  return messages.slice(lastUserAt + 1).filter(({ role }) => role === 'assistant').length;
}

export function isAskedToSummarize({ notice, lastUser, system }: Reading): boolean {
  if (notice !== '') return /^\W*summar(y|i[sz]e)/i.test(notice);
  return /\bsummar(y|i[sz]e)/i.test(lastUser.slice(0, 400)) || /^\W*summar(y|i[sz]e)/i.test(system);
}

function answersOf({ messages }: ModelRequest): string[] {
  return messages.flatMap((message) => (message.role === 'assistant' && message.text !== '' ? [message.text] : []));
}

function propertiesOf({ input }: ToolSpec): Record<string, unknown> {
  const { properties } = input;
  return typeof properties === 'object' && properties !== null ? (properties as Record<string, unknown>) : {};
}
