import { pick, type Random } from './simulated-random.ts';
import { keywordsOf, splitNames } from './simulated-words.ts';

export type Schema = Readonly<Record<string, unknown>>;

interface Source {
  /** Where values are looked for, the likeliest first. */
  texts: readonly string[];
  random: Random;
  /** What stands where a text of its own is asked for: a reason, a summary. */
  speak: () => string;
}

/** Schemas that go deeper are cut off. */
const depthMax = 6;

/**
 * Arguments of a tool as far as the texts have them; undefined where a required one is not to be found. Free text, such as a
 * query, is what the user said.
 */
export function findArguments(schema: Schema, source: Source): Record<string, unknown> | undefined {
  const properties = asObject(schema['properties']);
  const required = asList(schema['required']);
  const found = Object.entries(properties).flatMap(([name, one]) => {
    const value = findValue(name, asObject(one), source, required.includes(name));
    return value === undefined ? [] : [[name, value] as const];
  });
  const isWhole = required.every((name) => found.some(([key]) => key === name));
  return isWhole ? Object.fromEntries(found) : undefined;
}

/** A value that fits the schema, taken from the texts where they have it, else made up. */
export function makeValue(schema: Schema, source: Source, name = '', depth = 0): unknown {
  if (schema['const'] !== undefined) return schema['const'];
  const choice = asList(schema['enum']);
  if (choice.length > 0) return findChoice(choice, source.texts) ?? pick(choice, source.random);
  const either = asList(schema['anyOf'] ?? schema['oneOf']);
  if (either.length > 0) return makeValue(asObject(either[0]), source, name, depth);
  switch (typeOf(schema)) {
    case 'object':
      return makeObject(schema, source, depth);
    case 'array': {
      const count = Math.max(Number(schema['minItems'] ?? 0), depth > depthMax ? 0 : 2);
      const items = asObject(schema['items']);
      return Array.from({ length: count }, () => makeValue(items, source, name, depth + 1));
    }
    case 'boolean':
      return source.random() < 0.5;
    case 'integer':
    case 'number':
      return findNumber(name, schema, source.texts) ?? makeNumber(schema, source.random);
    case 'null':
      return null;
    default:
      return findText(name, schema, source.texts) ?? makeText(name, schema, source);
  }
}

function makeObject(schema: Schema, source: Source, depth: number): Record<string, unknown> {
  const required = asList(schema['required']);
  const entries = Object.entries(asObject(schema['properties'])).flatMap(([name, one]) => {
    const isScalar = !['object', 'array'].includes(typeOf(asObject(one)));
    if (!required.includes(name) && (!isScalar || depth > depthMax)) return [];
    return [[name, makeValue(asObject(one), source, name, depth + 1)] as const];
  });
  return Object.fromEntries(entries);
}

function findValue(name: string, schema: Schema, source: Source, isRequired: boolean): unknown {
  const choice = asList(schema['enum']);
  if (choice.length > 0) return findChoice(choice, source.texts);
  const type = typeOf(schema);
  if (type === 'integer' || type === 'number') return findNumber(name, schema, source.texts);
  if (type === 'string') {
    const found = findText(name, schema, source.texts);
    if (found !== undefined || !isRequired || isIdentifier(name, schema)) return found;
    return source.texts[0]?.slice(0, Number(schema['maxLength'] ?? 500));
  }
  return isRequired ? makeValue(schema, source, name) : undefined;
}

/** The choice that the texts name. */
function findChoice(choice: readonly unknown[], texts: readonly string[]): unknown {
  for (const text of texts) {
    const words = keywordsOf(text);
    const found = choice.find((one) => keywordsOf(String(one)).some((word) => words.includes(word)));
    if (found !== undefined) return found;
  }
  return undefined;
}

function findNumber(name: string, schema: Schema, texts: readonly string[]): number | undefined {
  const isWhole = typeOf(schema) === 'integer';
  const isMoney = /amount|price|usd|eur|cost|total/i.test(name);
  const expression = isMoney ? /(?<=[$€] ?)\d+(?:\.\d+)?|\d+\.\d{2}\b/g : /\d+(?:\.\d+)?/g;
  for (const text of texts) {
    const numbers = (text.match(expression) ?? []).map(Number);
    const found = numbers.find((one) => isWithin(one, schema) && (!isWhole || Number.isInteger(one)));
    if (found !== undefined) return found;
  }
  return undefined;
}

function findText(name: string, schema: Schema, texts: readonly string[]): string | undefined {
  const expression = expressionOf(name, schema);
  if (expression === undefined) return undefined;
  for (const text of texts) {
    const found = expression.exec(text)?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a value of this name looks like in a text; undefined for free text. */
function expressionOf(name: string, schema: Schema): RegExp | undefined {
  const { pattern, format } = schema;
  if (typeof pattern === 'string') return compile(pattern.replace(/^\^/, '(?<![\\w-])').replace(/\$$/, '(?![\\w-])'));
  if (format === 'email' || /e-?mail/i.test(name)) return /[\w.+-]+@[\w-]+\.[\w.-]*\w/;
  if (format === 'uri' || /url/i.test(name)) return /https?:\/\/[^\s)"']+/;
  if (format === 'date' || /date|day/i.test(name)) return /\d{4}-\d{2}-\d{2}/;
  if (isIdentifier(name, schema)) return /\b(?=[\w-]*\d)[A-Z]{0,5}-?\d[\w-]{1,30}\b/;
  return undefined;
}

function isIdentifier(name: string, { pattern, format }: Schema): boolean {
  const last = splitNames(name).toLowerCase().split(' ').at(-1) ?? '';
  return (
    typeof pattern === 'string' || format === 'email' || ['id', 'number', 'code', 'no', 'ref', 'email'].includes(last)
  );
}

function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'u');
  } catch {
    return undefined;
  }
}

function makeNumber(schema: Schema, random: Random): number {
  const from = Number(schema['minimum'] ?? schema['exclusiveMinimum'] ?? 0);
  const to = Number(schema['maximum'] ?? schema['exclusiveMaximum'] ?? from + 100);
  const value = from + random() * (to - from);
  return typeOf(schema) === 'integer' ? Math.min(Math.ceil(value), to) : Number(value.toFixed(2));
}

function isWithin(value: number, schema: Schema): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  return (
    (typeof minimum !== 'number' || value >= minimum) &&
    (typeof maximum !== 'number' || value <= maximum) &&
    (typeof exclusiveMinimum !== 'number' || value > exclusiveMinimum) &&
    (typeof exclusiveMaximum !== 'number' || value < exclusiveMaximum)
  );
}

function makeText(name: string, schema: Schema, { speak, random }: Source): string {
  if (schema['format'] === 'date') return '2026-01-15';
  if (schema['format'] === 'date-time') return '2026-01-15T09:00:00Z';
  if (schema['format'] === 'email') return 'someone@example.org';
  if (schema['format'] === 'uri') return 'https://example.org/';
  if (isIdentifier(name, schema)) return String(1_000 + Math.floor(random() * 9_000));
  return speak().slice(0, Number(schema['maxLength'] ?? 2_000));
}

function typeOf(schema: Schema): string {
  const { type } = schema;
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return String(type[0]);
  return schema['properties'] === undefined ? 'string' : 'object';
}

function asObject(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
