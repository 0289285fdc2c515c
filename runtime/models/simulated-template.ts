/** What templates are filled from: values by name, results of tools by the name of the tool. */
export type Facts = Readonly<Record<string, unknown>>;

const part = /\{\{([^{}]*)\}\}/g;
const step = /\.([\w-]+)|\[(\d+|\*)\]/g;

/** Fills in every `{{path}}`; undefined where one of them is not known. */
export function fillText(template: string, facts: Facts): string | undefined {
  const missing: string[] = [];
  const text = template.replaceAll(part, (_whole, path: string) => {
    const value = readPath(path.trim(), facts);
    if (value === undefined) missing.push(path);
    return toText(value);
  });
  return missing.length === 0 ? text : undefined;
}

/** Fills in a JSON value; a text that is one `{{path}}` and nothing else keeps the type of what it names. */
export function fillValue(template: unknown, facts: Facts): unknown {
  if (typeof template === 'string') {
    const [whole, path = ''] = /^\{\{([^{}]*)\}\}$/.exec(template) ?? [];
    return whole === undefined ? fillText(template, facts) : readPath(path.trim(), facts);
  }
  if (Array.isArray(template)) {
    const items = template.map((one) => fillValue(one, facts));
    return items.includes(undefined) ? undefined : items;
  }
  if (typeof template !== 'object' || template === null) return template;
  const entries = Object.entries(template).map(([key, one]) => [key, fillValue(one, facts)] as const);
  return entries.some(([, one]) => one === undefined) ? undefined : Object.fromEntries(entries);
}

/** `find_order.items[0].name`; `items[*].name` gives all of them. Undefined where there is nothing. */
export function readPath(path: string, facts: Facts): unknown {
  const root = /^[\w-]+/.exec(path)?.[0] ?? '';
  if (!Object.hasOwn(facts, root)) return undefined;
  const steps = [...path.slice(root.length).matchAll(step)].map(([, key, index]) => key ?? index ?? '');
  return follow(facts[root], steps);
}

function follow(value: unknown, steps: readonly string[]): unknown {
  const [next, ...rest] = steps;
  if (next === undefined) return value ?? undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (next === '*') {
    const all = Object.values(value).map((one) => follow(one, rest));
    return all.length === 0 || all.includes(undefined) ? undefined : all;
  }
  return Object.hasOwn(value, next) ? follow((value as Record<string, unknown>)[next], rest) : undefined;
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(toText).join(', ');
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return String(value);
}
