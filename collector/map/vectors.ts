import type { Json } from '../lossless-json.ts';
import { isObject } from './message.ts';

/** A list of so many numbers is a vector; shorter ones may mean something to a reader. */
const vectorMinDimensions = 16;

/** The value with its vectors described by their length: nobody reads them, and they are most of an embedding's bytes. */
export function withoutVectors(value: Json): Json {
  if (Array.isArray(value)) return isVector(value) ? { dimensions: value.length } : value.map(withoutVectors);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, isPacked(key, entry) ? packed(entry) : withoutVectors(entry)]),
  );
}

function isVector(list: readonly Json[]): boolean {
  return (
    list.length >= vectorMinDimensions && list.every((entry) => typeof entry === 'number' || JSON.isRawJSON(entry))
  );
}

/** OpenAI gives 32-bit floats in base64 where it is asked to. */
function isPacked(key: string, value: Json): value is string {
  return key === 'embedding' && typeof value === 'string' && /^[\w+/-]+=*$/.test(value);
}

function packed(base64: string): Json {
  return { dimensions: Math.floor(Buffer.byteLength(base64, 'base64') / 4) };
}
