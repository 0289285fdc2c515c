import type { Json } from '../lossless-json.ts';
import type { AnyValue, Attributes } from '../receive/otlp.ts';
import { type IndexedEntry, readIndexed } from './indexed.ts';
import type { CanonicalMessage } from './message.ts';
import type { ContentField } from './reading.ts';
import { json, structuredContent } from './value.ts';
import { withoutVectors } from './vectors.ts';

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
export type FlatLists = Partial<Record<keyof typeof flatLists, IndexedEntry[]>>;

/** The lists that a span has in flat names. */
export function readFlatLists(attributes: Attributes): FlatLists {
  return readIndexed(attributes, flatLists);
}

/**
 * A field as one place gives it, read only where no place before it has it. `keys` are the attributes that it holds, all of
 * their content only where `whole`.
 */
export interface Piece {
  field: ContentField;
  read: () => Json | CanonicalMessage[] | undefined;
  keys: readonly string[];
  whole: boolean;
}

/** A field that holds all that the attributes say. */
export function whole(field: ContentField, read: Piece['read'], keys: readonly string[]): Piece {
  return { field, read, keys, whole: true };
}

/** A field that holds some of what the attributes say. */
export function partly(field: ContentField, read: Piece['read'], keys: readonly string[]): Piece {
  return { field, read, keys, whole: false };
}

/** Documents that a retriever or a reranker was given and gave back. */
export function readDocuments(lists: FlatLists, query: AnyValue | undefined): Piece[] {
  const given = lists['reranker.input_documents'];
  const asked = () => ({
    ...(query === undefined ? {} : { query: json(query) }),
    ...(given === undefined ? {} : { documents: given.map(readDocument) }),
  });
  const isAsked = query !== undefined || given !== undefined;
  const [found, ranked] = [lists['retrieval.documents'], lists['reranker.output_documents']];
  return [
    whole('inputValue', () => (isAsked ? asked() : undefined), ['reranker.query', ...keysOf(given)]),
    whole('outputValue', () => found?.map(readDocument), keysOf(found)),
    whole('outputValue', () => ranked?.map(readDocument), keysOf(ranked)),
  ];
}

function readDocument({ fields }: IndexedEntry): Json {
  const { id, content, score, metadata, ...rest } = fieldsOf(fields);
  const about = typeof metadata === 'string' ? structuredContent(metadata) : metadata;
  const known = Object.entries({ id, content, score, metadata: about }).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(known) as Record<string, Json>), ...rest };
}

/** Texts that were embedded; of vectors only how many there are and of how many dimensions. */
export function readEmbeddings(lists: FlatLists, input: Json | undefined, output: Json | undefined): Piece[] {
  const entries = lists['embedding.embeddings'] ?? [];
  const texts = entries.flatMap(({ fields }) => json(fields.get('text') ?? null) ?? []);
  const vectors = entries.map(({ fields }) => fields.get('vector')).filter(Array.isArray);
  const described = { vectors: vectors.length, dimensions: vectors[0]?.length ?? 0 };
  return [
    whole('inputValue', () => (texts.length === 1 ? texts[0] : texts), keysWith(entries, '.text')),
    whole('inputValue', () => input, ['input.value']),
    whole('outputValue', () => (output === undefined ? undefined : withoutVectors(output)), ['output.value']),
    whole('outputValue', () => (vectors.length > 0 ? described : undefined), []),
  ];
}

/** Attributes that hold vectors. */
export function vectorKeys(lists: FlatLists): string[] {
  return keysWith(lists['embedding.embeddings'] ?? [], '.vector');
}

function keysWith(entries: readonly IndexedEntry[], ending: string): string[] {
  return keysOf(entries).filter((key) => key.endsWith(ending));
}

/** The attributes that a list came in. */
export function keysOf(entries: readonly IndexedEntry[] | undefined): string[] {
  return entries?.flatMap(({ keys }) => keys) ?? [];
}

/** The fields of an entry as JSON. */
export function fieldsOf(fields: IndexedEntry['fields']): Record<string, Json> {
  return Object.fromEntries([...fields].map(([key, value]) => [key, json(value)]));
}
