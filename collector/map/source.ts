import type { Json } from '../lossless-json.ts';
import type { Attributes, OtlpSpan } from '../receive/otlp.ts';
import { type IndexedEntry, readIndexed } from './indexed.ts';
import { isObject, type JsonObject } from './message.ts';
import { structured } from './value.ts';

/** One span as the conventions look at it: what several of them ask for is found once. */
export class Source {
  readonly span: OtlpSpan;
  readonly attributes: Attributes;
  readonly #parsed = new Map<string, Json | undefined>();
  readonly #lists = new Map<string, IndexedEntry[]>();
  readonly #found = new Map<unknown, unknown>();
  #namespaces: Set<string> | undefined;

  constructor(span: OtlpSpan) {
    this.span = span;
    this.attributes = span.attributes;
  }

  /** True where an attribute is in the namespace, the name up to the first point: `gen_ai` for `gen_ai.system`. */
  speaks(namespace: string): boolean {
    this.#namespaces ??= namespacesOf(this.attributes);
    return this.#namespaces.has(namespace);
  }

  /** The attribute as JSON, that in a text included; undefined where it is missing. */
  json(key: string): Json | undefined {
    if (!this.#parsed.has(key)) {
      const value = this.attributes.get(key);
      this.#parsed.set(key, value === undefined ? undefined : structured(value));
    }
    return this.#parsed.get(key);
  }

  /** The attribute as a JSON object; an empty one where it is none. */
  object(key: string): JsonObject {
    const value = this.json(key);
    return isObject(value) ? value : {};
  }

  /** What `find` makes of the span, found out once however many rows ask for it. */
  once<T>(find: (source: Source) => T): T {
    if (!this.#found.has(find)) this.#found.set(find, find(this));
    // What stands under a function is what it returned.
    return this.#found.get(find) as T;
  }

  /** Entries of a list in flat names, `root.0.item.field`; empty where there are none. See `readIndexed`. */
  list(root: string, item = ''): IndexedEntry[] {
    let entries = this.#lists.get(root);
    if (entries === undefined) {
      entries = readIndexed(this.attributes, { [root]: item })[root] ?? [];
      this.#lists.set(root, entries);
    }
    return entries;
  }
}

function namespacesOf(attributes: Attributes): Set<string> {
  const found = new Set<string>();
  for (const key of attributes.keys()) {
    const end = key.indexOf('.');
    found.add(end === -1 ? key : key.slice(0, end));
  }
  return found;
}
