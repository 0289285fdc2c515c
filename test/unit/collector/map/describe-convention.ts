import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Field, Reading } from '../../../../collector/map/reading.ts';
import { Source } from '../../../../collector/map/source.ts';
import { fromTable, type ConventionTable, type Row, type TableConvention } from '../../../../collector/map/table.ts';
import type { WireSpan } from '../../../support/otlp-encode.ts';
import { spanOf } from './otlp-fixture.ts';

/**
 * What a convention's attributes mean: the field, the attributes that give it (several for a list in flat names), what is to
 * be read, and what else the span must be. Of one field, in the order in which they are believed.
 */
export type Said = readonly [
  field: Field,
  attributes: Readonly<Record<string, unknown>>,
  expected: unknown,
  span?: Partial<WireSpan> & { scopeName?: string },
];

/** All rows of these give one value, so that their order shows nowhere. */
const oneValued: ReadonlySet<Field> = new Set(['kind', 'likelyKind', 'stream', 'hasFailed', 'isBatch', 'labels']);

/**
 * Holds a convention to what its attributes mean, each alone and beside the next for the same field; and holds the list to
 * the table: with any row left out, or any two neighbours' attributes exchanged, something of it no longer holds.
 */
export function describeConvention(convention: TableConvention, said: readonly Said[]): void {
  describe(convention.name || 'names of no convention', () => {
    it.each(said.map((entry) => [entry[0], Object.keys(entry[1]).join(' '), entry] as const))(
      'reads %s from %s',
      (_field, _attributes, entry) => {
        expect(readField(convention, entry)).toEqual(entry[2]);
      },
    );

    it.each(
      neighbours(said).map(([first, second]) => [first[0], nameOf(first), nameOf(second), [first, second]] as const),
    )('of %s believes %s before %s', (_field, _first, _second, [first, second]) => {
      expect(readBoth(convention, first, second)).toEqual(expectedOfBoth(first, second));
    });

    it.each(mutantsOf(convention.table))('would be seen to be wrong: $change', ({ table }) => {
      const mutant = fromTable(table);
      const holds =
        said.every((entry) => isDeepStrictEqual(readField(mutant, entry), entry[2])) &&
        neighbours(said).every(([first, second]) =>
          isDeepStrictEqual(readBoth(mutant, first, second), expectedOfBoth(first, second)),
        );
      expect(holds).toBe(false);
    });
  });
}

function nameOf([, attributes]: Said): string {
  return Object.keys(attributes).join(' ');
}

/** Entries for one field that could both be there. */
function neighbours(said: readonly Said[]): [Said, Said][] {
  const pairs: [Said, Said][] = [];
  for (const entries of Map.groupBy(said, ([field]) => field).values()) {
    entries.forEach((first, index) => {
      const second = entries[index + 1];
      if (second === undefined || first[2] === undefined) return;
      if (!isDeepStrictEqual(first[2], second[2]) && !overlap(first[1], second[1])) {
        pairs.push([first, second]);
      }
    });
  }
  return pairs;
}

/** Where both need one attribute, with different values, only one of them can be there. */
function overlap(first: Said[1], second: Said[1]): boolean {
  return Object.keys(first).some((key) => key in second && !isDeepStrictEqual(first[key], second[key]));
}

function readField(convention: TableConvention, [field, attributes, , span = {}]: Said): unknown {
  const { scopeName, ...fields } = span;
  const read = convention.read(
    new Source(spanOf(attributes, fields, scopeName === undefined ? {} : { scope: { name: scopeName } })),
  );
  return read === undefined ? undefined : pick(read.reading, field);
}

function readBoth(convention: TableConvention, first: Said, second: Said): unknown {
  return readField(convention, [first[0], { ...second[1], ...first[1] }, first[2], { ...second[3], ...first[3] }]);
}

/** The first, but of labels all, those of the first before others of their names. */
function expectedOfBoth([field, , first]: Said, [, , second]: Said): unknown {
  return field === 'labels' ? { ...(second as object), ...(first as object) } : first;
}

function pick(reading: Reading, field: Field): unknown {
  if (field.startsWith('usage.')) return reading.usage?.[field.slice('usage.'.length) as keyof typeof reading.usage];
  const value = reading[field as keyof Reading];
  return value instanceof Map ? Object.fromEntries(value) : value;
}

function mutantsOf(table: ConventionTable): { change: string; table: ConventionTable }[] {
  const { rows } = table;
  const without = rows.map((row, index) => ({
    change: `without ${row.field} from ${row.from}`,
    table: { ...table, rows: rows.toSpliced(index, 1) },
  }));
  const labels = table.labels ?? [];
  const withoutLabels = labels.map((row, index) => ({
    change: `without labels from ${row.from}`,
    table: { ...table, labels: labels.toSpliced(index, 1) },
  }));
  const exchanged = rows.flatMap((row, index) => {
    const next = rows[index + 1];
    if (next === undefined || !canExchange(row, next)) return [];
    const swapped = [
      { ...row, from: next.from },
      { ...next, from: row.from },
    ];
    return [
      {
        change: `${row.from} and ${next.from} exchanged`,
        table: { ...table, rows: rows.toSpliced(index, 2, ...swapped) },
      },
    ];
  });
  return [...without, ...withoutLabels, ...exchanged];
}

function canExchange(first: Row, second: Row): boolean {
  return (
    first.isAttribute === true &&
    second.isAttribute === true &&
    first.from !== second.from &&
    !(first.field === second.field && oneValued.has(first.field))
  );
}
