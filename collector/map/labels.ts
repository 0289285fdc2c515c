import type { Json } from '../lossless-json.ts';
import type { AnyValue } from '../receive/otlp.ts';
import { isObject } from './message.ts';
import type { Source } from './source.ts';
import { structuredContent, texts } from './value.ts';

/** Labels of one span: more are no labels, only attributes. */
const labelsMax = 32;
const keyMaxCharacters = 64;
const valueMaxCharacters = 256;

/** Where a convention keeps what its user said of a span: one place, read as labels. */
export interface LabelRow {
  /** What the explanation calls the place: `metadata`, `langfuse.trace.metadata.*`. */
  from: string;
  read: (source: Source) => Iterable<readonly [key: string, value: string]>;
}

/** Every attribute whose name begins with `prefix`, under the rest of its name; those in `except` are the emitter's own. */
export function labelsUnder(prefix: string, except: ReadonlySet<string> = new Set()): LabelRow {
  return {
    from: `${prefix}*`,
    *read({ attributes }) {
      for (const name of attributes.keys()) {
        const key = name.startsWith(prefix) ? name.slice(prefix.length) : '';
        const value = key === '' || except.has(key) ? undefined : attributes.get(name);
        if (value !== undefined) yield* labelOf(key, scalar(value));
      }
    },
  };
}

/** The members of a JSON object in one attribute. */
export function labelsIn(attribute: string): LabelRow {
  return {
    from: attribute,
    *read(source) {
      if (!source.attributes.has(attribute)) return;
      const value = source.json(attribute);
      if (isObject(value)) for (const [name, entry] of Object.entries(value)) yield* labelOf(name, scalarJson(entry));
    },
  };
}

/** One attribute under a name of its own. */
export function label(key: string, attribute: string): LabelRow {
  return {
    from: attribute,
    *read({ attributes }) {
      const value = attributes.get(attribute);
      if (value !== undefined) yield* labelOf(key, scalar(value));
    },
  };
}

/** Tags have no value: the tag `beta` is the label `tag.beta` with the value `true`, so that a span may have several. */
export function tagsIn(attribute: string, separator?: string): LabelRow {
  return {
    from: attribute,
    *read({ attributes }) {
      const value = attributes.get(attribute);
      if (value === undefined || value === '') return;
      const tags = texts(value).flatMap((tag) => (separator === undefined ? [tag] : tag.split(separator)));
      for (const tag of tags) yield* labelOf(tag.trim() === '' ? '' : `tag.${tag.trim()}`, 'true');
    },
  };
}

/** The labels of all rows, the first of a key, at most 32 by the order in which they come. */
export function readLabels(
  rows: readonly LabelRow[],
  source: Source,
): { labels: Map<string, string>; from: string[] } | undefined {
  const labels = new Map<string, string>();
  const from: string[] = [];
  for (const row of rows) {
    const before = labels.size;
    for (const [key, value] of row.read(source)) {
      if (labels.size < labelsMax && !labels.has(key)) labels.set(key, value);
    }
    if (labels.size > before) from.push(row.from);
  }
  return labels.size === 0 ? undefined : { labels, from };
}

/** Labels of several conventions as one: the first of a key, as many as one span may have. */
export function joinLabels(all: readonly ReadonlyMap<string, string>[]): Map<string, string> {
  const joined = new Map<string, string>();
  for (const labels of all) {
    for (const [key, value] of labels) if (joined.size < labelsMax && !joined.has(key)) joined.set(key, value);
  }
  return joined;
}

/** Who the session and the user are is known by other names, in columns of their own. */
const identities = new Set([
  ...['sessionid', 'session_id', 'session.id', 'userid', 'user_id', 'user.id', 'enduser.id'],
  ...['threadid', 'thread_id', 'conversation_id', 'conversationid', 'gen_ai.conversation.id'],
]);

/** What frameworks write into metadata for themselves: a value of its own for every step, or what a column says already. */
const frameworkNoise = /^(ls_|langgraph_|lc_|checkpoint|__|LANGSMITH_|LANGCHAIN_|resourceAttributes$|scope$|versions$)/;

/** A filter is `KEY=VALUE`, and groups are separated by commas: such a key could not be asked for. */
const unaskable = /[=,]/;

function* labelOf(key: string, value: string | undefined): Generator<readonly [string, string]> {
  if (value === undefined || value === '' || value.length > valueMaxCharacters || isJson(value)) return;
  if (key === '' || key.length > keyMaxCharacters || unaskable.test(key)) return;
  if (identities.has(key.toLowerCase()) || frameworkNoise.test(key)) return;
  yield [key.toWellFormed(), value.toWellFormed()];
}

/** Lists and objects are no labels, as JSON texts neither. */
function isJson(value: string): boolean {
  return /^\s*[[{]/.test(value) && typeof structuredContent(value) === 'object';
}

function scalar(value: AnyValue): string | undefined {
  return typeof value === 'object' ? undefined : String(value);
}

/** Lists, objects and null are no labels. */
function scalarJson(value: Json): string | undefined {
  if (JSON.isRawJSON(value)) return (value as unknown as { rawJSON: string }).rawJSON;
  return typeof value === 'object' ? undefined : String(value);
}
