import { type Column, LowCardinalityColumn, StringColumn } from './columns.ts';
import { FixedStringColumn, NumberColumn, WideColumn } from './fixed-columns.ts';
import { ArrayColumn, MapColumn, NullableColumn } from './nested-columns.ts';

/** The class that holds the values of a ClickHouse type. */
export type ColumnOf<Type extends string> = Type extends 'LowCardinality(String)'
  ? LowCardinalityColumn
  : Type extends 'String'
    ? StringColumn
    : Type extends `FixedString(${string})`
      ? FixedStringColumn
      : Type extends `Nullable(${infer Inner})`
        ? NullableColumn<never, ColumnOf<Inner> & Column<never>>
        : Type extends `Array(${infer Inner})`
          ? ArrayColumn<never, ColumnOf<Inner> & Column<never>>
          : Type extends `Map(${string})`
            ? MapColumn
            : Type extends 'Bool' | 'Int8' | 'UInt8' | 'UInt16' | 'UInt32' | 'Date'
              ? NumberColumn
              : WideColumn;

const plain: ReadonlyMap<string, () => Column<never>> = new Map<string, () => Column<never>>([
  ['String', () => new StringColumn()],
  ['LowCardinality(String)', () => new LowCardinalityColumn()],
  ['Map(LowCardinality(String), String)', () => new MapColumn()],
  ['Bool', () => new NumberColumn(1, { min: 0, max: 1 })],
  ['UInt8', () => new NumberColumn(1, { min: 0, max: 0xff })],
  ['Int8', () => new NumberColumn(1, { min: -0x80, max: 0x7f })],
  ['UInt16', () => new NumberColumn(2, { min: 0, max: 0xffff })],
  ['Date', () => new NumberColumn(2, { min: 0, max: 0xffff })],
  ['UInt32', () => new NumberColumn(4, { min: 0, max: 0xffff_ffff })],
  ['UInt64', () => new WideColumn(false)],
  ['Int64', () => new WideColumn(true)],
  ["DateTime64(3, 'UTC')", () => new WideColumn(true)],
  ["DateTime64(9, 'UTC')", () => new WideColumn(true)],
  ['Decimal(18, 12)', () => new WideColumn(true)],
]);

export function newColumn(type: string): Column<never> {
  const make = plain.get(type);
  if (make !== undefined) return make();
  const [, outer, inner = ''] = /^(\w+)\((.*)\)$/.exec(type) ?? [];
  if (outer === 'FixedString') return new FixedStringColumn(Number(inner));
  if (outer === 'Nullable') return new NullableColumn<never>(newColumn(inner));
  if (outer === 'Array') return new ArrayColumn<never>(newColumn(inner));
  throw new Error(`no Native column for the type ${type}`);
}
