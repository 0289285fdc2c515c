import { findSchemaFault } from './check-json-schema.ts';
import { isUnset } from './check-secrets.ts';
import { checkSimulate, nameTools } from './check-simulate.ts';
import { suggest } from './fields.ts';
import type { Path } from './read-yaml.ts';
import { agentSchema, type AgentDefinition, model, type Model, nativeProviders } from './schema.ts';
import { removeReferences } from './secrets.ts';
import { type Tool, tool } from './tool-schema.ts';

interface PlacedFault {
  path: Path;
  message: string;
}

/** What of a definition could be read; the other parts have faults of their own. */
export type ReadableParts = Partial<Omit<AgentDefinition, 'model' | 'tools'>> & {
  model: (Model | undefined)[];
  tools: (Tool | undefined)[];
};

const keyVariables: Readonly<Record<string, string>> = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  gemini: 'GEMINI_API_KEY',
};

/** Takes the definition apart, so that one wrong value does not hide what is wrong with the others. */
export function readParts(content: unknown): ReadableParts {
  const object = (typeof content === 'object' && content !== null ? content : {}) as Record<string, unknown>;
  const read = Object.entries(agentSchema.shape).flatMap(([key, schema]) => {
    const parsed = schema.safeParse(object[key]);
    return parsed.success ? [[key, parsed.data] as const] : [];
  });
  return {
    ...(Object.fromEntries(read) as Partial<AgentDefinition>),
    model: asList(object['model']).map((one) => model.safeParse(one).data),
    tools: asList(object['tools']).map((one) => tool.safeParse(one).data),
  };
}

/** What no single value says: names that come twice, names that nothing has, parts that do not go together. */
export function checkDefinition(parts: ReadableParts, env: NodeJS.ProcessEnv | undefined): PlacedFault[] {
  return [
    ...checkModels(parts.model, env),
    ...checkTools(parts.tools),
    ...checkSimulate(parts.model, parts.tools),
    ...checkEvals(parts),
    ...checkSchema(parts.output?.schema, ['output', 'schema']),
    ...(parts.budgets ?? []).flatMap(({ action }, i) =>
      action === 'downgrade' && parts.model.length === 1
        ? [{ path: ['budgets', i, 'action'], message: 'downgrade needs a second model' }]
        : [],
    ),
  ];
}

function checkModels(models: ReadableParts['model'], env: NodeJS.ProcessEnv | undefined): PlacedFault[] {
  return models.flatMap((one, i) => {
    if (one === undefined) return [];
    const [provider = ''] = one.model.split('/');
    const isNative = (nativeProviders as readonly string[]).includes(provider);
    if (!isNative && one.baseUrl === undefined) {
      const meant = suggest(provider, nativeProviders);
      const message = `${provider} needs a baseUrl, allowed without one: ${nativeProviders.join(', ')}${meant}`;
      return [{ path: ['model', i], message }];
    }
    const variable = one.apiKey === undefined ? keyVariables[provider] : undefined;
    if (variable === undefined || !isUnset(variable, env)) return [];
    return [{ path: ['model', i], message: `needs ${variable} in the environment, which is not set` }];
  });
}

function checkTools(tools: ReadableParts['tools']): PlacedFault[] {
  return tools.flatMap((one, i) => {
    if (one === undefined) return [];
    const first = tools.findIndex((other) => other?.name === one.name);
    const twice =
      first === i ? [] : [{ path: ['tools', i, 'name'], message: `${one.name} is the name of tools[${first}] too` }];
    if (one.type !== 'http') return twice;
    return [...twice, ...checkSchema(one.input, ['tools', i, 'input']), ...checkPathParts(one, i)];
  });
}

function checkSchema(schema: Readonly<Record<string, unknown>> | undefined, path: Path): PlacedFault[] {
  const fault = schema === undefined ? undefined : findSchemaFault(schema);
  return fault === undefined ? [] : [{ path: [...path, ...fault.path], message: fault.message }];
}

/** Every `{part}` of an address is a property of the input. */
function checkPathParts({ url, input }: Extract<Tool, { type: 'http' }>, index: number): PlacedFault[] {
  const known = Object.keys(input?.properties ?? {});
  return [...removeReferences(url, () => '').matchAll(/\{([^{}]*)\}/g)]
    .map(([, part = '']) => part)
    .filter((part) => !known.includes(part))
    .map((part) => ({
      path: ['tools', index, 'url'],
      message: `has {${part}}, which is no property of input, allowed: ${known.join(', ') || 'none'}${suggest(part, known)}`,
    }));
}

function checkEvals({ evals = [], tools, output }: ReadableParts): PlacedFault[] {
  const known = tools.flatMap((one) => (one === undefined ? [] : nameTools(one)));
  return evals.flatMap((one, i) => {
    const faults: PlacedFault[] = [];
    const add = (key: string, message: string) => faults.push({ path: ['evals', i, key], message });
    const first = evals.findIndex(({ id }) => id === one.id);
    if (first !== i) add('id', `${one.id} is the id of evals[${first}] too`);
    if (one.type === 'matches_output' && output === undefined) add('type', 'matches_output needs an output schema');
    if (one.type === 'regex' && !isExpression(String(one.value))) add('value', 'is no regular expression');
    const { tool: name } = one;
    const isKnown = known.some((pattern) =>
      pattern.endsWith('__*') ? name?.startsWith(pattern.slice(0, -1)) : pattern === name,
    );
    // A tool that could not be read may be the one that is meant.
    if (name !== undefined && !isKnown && !tools.includes(undefined)) {
      add('tool', `${name} is no tool of this agent, allowed: ${known.join(', ') || 'none'}${suggest(name, known)}`);
    }
    return faults;
  });
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
