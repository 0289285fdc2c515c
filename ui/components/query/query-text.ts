import { type FilterField, type FilterName, type Filters, filterFields, findField } from './filter-fields.ts';

export interface QueryReading {
  filters: Filters;
  /** What is left: words to search for, quotes kept. */
  words: string;
  /** What could not be understood, a sentence each; nothing is applied while there is one. */
  problems: readonly string[];
}

/** The API takes this many values of one name and this long a text. */
const valuesMax = 20;
const valueMax = 512;
const wordsMax = 500;
const labelPattern = /^[^=]{1,128}=./s;
const msPerUnit: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };
const longestDurationMs = 1_000_000_000;

/** Reads `agent:support status:error "refund policy"`. */
export function parseQueryText(text: string): QueryReading {
  const filters: Partial<Record<FilterName, string[]>> = {};
  const words: string[] = [];
  const problems: string[] = [];
  for (const token of splitTokens(text)) {
    const [, key, raw = ''] = /^([A-Za-z][A-Za-z_]*):(.*)$/s.exec(token) ?? [];
    if (key === undefined) {
      words.push(token);
      continue;
    }
    const field = findField(key);
    if (field === undefined) {
      problems.push(`There is no filter “${key}”. ${describeKeys()} To search for the text itself, put it in quotes.`);
      continue;
    }
    const reading = readValue(field, unquote(raw));
    if ('problem' in reading) problems.push(reading.problem);
    else filters[field.name] = field.many ? [...(filters[field.name] ?? []), reading.value] : [reading.value];
  }
  const sentence = words.join(' ');
  if (sentence.length > wordsMax) problems.push(`The text to search for is longer than ${wordsMax} characters.`);
  return { filters, words: sentence, problems };
}

/** Checks one value as it stands in the address or after a colon; durations and costs come out in the API's unit. */
export function readValue(field: FilterField, text: string): { value: string } | { problem: string } {
  if (text === '') return { problem: `“${field.key}:” needs a value: ${field.hint}.` };
  if (field.name === 'minDurationMs') return readDuration(text);
  if (field.name === 'minCostUsd') return readCost(text);
  if (text.length > valueMax) return { problem: `The value of “${field.key}:” is longer than ${valueMax} characters.` };
  if (field.name === 'label' && !labelPattern.test(text)) {
    return { problem: `“label:${text}” is not a label. Write label:KEY=VALUE.` };
  }
  if (field.allowed === undefined) return { value: text };
  const value = text.toLowerCase();
  if (field.allowed.includes(value)) return { value };
  return { problem: `“${field.key}:${text}” is not known. Allowed: ${field.allowed.join(', ')}.` };
}

/** A chip's text: `agent:support`, `cost:>0.10`, `duration:>2 s`. */
export function describeFilter(name: FilterName, value: string): { key: string; value: string } {
  if (name === 'minCostUsd') return { key: 'cost', value: `>$${value}` };
  if (name === 'minDurationMs') {
    const ms = Number(value);
    return { key: 'duration', value: ms >= 1_000 ? `>${ms / 1_000} s` : `>${ms} ms` };
  }
  return { key: name, value };
}

/** With the values of `added` put to those of `filters`; a field of one value is replaced. */
export function mergeFilters(filters: Filters, added: Filters): Filters {
  const merged: Partial<Record<FilterName, readonly string[]>> = { ...filters };
  for (const field of filterFields) {
    const values = added[field.name];
    if (values === undefined) continue;
    const together = field.many ? [...new Set([...(merged[field.name] ?? []), ...values])] : values;
    merged[field.name] = together.slice(0, valuesMax);
  }
  return merged;
}

/** With one value switched on or off; a field of one value is replaced. */
export function toggleFilter(filters: Filters, name: FilterName, value: string): Filters {
  const values = filters[name] ?? [];
  if (!values.includes(value)) return mergeFilters(filters, { [name]: [value] });
  const rest = values.filter((one) => one !== value);
  const { [name]: _removed, ...others } = filters;
  return rest.length === 0 ? others : { ...others, [name]: rest };
}

/** The filters as pairs, in the order of the fields. */
export function listFilters(filters: Filters): { name: FilterName; value: string }[] {
  return filterFields.flatMap(({ name }) => (filters[name] ?? []).map((value) => ({ name, value })));
}

export function describeKeys(): string {
  return `Filters are ${filterFields.map((field) => field.key).join(', ')}.`;
}

/** Blanks separate, except in double quotes; `\"` is a quote within. An open quote runs to the end. */
function splitTokens(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*(?:"|$)|[^\s"])+/g) ?? [];
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const inner = text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text.slice(1);
  return inner.replaceAll('\\"', '"');
}

function readDuration(text: string): { value: string } | { problem: string } {
  const match = /^(?:>=?\s*)?(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?$/i.exec(text);
  const ms = match === null ? NaN : Math.round(Number(match[1]) * (msPerUnit[match[2]?.toLowerCase() ?? 'ms'] ?? NaN));
  if (Number.isNaN(ms) || ms > longestDurationMs) {
    return {
      problem: `“duration:${text}” is not a duration. Write duration:>2s, duration:>500ms or duration:>1.5min.`,
    };
  }
  return { value: String(ms) };
}

function readCost(text: string): { value: string } | { problem: string } {
  const match = /^(?:>=?\s*)?\$?(\d{1,6}(?:\.\d{1,12})?|\.\d{1,12})$/.exec(text);
  if (match === null) {
    return { problem: `“cost:${text}” is not an amount of US dollars. Write cost:>0.10.` };
  }
  const amount = match[1] ?? '';
  return { value: amount.startsWith('.') ? `0${amount}` : amount };
}
