import type { AgentDefinition } from '../definition/schema.ts';

type Values = Readonly<Record<string, string | number | boolean>>;

/** The instructions with `{{variable}}` replaced: by what the turn gives, else the default, else nothing. Values are not read again. */
export function fillInstructions(
  { instructions, variables }: { instructions: string; variables: AgentDefinition['variables'] },
  values: Values,
): string {
  const known = new Map<string, Values[string] | undefined>(
    Object.entries(variables).map(([name, one]) => [name, one.default]),
  );
  for (const [name, value] of Object.entries(values)) known.set(name, value);
  return instructions.replaceAll(/\{\{\s*([A-Za-z]\w*)\s*\}\}/g, (_, name: string) => String(known.get(name) ?? ''));
}

/**
 * Variables of a turn from what a client gives as text; `faults` name what is missing or of another type. What is not declared is
 * left to the caller.
 */
export function readVariables(
  declared: AgentDefinition['variables'],
  given: Readonly<Record<string, string>>,
): { values: Record<string, string | number | boolean>; faults: string[] } {
  const values: Record<string, string | number | boolean> = {};
  const faults: string[] = [];
  for (const [name, { type, required }] of Object.entries(declared)) {
    const text = Object.hasOwn(given, name) ? given[name] : undefined;
    if (text === undefined) {
      if (required) faults.push(`metadata.${name} is missing: the agent needs this variable (${type})`);
      continue;
    }
    const value = readValue(type, text);
    if (value === undefined) faults.push(`metadata.${name} is wrong (got ${JSON.stringify(text)}), allowed: a ${type}`);
    else values[name] = value;
  }
  return { values, faults };
}

function readValue(type: 'string' | 'number' | 'boolean', text: string): string | number | boolean | undefined {
  if (type === 'string') return text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  const isNumber = /^-?\d+(\.\d+)?$/.test(text.trim()) && Number.isFinite(Number(text));
  return isNumber ? Number(text) : undefined;
}
