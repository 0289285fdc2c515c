import type { Json } from '../../lossless-json.ts';
import { type IndexedEntry, readIndexed } from '../indexed.ts';
import type { CanonicalMessage } from '../message.ts';
import type { ContentField } from '../reading.ts';
import type { Source } from '../source.ts';
import type { Row } from '../table.ts';
import { json, structuredContent } from '../value.ts';

/** Lists in flat names, and what stands between index and field in them. */
const flatLists = {
  'llm.input_messages': 'message.',
  'llm.output_messages': 'message.',
  'llm.prompts': 'prompt.',
  'llm.choices': 'completion.',
  'llm.tools': 'tool.',
  'retrieval.documents': 'document.',
  'reranker.input_documents': 'document.',
  'reranker.output_documents': 'document.',
  'embedding.embeddings': 'embedding.',
} as const;
type Root = keyof typeof flatLists;
type FlatLists = Partial<Record<Root, IndexedEntry[]>>;

/** True where the span has any of the lists. */
export function hasFlatList(source: Source): boolean {
  return Object.keys(source.once(readFlatLists)).length > 0;
}

/** One of the lists that a span has in flat names; undefined where it has none of the name. All are read in one pass. */
export function flatList(source: Source, root: Root): IndexedEntry[] | undefined {
  return source.once(readFlatLists)[root];
}

const namespaces = [...new Set(Object.keys(flatLists).map((root) => root.slice(0, root.indexOf('.'))))];

function readFlatLists(source: Source): FlatLists {
  return namespaces.some((namespace) => source.speaks(namespace)) ? readIndexed(source.attributes, flatLists) : {};
}

/** Content that a list in flat names holds whole; `fields` are those that hold it, all where none is named. */
export function flat(
  field: ContentField,
  root: Root,
  read: (entries: IndexedEntry[], source: Source) => Json | CanonicalMessage[] | undefined,
  fields?: (key: string) => boolean,
): Row {
  return {
    field,
    from: `${root}.*`,
    read(source) {
      const entries = flatList(source, root);
      return entries && read(entries, source);
    },
    keys: (source) => keysOf(flatList(source, root)).filter(fields ?? (() => true)),
    isWhole: true,
  };
}

/** The attributes that a list came in. */
export function keysOf(entries: readonly IndexedEntry[] | undefined): string[] {
  return entries?.flatMap(({ keys }) => keys) ?? [];
}

/** A document that a retriever found or a reranker was given. */
export function readDocument({ fields }: IndexedEntry): Json {
  const { id, content, score, metadata, ...rest } = fieldsOf(fields);
  const about = typeof metadata === 'string' ? structuredContent(metadata) : metadata;
  const known = Object.entries({ id, content, score, metadata: about }).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(known) as Record<string, Json>), ...rest };
}

/** The texts that were embedded: the only one, or all. */
export function readEmbeddedTexts(entries: readonly IndexedEntry[]): Json | undefined {
  const texts = entries.flatMap(({ fields }) => json(fields.get('text') ?? null) ?? []);
  return texts.length === 1 ? texts[0] : texts;
}

/** Of vectors only how many there are and of how many dimensions. */
export function describeVectors(entries: readonly IndexedEntry[]): Json | undefined {
  const vectors = entries.map(({ fields }) => fields.get('vector')).filter(Array.isArray);
  return vectors.length > 0 ? { vectors: vectors.length, dimensions: vectors[0]?.length ?? 0 } : undefined;
}

/** The fields of an entry as JSON. */
export function fieldsOf(fields: IndexedEntry['fields']): Record<string, Json> {
  return Object.fromEntries([...fields].map(([key, value]) => [key, json(value)]));
}
