import type { Columns, Row } from '../../../migrations/schema.ts';
import { ChunkList } from './chunk-list.ts';
import { type ColumnOf, newColumn } from './column-types.ts';
import type { Column } from './columns.ts';

/** The rows of one table as columns, which become one block of ClickHouse's Native format. */
export class NativeTable<Table extends Columns> {
  /** By name. Who fills them one by one appends to each exactly once a row. */
  readonly columns: { readonly [Name in keyof Table]: ColumnOf<Table[Name]> };
  readonly #all: { name: string; type: string; column: Column<never> }[];

  constructor(types: Table) {
    this.#all = Object.entries(types).map(([name, type]) => ({ name, type, column: newColumn(type) }));
    // The class of a column follows from its type, which the compiler cannot see.
    this.columns = Object.fromEntries(this.#all.map(({ name, column }) => [name, column])) as never;
  }

  get rows(): number {
    return this.#all[0]?.column.rows ?? 0;
  }

  /** Bytes that its columns take. */
  get size(): number {
    let size = 0;
    for (const { column } of this.#all) size += column.size;
    return size;
  }

  /** @throws UnfitValue where a value does not fit its column: go back to a mark then */
  append(row: Row<Table>): void {
    for (const { name, column } of this.#all) column.append((row as Record<string, never>)[name] as never);
  }

  mark(): number[] {
    const marks: number[] = [];
    for (const { column } of this.#all) column.mark(marks);
    return marks;
  }

  /** Back to what it held when the mark was made; half a row is gone, too. */
  rollback(marks: readonly number[]): void {
    let at = 0;
    for (const { column } of this.#all) at = column.rollback(marks, at);
  }

  /** The block, in chunks that stay as they are until `clear`. Call it once; nothing is appended any more. */
  finish(): Uint8Array[] {
    const out = new ChunkList();
    out.varint(this.#all.length);
    out.varint(this.rows);
    for (const { name, type, column } of this.#all) {
      if (column.rows !== this.rows) {
        throw new Error(`column ${name} has ${String(column.rows)} values in ${String(this.rows)} rows`);
      }
      out.text(name);
      out.text(type);
      column.writeState(out);
      column.writeValues(out);
    }
    return out.finish();
  }

  /** Empties it; its memory is used again. */
  clear(): void {
    for (const { column } of this.#all) column.clear();
  }
}
