import type { FacetName } from '../../api/types.ts';
import { exactCount } from '../format.ts';
import { type FilterName, filterFields, findField } from './filter-fields.ts';

export interface Suggestion {
  /** Unique among the suggestions shown together. */
  id: string;
  /** `agent:` or `agent:support`. */
  label: string;
  hint: string;
  /** A whole filter, to be applied; else `text` replaces the word being typed. */
  filter?: { name: FilterName; value: string };
  text: string;
}

type Facets = readonly { name: FacetName; values: readonly { value: string; traceCount: number }[] }[];

/** Labels to filter by, and the values that are known of them. */
export interface LabelChoices {
  keys: readonly { key: string; traceCount: number }[];
  values: ReadonlyMap<string, readonly { value: string; traceCount: number }[]>;
}

const noLabels: LabelChoices = { keys: [], values: new Map() };

const suggestionsMax = 8;
/** From here on a word is also looked for among the values. */
const valueSearchLength = 2;

/** What the last word of the text may become: filters that begin with it, values of its filter, values that contain it. */
export function suggest(text: string, facets: Facets, labels: LabelChoices = noLabels): Suggestion[] {
  const word = lastWord(text);
  const [, key, start = ''] = /^([A-Za-z]+):"?(.*)$/s.exec(word) ?? [];
  if (key?.toLowerCase() === 'label') return suggestLabels(start, labels).slice(0, suggestionsMax);
  if (key !== undefined) return suggestValues(key, start, facets).slice(0, suggestionsMax);
  const keys = suggestKeys(word);
  const values = word.length < valueSearchLength ? [] : facets.flatMap(({ name }) => suggestValues(name, word, facets));
  return [...keys, ...values].slice(0, suggestionsMax);
}

/** The key of the label whose value is being typed; undefined while there is none. */
export function typedLabelKey(text: string): string | undefined {
  return /^label:"?([^=]+)=/i.exec(lastWord(text))?.[1];
}

/** The text without the word being typed. */
export function withoutLastWord(text: string): string {
  return text.slice(0, text.length - lastWord(text).length);
}

function lastWord(text: string): string {
  return /(?:[A-Za-z]+:"[^"]*|\S*)$/.exec(text)?.[0] ?? '';
}

function suggestKeys(start: string): Suggestion[] {
  const wanted = start.toLowerCase();
  return filterFields
    .filter(({ key, label }) => key.startsWith(wanted) || label.toLowerCase().startsWith(wanted))
    .map(({ key, hint }) => ({ id: `key-${key}`, label: `${key}:`, hint, text: `${key}:` }));
}

function suggestValues(key: string, start: string, facets: Facets): Suggestion[] {
  const field = findField(key);
  if (field === undefined) return [];
  const counts = new Map(
    facets.find(({ name }) => name === field.name)?.values.map((one) => [one.value, one.traceCount]),
  );
  const values = [...new Set([...counts.keys(), ...(field.allowed ?? [])])];
  const wanted = start.toLowerCase();
  return values
    .filter((value) => value.toLowerCase().includes(wanted))
    .map((value) => ({
      id: `value-${field.key}-${value}`,
      label: `${field.key}:${value}`,
      hint: describeCount(counts.get(value)),
      filter: { name: field.name, value },
      text: '',
    }));
}

/** Keys first, then the values of the key that stands there. */
function suggestLabels(start: string, { keys, values }: LabelChoices): Suggestion[] {
  const [, key, begun = ''] = /^([^=]+)=(.*)$/s.exec(start) ?? [];
  if (key === undefined) {
    return keys
      .filter((one) => one.key.toLowerCase().includes(start.toLowerCase()) && !one.key.includes('='))
      .map((one) => {
        const label = `label:${one.key}=`;
        // With a blank in it, what follows is still to be in the quotes.
        const text = /[\s"]/.test(one.key) ? `label:"${one.key}=` : label;
        return { id: `label-${one.key}`, label, hint: describeCount(one.traceCount), text };
      });
  }
  return (values.get(key) ?? [])
    .filter(({ value }) => value.toLowerCase().includes(begun.toLowerCase()))
    .map(({ value, traceCount }) => ({
      id: `label-${key}=${value}`,
      label: `label:${key}=${value}`,
      hint: describeCount(traceCount),
      filter: { name: 'label' as const, value: `${key}=${value}` },
      text: '',
    }));
}

function describeCount(count: number | undefined): string {
  if (count === undefined) return '';
  return count === 1 ? '1 trace' : `${exactCount(count)} traces`;
}
