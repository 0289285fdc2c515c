import type { AnyValue } from '../receive/otlp.ts';
import type { IndexedEntry } from './indexed.ts';
import { type LabelRow, readLabels } from './labels.ts';
import type { ContentField, Convention, Field, Reading, ReadSpan } from './reading.ts';
import type { Source } from './source.ts';
import type { RawUsage } from './usage.ts';
import { count, text } from './value.ts';

type Count = Exclude<keyof RawUsage, 'isExclusive'>;
type ValueOf<F extends Field> = F extends `usage.${string}` ? bigint : F extends keyof Reading ? Reading[F] : never;

/** One line of a convention: a field, and where it is found. Of several for one field the first that has a value counts. */
export interface Row {
  field: Field;
  /** The attribute, as the explanation of a span names it: `llm.input_messages.*` for a list in flat names. */
  from: string;
  read: (source: Source, from: string) => unknown;
  /** True where `from` is the one attribute that is read. */
  isAttribute?: boolean | undefined;
  /** The attributes whose content the field holds. */
  keys?: ((source: Source, from: string) => readonly string[]) | undefined;
  /** True where it holds all of their content, so that they need not be kept. */
  isWhole?: boolean | undefined;
}

export interface ConventionTable {
  /** '' for names that belong to no agent convention. */
  name: string;
  speaks: (source: Source) => boolean;
  rows: readonly Row[];
  /** Metadata, tags and properties. */
  labels?: readonly LabelRow[];
  /** True where the emitter's input count leaves cached tokens out. */
  isExclusive?: (source: Source) => boolean;
  /** Attributes that hold content of other kinds, such as prompts inside of parameters. */
  payloads?: readonly string[];
  /** Attributes that are kept nowhere: vectors. */
  dropped?: (source: Source) => readonly string[];
}

export interface TableConvention extends Convention {
  table: ConventionTable;
}

/** A field that one attribute gives; `read` is asked only where the attribute is there. */
export function row<F extends Field>(
  field: F,
  from: string,
  read: (value: AnyValue, source: Source) => ValueOf<F> | undefined,
): Row {
  return { field, from, ...ofAttribute(read) };
}

/** A field that has this value wherever the attribute is there and not empty. */
export function wherever<F extends Field>(field: F, from: string, value: ValueOf<F>): Row {
  const read: ValueReader = (given) => (given === '' ? undefined : value);
  presenceReaders.add(read);
  return { field, from, ...ofAttribute(read) };
}

/** A name or an id. */
export function name<F extends Field & keyof Reading>(
  field: Reading[F] extends string | undefined ? F : never,
  from: string,
): Row {
  return { field, from, ...ofAttribute(text) };
}

/** A count of tokens. */
export function tokens(field: Count, from: string): Row {
  return { field: `usage.${field}`, from, ...ofAttribute(count) };
}

/** Content that holds all that the attribute says: the attribute itself is not kept. */
export function whole<F extends ContentField>(
  field: F,
  from: string,
  read: (value: AnyValue, source: Source) => ValueOf<F> | undefined,
): Row {
  return { field, from, ...ofAttribute(read), keys: self, isWhole: true };
}

/** Content that holds some of what the attribute says; it is kept unless all of it stands elsewhere, too. */
export function part<F extends ContentField>(
  field: F,
  from: string,
  read: (value: AnyValue, source: Source) => ValueOf<F> | undefined,
): Row {
  return { field, from, ...ofAttribute(read), keys: self };
}

/** Content that a list in flat names holds: `root.0.item.field`. */
export function list<F extends ContentField>(
  field: F,
  [root, item]: readonly [root: string, item: string],
  read: (entries: IndexedEntry[], source: Source) => ValueOf<F> | undefined,
): Row {
  return {
    field,
    from: `${root}.*`,
    read(source) {
      const entries = source.list(root, item);
      return entries.length === 0 ? undefined : read(entries, source);
    },
    keys: (source) => source.list(root, item).flatMap(({ keys }) => keys),
    isWhole: true,
  };
}

/** A field that no single attribute gives; `from` is what the explanation says of it. */
export function derived<F extends Field>(
  field: F,
  from: string,
  read: (source: Source) => ValueOf<F> | undefined,
): Row {
  return { field, from, read };
}

/** The convention that a table describes. */
export function fromTable(table: ConventionTable): TableConvention {
  return { name: table.name, table, read: (source) => (table.speaks(source) ? readTable(table, source) : undefined) };
}

function readTable(table: ConventionTable, source: Source): ReadSpan {
  const reading: Record<string, unknown> = {};
  const usage: Record<string, unknown> = {};
  const sources: Partial<Record<Field, string>> = {};
  const content: Partial<Record<ContentField, readonly string[]>> = {};
  const restated: string[] = [];
  let hasCounts = false;
  for (const { field, from, read, keys, isWhole } of table.rows) {
    const isTaken = field in sources;
    const value = isTaken ? undefined : read(source, from);
    const isGiven = value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
    if (isGiven) {
      sources[field] = from;
      if (field.startsWith('usage.')) {
        usage[field.slice('usage.'.length)] = value;
        hasCounts = true;
      } else reading[field] = value;
    }
    if (keys === undefined) continue;
    if (isGiven && isWhole === true) content[field as ContentField] = keys(source, from);
    else for (const key of keys(source, from)) restated.push(key);
  }
  if (hasCounts) {
    if (table.isExclusive?.(source) === true) usage['isExclusive'] = true;
    reading['usage'] = usage;
  }
  const labelled = table.labels && readLabels(table.labels, source);
  if (labelled !== undefined) {
    reading['labels'] = labelled.labels;
    sources.labels = labelled.from.join(', ');
  }
  return {
    ...{ reading, content, restated, sources },
    payloads: table.payloads ?? [],
    dropped: table.dropped?.(source) ?? [],
  };
}

type ValueReader = (value: AnyValue, source: Source) => unknown;
/** By the `read` of a row that asks nothing else: a row around another one has a `read` of its own, and is not here. */
const valueReaders = new WeakMap<Row['read'], ValueReader>();
const presenceReaders = new WeakSet<ValueReader>();

/** What a row asks with the value of its attribute, where that is all it asks. */
export function findValueReader({ read }: Row): ValueReader | undefined {
  return valueReaders.get(read);
}

/** True of a reader that only asks whether the value is an empty text; one without parameters does not even that. */
export function asksPresenceOnly(reader: ValueReader): boolean {
  return reader.length === 0 || presenceReaders.has(reader);
}

function ofAttribute(read: ValueReader): Pick<Row, 'read' | 'isAttribute'> {
  const readRow: Row['read'] = (source, from) => {
    const value = source.attributes.get(from);
    return value === undefined ? undefined : read(value, source);
  };
  valueReaders.set(readRow, read);
  return { read: readRow, isAttribute: true };
}

function self(_source: Source, from: string): string[] {
  return [from];
}
