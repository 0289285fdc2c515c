import { countOf, formatBytes } from '../../components/format.ts';
import { formatWidth } from '../../components/time.ts';
import { isObject, objectOf } from './content.ts';

export interface Setting {
  name: string;
  value: string;
}

const durations = new Set(['timeout', 'turnTimeout', 'firstTokenTimeout', 'ttl']);
const amounts = new Set(['maxCostPerTurn', 'maxCostPerSession', 'usd']);
const sizes = new Set(['maxResponseBytes']);

/** Each value of an object as words, objects in it flattened; what is empty is left out. */
export function listSettings(content: unknown, before = ''): Setting[] {
  return Object.entries(objectOf(content)).flatMap(([key, value]) => {
    const name = `${before}${wordsOf(key)}`;
    if (isObject(value)) return listSettings(value, `${name} · `);
    const words = describeValue(key, value);
    return words === null ? [] : [{ name, value: words }];
  });
}

/** `maxToolCalls` as `max tool calls`. */
function wordsOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();
}

function describeValue(key: string, value: unknown): string | null {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return describeList(value);
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  if (amounts.has(key)) return `$${value}`;
  if (typeof value === 'string') return value;
  if (durations.has(key)) return formatWidth(value);
  return sizes.has(key) ? formatBytes(value) : String(value);
}

function describeList(values: readonly unknown[]): string | null {
  if (values.length === 0) return null;
  const isPlain = values.every((one) => typeof one !== 'object');
  return isPlain ? values.map(String).join(', ') : countOf(values.length, 'entry', 'entries');
}
