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

/** JSON within text stays text above either: what works on values recurses a level each and makes an object a token. */
export const embeddedJsonLimits = { depth: 128, tokens: 1_000_000 } as const;

/** A number, not in quotes, of digits enough to lose some, or with an exponent. Only then is the slower parse needed. */
const maybeLossy = /(?:^|[:[,\s])-?\d(?:[\d.]{15}|[\d.]*[eE])/;

/** @throws SyntaxError */
export function parseJson(text: string): Json {
  if (!maybeLossy.test(text)) return JSON.parse(text) as Json;
  return JSON.parse(text, keepDigits) as Json;
}

/** The value, or undefined where the text is no JSON or goes beyond `embeddedJsonLimits`. */
export function tryParseJson(text: string): Json | undefined {
  if (text.length > embeddedJsonLimits.depth) {
    const { depth, tokens } = measureJson(text);
    if (depth > embeddedJsonLimits.depth || tokens > embeddedJsonLimits.tokens) return undefined;
  }
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** How much the text would become when parsed: brackets and commas outside of strings, and how deep brackets nest. */
export function measureJson(text: string): { tokens: number; depth: number } {
  let tokens = 0;
  let depth = 0;
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at + 1);
        break;
      case 0x7b: // {
      case 0x5b: // [
        tokens += 1;
        open += 1;
        if (open > depth) depth = open;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open -= 1;
        break;
      case 0x2c: // ,
        tokens += 1;
    }
  }
  return { tokens, depth };
}

const quote = 0x22;
const backslash = 0x5c;

/** Index of the quote that closes the string, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === quote) return at;
    if (character === backslash) at += 1;
  }
  return text.length;
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
