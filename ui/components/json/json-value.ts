/** What a tree node says about a JSON value. */
export type JsonType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null';

/** A number outside what a double holds, kept as written (`JSON.rawJSON`). */
type ExactNumber = { rawJSON: string };
type JsonEntry = { key: string; value: unknown };

// The standard library's types do not know these yet, nor do browsers before 2025.
const exactJson = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context?: { source?: string }) => unknown): unknown;
  rawJSON?: (source: string) => ExactNumber;
  isRawJSON?: (value: unknown) => value is ExactNumber;
};

/** A string longer than this is not tried: finding out costs more than a reader gains. */
const embeddedCharsMax = 2_000_000;

/** The type under which a value is shown. */
export function typeOf(value: unknown): JsonType {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (exactJson.isRawJSON?.(value)) return /^-?\d+$/.test(value.rawJSON) ? 'integer' : 'number';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'object') return 'object';
  return typeof value === 'string' ? 'string' : 'boolean';
}

/** A value that is no container, as JSON writes it; every digit of a large number included. */
export function formatLeaf(value: unknown): string {
  return JSON.stringify(value);
}

/** The members of a container in order; empty for anything else. */
export function listEntries(value: unknown): JsonEntry[] {
  if (Array.isArray(value)) return value.map((one: unknown, place) => ({ key: String(place), value: one }));
  if (typeOf(value) !== 'object') return [];
  return Object.entries(value as object).map(([key, one]: [string, unknown]) => ({ key, value: one }));
}

/** The lines that a value takes fully open, counted up to `max`. */
export function countLines(value: unknown, max: number): number {
  let lines = 1;
  for (const entry of listEntries(value)) {
    if (lines >= max) break;
    lines += countLines(entry.value, max - lines);
  }
  return lines;
}

/** The object or array that a string holds as JSON text; undefined for any other string. */
export function parseEmbedded(text: string): object | undefined {
  const trimmed = text.trim();
  if (trimmed.length > embeddedCharsMax || !/^(\{[^]*\}|\[[^]*\])$/.test(trimmed)) return undefined;
  try {
    const value = exactJson.parse(trimmed, (_key, one, context) => {
      const source = context?.source;
      if (typeof one !== 'number' || source === undefined || String(one) === source) return one;
      return exactJson.rawJSON?.(source) ?? one;
    });
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a container is short and flat enough to stand on one line: `{ id: 1042, verbose: true }`. */
export function fitsOneLine(value: unknown): boolean {
  const oneLineCharsMax = 44;
  const entries = listEntries(value);
  let chars = 4;
  for (const { key, value: member } of entries) {
    if (typeof member === 'object' && member !== null && !exactJson.isRawJSON?.(member)) return false;
    chars += formatLeaf(member).length + 2 + (Array.isArray(value) ? 0 : key.length + 2);
    if (chars > oneLineCharsMax) return false;
  }
  return entries.length > 0;
}

/** One line that hints at a container's content: `id, state, items …`. */
export function previewOf(value: unknown): string {
  const previewKeysMax = 4;
  if (Array.isArray(value)) return '';
  const keys = Object.keys(value as object);
  return keys.slice(0, previewKeysMax).join(', ') + (keys.length > previewKeysMax ? ' …' : '');
}
