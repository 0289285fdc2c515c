import type { Rule } from '../definition/simulate-schema.ts';
import type { SimulatedBehaviour } from './simulated-profiles.ts';
import { pick, type Random } from './simulated-random.ts';
import type { Reading, Result } from './simulated-reading.ts';
import { type Facts, fillText, fillValue, readPath } from './simulated-template.ts';

/** What a simulated model says and calls. */
export interface Decision {
  text: string;
  calls: readonly { name: string; arguments: unknown }[];
}

/** What the first rule says that fits and can be filled in; undefined where none does. */
export function followScript(
  { script, values }: Pick<SimulatedBehaviour, 'script' | 'values'>,
  { reading, offered, random }: { reading: Reading; offered: readonly string[]; random: Random },
): Decision | undefined {
  if (script.length === 0) return undefined;
  const known = collectFacts(values, reading);
  for (const { when, call = [], answer } of script) {
    const groups = match(when, reading, known);
    if (groups === undefined) continue;
    const facts = { ...known, ...groups };
    const calls = call.map((one) => ({ name: one.tool, arguments: fillValue(one.with, facts) }));
    const text = answer === undefined ? '' : fillText(pick(answer, random), facts);
    const isFilled = text !== undefined && calls.every((one) => one.arguments !== undefined);
    if (isFilled && calls.every(({ name }) => offered.includes(name))) return { text, calls };
  }
  return undefined;
}

/** Values that were found, and the latest result of each tool, this turn's before older ones. */
function collectFacts(values: SimulatedBehaviour['values'], { userTexts, lastUser, earlier, results }: Reading): Facts {
  const found = Object.entries(values).flatMap(([name, source]) => {
    const expression = new RegExp(source, 'iu');
    const text = userTexts.findLast((one) => expression.test(one));
    const groups = text === undefined ? null : expression.exec(text);
    return groups === null ? [] : [[name, groups[1] ?? groups[0]] as const];
  });
  const answered = [...earlier, ...results].map(({ tool, value }) => [tool, value] as const);
  const all = Object.groupBy(results, ({ tool }) => tool);
  return {
    user: lastUser,
    all: Object.fromEntries(Object.entries(all).map(([tool, ofTool = []]) => [tool, ofTool.map(({ value }) => value)])),
    ...Object.fromEntries(found),
    ...Object.fromEntries(answered),
  };
}

/** The named groups of the rule's expressions; undefined where it does not fit. */
function match(when: Rule['when'], reading: Reading, facts: Facts): Record<string, string> | undefined {
  const { lastUser, lastAnswer, latest, results, userTexts } = reading;
  if (!fitsStep(when, latest)) return undefined;
  if (when.turn !== undefined && when.turn !== userTexts.length) return undefined;
  if (when.notCalled?.some((name) => results.some(({ tool }) => tool === name)) === true) return undefined;
  const said = new Set(splitWords(lastUser));
  if (when.words?.some((word) => !said.has(word.toLowerCase())) === true) return undefined;
  if (!fitsResults(when.where ?? {}, facts)) return undefined;
  const answered = latest.filter(({ tool }) => when.after?.includes(tool) === true).map(({ text }) => text);
  const groups: Record<string, string> = {};
  for (const [source, text] of [
    [when.user, lastUser],
    [when.assistant, lastAnswer],
    [when.result, answered.join('\n')],
  ] as const) {
    if (source === undefined) continue;
    const matched = new RegExp(source, 'iu').exec(text);
    if (matched === null) return undefined;
    for (const [name, value] of Object.entries(matched.groups ?? {})) if (value) groups[name] = value;
  }
  return groups;
}

/** A rule without `after` is for the user's words; one with it for the results of a tool. */
function fitsStep({ after, failed = false }: Rule['when'], latest: readonly Result[]): boolean {
  if (after === undefined) return latest.length === 0;
  return latest.some(({ tool, isError }) => after.includes(tool) && isError === failed);
}

function fitsResults(where: NonNullable<Rule['when']['where']>, facts: Facts): boolean {
  return Object.entries(where).every(([path, wanted]) => {
    const value = readPath(path, facts) ?? null;
    return (Array.isArray(wanted) ? wanted : [wanted]).some((one) => one === value);
  });
}

/** In small letters. */
function splitWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}
