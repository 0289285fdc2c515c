import { spanColumns } from '../../migrations/schema.ts';
import type { Plan, SpanColumn } from '../map/plan/plan.ts';
import type { NativeTable } from '../write/native/table.ts';

type SpanTypes = typeof spanColumns;
/** Columns of one type. */
type ColumnsOf<Type extends string> = {
  [Name in SpanColumn]: SpanTypes[Name] extends Type ? Name : never;
}[SpanColumn];

type Dictionaries = ColumnsOf<'LowCardinality(String)'>;
type Strings = ColumnsOf<'String'>;
type Numbers = ColumnsOf<'Bool' | 'UInt8' | 'UInt32'>;
type Counts = ColumnsOf<'UInt64'>;

/**
 * Columns that are the same in all spans of a plan, apart by their type: in a loop whose columns are all of one class an
 * append costs a fraction of what it does among all classes.
 */
export interface ConstantColumns {
  dictionaries: readonly { column: Dictionaries; value: string }[];
  emptyStrings: readonly Strings[];
  numbers: readonly { column: Numbers; value: number }[];
  zeroCounts: readonly Counts[];
  others: Plan['constant'];
}

export function groupConstants(constant: Plan['constant']): ConstantColumns {
  const dictionaries: { column: Dictionaries; value: string }[] = [];
  const emptyStrings: Strings[] = [];
  const numbers: { column: Numbers; value: number }[] = [];
  const zeroCounts: Counts[] = [];
  const others: Plan['constant'][number][] = [];
  for (const one of constant) {
    const { column, value } = one;
    if (isDictionary(column)) dictionaries.push({ column, value: value as string });
    else if (isString(column) && value === '') emptyStrings.push(column);
    else if (isNumber(column)) numbers.push({ column, value: Number(value) });
    else if (isCount(column) && value === 0n) zeroCounts.push(column);
    else others.push(one);
  }
  return { dictionaries, emptyStrings, numbers, zeroCounts, others };
}

export function writeConstants({ columns }: NativeTable<SpanTypes>, constant: ConstantColumns): void {
  for (const { column, value } of constant.dictionaries) columns[column].append(value);
  for (const column of constant.emptyStrings) columns[column].appendEmpty();
  for (const { column, value } of constant.numbers) columns[column].append(value);
  for (const column of constant.zeroCounts) columns[column].appendHalves(0, 0);
  // A value is of its column's type, as both are of one row.
  for (const { column, value } of constant.others) columns[column].append(value as never);
}

function isDictionary(column: SpanColumn): column is Dictionaries {
  return spanColumns[column] === 'LowCardinality(String)';
}

function isString(column: SpanColumn): column is Strings {
  return spanColumns[column] === 'String';
}

function isNumber(column: SpanColumn): column is Numbers {
  const type = spanColumns[column];
  return type === 'Bool' || type === 'UInt8' || type === 'UInt32';
}

function isCount(column: SpanColumn): column is Counts {
  return spanColumns[column] === 'UInt64';
}
