import { Ajv, type ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

type Schema = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => readonly ErrorObject[];

const faultsMax = 10;
const shownValueLength = 60;
/** Servers write their schemas for many clients: what is unknown in them is passed over, formats are hints. */
const lenient = {
  strict: false,
  allErrors: true,
  validateFormats: false,
  validateSchema: false,
  logger: false,
} as const;

/** Compiled once for each tool; gone with its schema. */
const checks = new WeakMap<Schema, Check>();

/** The arguments of a call as an object that fits the schema, or what is wrong with them, for the model. */
export function checkArguments(text: string, schema: Schema): { args: Record<string, unknown> } | { fault: string } {
  let value: unknown;
  try {
    // Models write nothing where there is nothing to give.
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    return { fault: `the arguments are no valid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { fault: `the arguments must be a JSON object (got ${shorten(value)})` };
  }
  const errors = getCheck(schema)(value);
  if (errors.length === 0) return { args: value as Record<string, unknown> };
  const lines = [...new Set(errors.map((error) => describeError(error, value)))];
  const more = lines.length > faultsMax ? [`and ${lines.length - faultsMax} more faults`] : [];
  return { fault: [...lines.slice(0, faultsMax), ...more].join('; ') };
}

function getCheck(schema: Schema): Check {
  const known = checks.get(schema);
  if (known !== undefined) return known;
  const check = compile(schema);
  checks.set(schema, check);
  return check;
}

function compile(schema: Schema): Check {
  const dialect = schema['$schema'];
  const isOld = typeof dialect === 'string' && /draft-0[467]/.test(dialect);
  const { $schema: _dialect, ...rules } = schema;
  try {
    // One for each: schemas of several servers may have the same $id.
    const validate = (isOld ? new Ajv(lenient) : new Ajv2020(lenient)).compile(rules);
    return (value) => (validate(value) ? [] : (validate.errors ?? []));
  } catch {
    return () => []; // a schema that cannot be read is the tool's own to enforce
  }
}

/** `order_id must match pattern "^[0-9]+$" (got "x")` */
function describeError({ instancePath, keyword, params, message = 'is wrong' }: ErrorObject, value: unknown): string {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = path.join('.');
  const { missingProperty, additionalProperty, allowedValues } = params as Record<string, unknown>;
  const inside = (part: unknown) => [...path, String(part)].join('.');
  if (keyword === 'required') return `${inside(missingProperty)} is missing`;
  if (keyword === 'additionalProperties') return `${inside(additionalProperty)} is not known`;
  const allowed = Array.isArray(allowedValues) ? `: ${allowedValues.map((one) => JSON.stringify(one)).join(', ')}` : '';
  return `${name || 'the arguments'} ${message}${allowed} (got ${shorten(findValue(value, path))})`;
}

function findValue(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}

function shorten(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > shownValueLength ? `${text.slice(0, shownValueLength)}…` : text;
}
