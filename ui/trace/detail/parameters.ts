import type { SpanDetail } from '../../api/types.ts';

type Parameter = { name: string; value: string; key: string };

/** Where conventions keep what a model was asked with; the model itself stands elsewhere. */
const prefixes = [
  'gen_ai.request.',
  'gen_ai.output.',
  'ai.settings.',
  'llm.request.',
  'langfuse.observation.model.parameters.',
];
const shownElsewhere = /\.(model|stream)$/;
/** A parameter longer than this is in the attributes; the line is for a glance. */
const valueCharsMax = 60;

/** The parameters of a model call, such as `temperature 0.2`, by name. */
export function listParameters(detail: SpanDetail): Parameter[] {
  const found: Parameter[] = [];
  for (const [key, value] of Object.entries(detail.attributes)) {
    const prefix = prefixes.find((one) => key.startsWith(one));
    if (prefix !== undefined && !shownElsewhere.test(key)) add(key, key.slice(prefix.length), value);
    if (key === 'llm.invocation_parameters') addAll(key, value);
  }
  if (detail.stream) found.push({ name: 'stream', value: 'true', key: 'gen_ai.request.stream' });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));

  function addAll(key: string, value: unknown) {
    const parameters = typeof value === 'string' ? parseObject(value) : value;
    if (typeof parameters !== 'object' || parameters === null) return;
    for (const [name, one] of Object.entries(parameters)) {
      if (name !== 'model') add(`${key}.${name}`, name, one);
    }
  }

  function add(key: string, name: string, value: unknown) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (text.length <= valueCharsMax) found.push({ name, value: text, key });
  }
}

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
