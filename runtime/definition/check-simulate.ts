import { suggest } from './fields.ts';
import type { Path } from './read-yaml.ts';
import type { Model } from './schema.ts';
import type { Rule, Simulate } from './simulate-schema.ts';
import type { Tool } from './tool-schema.ts';

interface PlacedFault {
  path: Path;
  message: string;
}

/** The parts of a text that are filled in: `{{find_order.items[0].name}}`. */
export const templatePart = /\{\{([^{}]*)\}\}/g;
const partForm = /^[A-Za-z][\w-]*(?:\.[\w-]+|\[(?:\d+|\*)\])*$/;
const groupName = /\(\?<([A-Za-z]\w*)>/g;

/** What a script names and nobody has: tools of the agent, values and groups of its own. */
export function checkSimulate(
  models: readonly (Model | undefined)[],
  tools: readonly (Tool | undefined)[],
): PlacedFault[] {
  // A tool that could not be read may be the one that is meant.
  const known = tools.includes(undefined)
    ? undefined
    : tools.flatMap((one) => (one === undefined ? [] : nameTools(one)));
  return models.flatMap((model, i) =>
    (model?.simulate?.script ?? []).flatMap((rule, k) =>
      checkRule(rule, { known, values: model?.simulate?.values ?? {} }).map(({ path, message }) => ({
        path: ['model', i, 'simulate', 'script', k, ...path],
        message,
      })),
    ),
  );
}

interface Known {
  known: readonly string[] | undefined;
  values: Simulate['values'];
}

function checkRule({ when, call = [], answer = [] }: Rule, { known, values }: Known): PlacedFault[] {
  const named = [
    ...(when.after ?? []).map((name) => ({ name, path: ['when', 'after'] })),
    ...(when.notCalled ?? []).map((name) => ({ name, path: ['when', 'notCalled'] })),
    ...call.map(({ tool }, i) => ({ name: tool, path: ['call', i, 'tool'] })),
  ];
  const groups = [when.user, when.assistant, when.result].flatMap((source) =>
    [...(source ?? '').matchAll(groupName)].map(([, name = '']) => name),
  );
  const roots = ['user', 'all', ...Object.keys(values), ...groups];
  const texts = [
    ...answer.map((text) => ({ text, path: ['answer'] })),
    ...call.flatMap((one, i) => findTexts(one.with).map((text) => ({ text, path: ['call', i, 'with'] }))),
    ...Object.keys(when.where ?? {}).map((path) => ({ text: `{{${path}}}`, path: ['when', 'where', path] })),
  ];
  return [
    ...named.flatMap(({ name, path }) =>
      isTool(name, known) ? [] : [{ path, message: describeTool(name, known ?? []) }],
    ),
    ...texts.flatMap(({ text, path }) => findPartFaults(text, roots, known).map((message) => ({ path, message }))),
  ];
}

function findPartFaults(text: string, roots: readonly string[], known: readonly string[] | undefined): string[] {
  return [...text.matchAll(templatePart)].flatMap(([, written = '']) => {
    const part = written.trim();
    if (!partForm.test(part)) return [`has {{${part}}}, allowed: {{name}}, {{tool.field}}, {{tool.list[0].field}}`];
    const root = /^[\w-]+/.exec(part)?.[0] ?? '';
    if (roots.includes(root) || isTool(root, known)) return [];
    const allowed = [...roots, ...(known ?? [])];
    return [
      `has {{${part}}}, which begins with no value, group or tool, allowed: ${allowed.join(', ')}${suggest(root, allowed)}`,
    ];
  });
}

function isTool(name: string, known: readonly string[] | undefined): boolean {
  if (known === undefined) return true;
  return known.some((one) => (one.endsWith('__*') ? name.startsWith(one.slice(0, -1)) : one === name));
}

function describeTool(name: string, known: readonly string[]): string {
  return `${name} is no tool of this agent, allowed: ${known.join(', ') || 'none'}${suggest(name, known)}`;
}

/** As the model sees them; `SERVER__*` for a server whose tools the file does not name. */
export function nameTools(one: Tool): string[] {
  if (one.type !== 'mcp') return [one.name];
  return one.allow === undefined ? [`${one.name}__*`] : one.allow.map((name) => `${one.name}__${name}`);
}

function findTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(findTexts);
}
