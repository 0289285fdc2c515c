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

/**
 * JSON within text stays text above either: what works on values recurses a level each and makes an object a token, and a
 * span may have twenty such texts.
 */
export const embeddedJsonLimits = { depth: 128, tokens: 250_000 } as const;

/**
 * How deep text may nest that is parsed with a reviver: V8 (Node 26.10) runs out of stack between two and three thousand
 * levels, and the heap is broken from then on. Far above what readers look into.
 */
const parsedDepthMax = 512;

/** What is nested deeper than 512 levels is read as null. @throws SyntaxError */
export function parseJson(text: string, { lossy, depth }: JsonMeasure = measureJson(text)): Json {
  const flat = depth > parsedDepthMax ? flattenJson(text, parsedDepthMax) : text;
  return (lossy ? JSON.parse(flat, keepDigits) : JSON.parse(flat)) as Json;
}

/** The value, or undefined where the text is no JSON or goes beyond `embeddedJsonLimits`. */
export function tryParseJson(text: string): Json | undefined {
  const measure = measureJson(text);
  if (measure.depth > embeddedJsonLimits.depth || measure.tokens > embeddedJsonLimits.tokens) return undefined;
  try {
    return parseJson(text, measure);
  } catch {
    return undefined;
  }
}

/** What a text would become when parsed, as far as it is JSON. */
export interface JsonMeasure {
  /** Brackets and commas outside of strings. */
  tokens: number;
  /** How deep brackets nest. */
  depth: number;
  /** A number has more digits than a double is sure to keep, or an exponent: only then is the slower parse needed. */
  lossy: boolean;
}

/** One pass over the text, strings skipped: a few per cent of what parsing costs. */
export function measureJson(text: string): JsonMeasure {
  const measure: JsonMeasure = { tokens: 0, depth: 0, lossy: false };
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    switch (character) {
      case 0x22: // "
        at = endOfString(text, at + 1);
        break;
      case 0x7b: // {
      case 0x5b: // [
        measure.tokens += 1;
        open += 1;
        if (open > measure.depth) measure.depth = open;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open -= 1;
        break;
      case 0x2c: // ,
        measure.tokens += 1;
        break;
      default:
        if (isDigit(character)) {
          const end = endOfNumber(text, at + 1);
          // `e`, and more than 15 digits with the point perhaps among them
          if (end - at > 15 || (text.charCodeAt(end) | 0x20) === 0x65) measure.lossy = true;
          at = end - 1;
        }
    }
  }
  return measure;
}

/** The text with `null` in place of every list and object that stands deeper. */
function flattenJson(text: string, depthMax: number): string {
  const kept: string[] = [];
  let from = 0;
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at + 1);
        break;
      case 0x7b: // {
      case 0x5b: // [
        open += 1;
        if (open === depthMax + 1) kept.push(text.slice(from, at), 'null');
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open -= 1;
        if (open === depthMax) from = at + 1;
    }
  }
  return kept.join('') + (open > depthMax ? '' : text.slice(from));
}

/** Index of the quote that closes the string, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (at - backslashes > from && text.charCodeAt(at - backslashes - 1) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}

/** Where digits and points end. */
function endOfNumber(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at)) || text.charCodeAt(at) === 0x2e) at += 1;
  return at;
}

function isDigit(character: number): boolean {
  return character >= 0x30 && character <= 0x39;
}

/** The digits of a number that `parseJson` kept raw, else undefined. */
export function rawDigits(value: unknown): string | undefined {
  return JSON.isRawJSON(value) ? JSON.stringify(value) : undefined;
}

function keepDigits(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  const mantissa = source.split(/[eE]/, 1)[0]?.replace(/[-.]/g, '') ?? '';
  const vanished = !Number.isFinite(value) || (value === 0 && /[1-9]/.test(mantissa));
  return vanished || mantissa.length > 15 ? JSON.rawJSON(source) : value;
}
