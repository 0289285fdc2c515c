import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

type Schema = Readonly<Record<string, unknown>>;

const faultsMax = 10;
const lenient = { strict: false, allErrors: true, validateFormats: false, logger: false } as const;

/** Compiled once for each revision; gone with it. */
const validators = new WeakMap<Schema, ValidateFunction>();

/** An answer read as JSON of a schema: its text without fences, or what is wrong with it, for the model. */
export function checkOutput(answer: string, schema: Schema): { text: string } | { fault: string } {
  const text = withoutFence(answer.trim());
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const validate = validators.get(schema) ?? compile(schema);
  if (validate(value)) return { text };
  const faults = (validate.errors ?? []).slice(0, faultsMax);
  return {
    fault: faults
      .map(({ instancePath, message }) => `${instancePath || 'the whole'} ${message ?? 'is wrong'}`)
      .join('; '),
  };
}

/** What the model is told so that it repairs its answer. */
export function describeRepair(fault: string): string {
  return `Your answer does not have the required form: ${fault}. Answer again with only the JSON, corrected.`;
}

/** Throws for a schema that is none. */
function compile(schema: Schema): ValidateFunction {
  const { $schema: dialect, ...rules } = schema;
  const isOld = typeof dialect === 'string' && /draft-0[467]/.test(dialect);
  // One for each: two revisions may have the same $id.
  const validate = (isOld ? new Ajv(lenient) : new Ajv2020(lenient)).compile(rules);
  validators.set(schema, validate);
  return validate;
}

function withoutFence(text: string): string {
  return /^```(?:json)?\s*\n([\s\S]*?)\n?```$/i.exec(text)?.[1] ?? text;
}
