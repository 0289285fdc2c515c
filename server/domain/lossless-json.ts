/** JSON whose numbers keep their digits: a number that a double cannot hold is written out as it was sent. */
declare global {
  // In the language since ES2026; not yet in TypeScript's own library files.
  interface JSON {
    rawJSON(text: string): object;
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  }
}

/** Enough digits in a row to lose some; only then is the slower parse needed. */
const maybeLossy = /\d[\d.]{15}/;

/** The value; text that is no JSON is itself, so that a damaged row still shows what it holds. */
export function parseLossless(text: string): unknown {
  try {
    return maybeLossy.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch {
    return text;
  }
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined || String(value) === context.source) return value;
  return /\d{16}/.test(context.source.replace('.', '')) ? JSON.rawJSON(context.source) : value;
}
