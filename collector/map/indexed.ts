import type { AnyValue } from '../receive/otlp.ts';

/** One entry of a list that is flattened into attributes, `root.0.item.field`: its fields, and the attributes they came in. */
export interface IndexedEntry {
  fields: Map<string, AnyValue>;
  keys: string[];
}

/**
 * Lists from flat names, by root, in one pass. `items` gives for each root what stands between the index and the field:
 * `message.` for `llm.input_messages.0.message.role`. Entries come in the order of their index, whatever the order of the
 * attributes; indexes may have gaps. A root without entries is absent.
 */
export function readIndexed<Root extends string>(
  attributes: Iterable<readonly [string, AnyValue]>,
  items: Readonly<Record<Root, string>>,
): Partial<Record<Root, IndexedEntry[]>> {
  const roots = Object.entries<string>(items) as [Root, string][];
  const lists = new Map<Root, Map<number, [field: string, key: string, value: AnyValue][]>>();
  for (const attribute of attributes) {
    const key = attribute[0];
    const [root, item] = roots.find(([name]) => key.startsWith(name) && key[name.length] === '.') ?? [];
    if (root === undefined || item === undefined) continue;
    const place = indexPattern.exec(key.slice(root.length, root.length + indexMaxLength));
    const itemAt = root.length + (place?.[0].length ?? 0);
    if (place?.[1] === undefined || !key.startsWith(item, itemAt) || key.length === itemAt + item.length) continue;
    const entries = lists.get(root) ?? new Map<number, [string, string, AnyValue][]>();
    lists.set(root, entries);
    const index = Number(place[1]);
    const fields = entries.get(index) ?? [];
    entries.set(index, fields);
    // The value is looked at of entries alone: what is not read, nothing depends on.
    fields.push([key.slice(itemAt + item.length), key, attribute[1]]);
  }
  return Object.fromEntries(
    [...lists].map(([root, entries]) => [
      root,
      [...entries].sort(([a], [b]) => a - b).map(([, fields]) => entryOf(fields)),
    ]),
  ) as Partial<Record<Root, IndexedEntry[]>>;
}

/** An index is written in one way only: `01` is none. */
const indexPattern = /^\.(0|[1-9]\d{0,8})\./;
const indexMaxLength = 11;

function entryOf(fields: [field: string, key: string, value: AnyValue][]): IndexedEntry {
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return { fields: new Map(fields.map(([field, , value]) => [field, value])), keys: fields.map(([, key]) => key) };
}
