import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

const lenient = { strict: false, validateFormats: false, logger: false } as const;

/** What is wrong with a JSON Schema, and where in it; undefined: nothing. */
export function findSchemaFault(
  schema: Readonly<Record<string, unknown>>,
): { path: (string | number)[]; message: string } | undefined {
  const { $schema: dialect, ...rules } = schema;
  const isOld = typeof dialect === 'string' && /draft-0[467]/.test(dialect);
  const ajv = isOld ? new Ajv(lenient) : new Ajv2020(lenient);
  if (ajv.validateSchema(rules) !== true) {
    const [first] = ajv.errors ?? [];
    const path = (first?.instancePath ?? '').split('/').slice(1).map(unescapePart);
    return { path, message: `is no JSON Schema: ${first?.message ?? 'it cannot be read'}` };
  }
  try {
    ajv.compile(rules);
    return undefined;
  } catch (error) {
    return { path: [], message: `is no JSON Schema: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** A part of a JSON pointer; a number is a place in a list. */
function unescapePart(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~');
}
