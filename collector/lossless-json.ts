/**
 * JSON without loss: numbers that a double cannot hold stay the digits that were sent.
 * `parseJson` gives such a number as a raw-JSON object, which `JSON.stringify` writes out unchanged.
 */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

declare global {
  // In the language since ES2026; not yet in TypeScript's own library files.
  interface JSON {
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  }
}

/** A number of digits enough to lose some, not in quotes. Only then is the slower parse needed. */
const maybeLossy = /[:[,\s]-?\d[\d.]{15}/;

/** @throws SyntaxError */
export function parseJson(text: string): Json {
  if (!maybeLossy.test(text)) return JSON.parse(text) as Json;
  return JSON.parse(text, keepDigits) as Json;
}

/** The value, or undefined where the text is no JSON. */
export function tryParseJson(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** The digits of a number that `parseJson` kept raw, else undefined. */
export function rawDigits(value: unknown): string | undefined {
  return JSON.isRawJSON(value) ? JSON.stringify(value) : undefined;
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined) return value;
  return String(value) === context.source || !/\d{16}/.test(context.source.replace('.', ''))
    ? value
    : JSON.rawJSON(context.source);
}
