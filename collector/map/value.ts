import type { Json } from '../lossless-json.ts';
import { tryParseJson } from '../lossless-json.ts';
import type { AnyValue, Attributes } from '../receive/otlp.ts';

/** Names and ids are kept up to this length; the attribute itself stays whole. */
const textMaxCharacters = 2048;

/** A non-empty string, or undefined; numbers and booleans are taken as their text. */
export function text(value: AnyValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : shortText(value);
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}

function shortText(value: string): string {
  return value.length <= textMaxCharacters ? value : value.slice(0, textMaxCharacters).toWellFormed();
}

/** The API gives counts as JSON numbers; more than these hold was never counted. */
const maxCount = BigInt(Number.MAX_SAFE_INTEGER);

/** A count of tokens: a whole number from 0 to 2^53-1, also when it came as a double or as digits; else undefined. */
export function count(value: AnyValue | undefined): bigint | undefined {
  let whole: bigint | undefined;
  if (typeof value === 'bigint') whole = value;
  else if (typeof value === 'number' && Number.isFinite(value)) whole = BigInt(Math.round(value));
  else if (typeof value === 'string' && /^\d{1,16}$/.test(value)) whole = BigInt(value);
  return whole !== undefined && whole >= 0n && whole <= maxCount ? whole : undefined;
}

/** A number as such, also when it came as an int or as digits; else undefined. */
export function number(value: AnyValue | undefined): number | undefined {
  const read = typeof value === 'bigint' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
}

/** Strings of a list, of a JSON list in a string, or the one string there is. */
export function texts(value: AnyValue | undefined): string[] {
  if (Array.isArray(value)) return value.map((entry) => text(entry) ?? '');
  if (typeof value === 'string' && value.startsWith('[')) {
    const parsed = tryParseJson(value);
    if (Array.isArray(parsed))
      return parsed.map((entry) => shortText(typeof entry === 'string' ? entry : JSON.stringify(entry)));
  }
  const single = text(value);
  return single === undefined ? [] : [single];
}

/** A value as JSON to look into: a string that holds JSON is parsed, one that does not stays a string. */
export function structured(value: AnyValue): Json {
  return typeof value === 'string' ? (tryParseJson(value) ?? value) : json(value);
}

/** As `structured` where text may stand by itself: only what begins as a JSON list, object or string is parsed, `42` is text. */
export function structuredContent(value: AnyValue): Json {
  return typeof value === 'string' && !/^\s*[[{"]/.test(value) ? value : structured(value);
}

/** A value as JSON of the same meaning; integers beyond 2^53 stay exact. */
export function json(value: AnyValue): Json {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : (JSON.rawJSON(String(value)) as unknown as Json);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (value instanceof Map) return jsonObject(value);
  if (Array.isArray(value)) return value.map(json);
  return value;
}

export function jsonObject(attributes: Attributes): Record<string, Json> {
  return Object.fromEntries([...attributes].map(([key, value]) => [key, json(value)]));
}

/**
 * The text that keeps a value's type apart: an int has no point, a double always has a point or an exponent, bytes are
 * `{"bytesValue":"<base64>"}`. NaN and the infinities, which JSON lacks, are strings as in OTLP/JSON.
 */
export function typedJson(value: AnyValue): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return doubleJson(value);
  if (value instanceof Uint8Array) return JSON.stringify(json(value));
  if (value instanceof Map) {
    return `{${[...value].map(([key, entry]) => `${JSON.stringify(key)}:${typedJson(entry)}`).join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map(typedJson).join(',')}]`;
  return JSON.stringify(value);
}

function doubleJson(value: number): string {
  if (!Number.isFinite(value)) return JSON.stringify(String(value));
  if (Object.is(value, -0)) return '-0.0';
  const digits = String(value);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}
