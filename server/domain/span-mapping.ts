import type { SpanMapping } from '../contract/spans.ts';

type FieldOrigin = SpanMapping['fields'][number];

/**
 * Where the fields of a span were found, from the text that the collector stored, `[[field, convention, attribute], …]`. Entries
 * that are not three texts are left out; '' and damaged text give none.
 */
export function readMapping(convention: string, origins: string): SpanMapping {
  const entries: unknown = origins === '' ? [] : tryParse(origins);
  return { convention: convention || null, fields: Array.isArray(entries) ? entries.flatMap(readOrigin) : [] };
}

function readOrigin(entry: unknown): FieldOrigin[] {
  if (!Array.isArray(entry) || entry.length !== 3 || !entry.every(isText)) return [];
  const [field = '', convention = '', attribute = ''] = entry;
  return [{ field, convention, attribute }];
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
