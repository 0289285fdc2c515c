import type { ChunkList } from './chunk-list.ts';
import { type Column, LowCardinalityColumn, StringColumn } from './columns.ts';
import { NumberColumn, WideColumn } from './fixed-columns.ts';

/** `Nullable(T)`: a byte that is 1 for null, and a value either way. */
export class NullableColumn<Value, Inner extends Column<Value> = Column<Value>> implements Column<Value | null> {
  readonly #nulls = new NumberColumn(1, { min: 0, max: 1 });
  readonly inner: Inner;

  constructor(inner: Inner) {
    this.inner = inner;
  }

  get rows(): number {
    return this.#nulls.rows;
  }

  get size(): number {
    return this.#nulls.size + this.inner.size;
  }

  append(value: Value | null): void {
    if (value === null) {
      this.appendEmpty();
      return;
    }
    this.inner.append(value);
    this.#nulls.append(0);
  }

  /** Null. */
  appendEmpty(): void {
    this.#nulls.append(1);
    this.inner.appendEmpty();
  }

  /** Call after a value was appended to `inner`. */
  endValue(): void {
    this.#nulls.append(0);
  }

  mark(into: number[]): void {
    this.#nulls.mark(into);
    this.inner.mark(into);
  }

  rollback(marks: readonly number[], at: number): number {
    return this.inner.rollback(marks, this.#nulls.rollback(marks, at));
  }

  writeState(out: ChunkList): void {
    this.inner.writeState(out);
  }

  writeValues(out: ChunkList): void {
    this.#nulls.writeValues(out);
    this.inner.writeValues(out);
  }

  clear(): void {
    this.#nulls.clear();
    this.inner.clear();
  }
}

/** `Array(T)`: where each row's items end, and the items of all rows. */
export class ArrayColumn<Item, Inner extends Column<Item> = Column<Item>> implements Column<readonly Item[]> {
  readonly #ends = new WideColumn(false);
  readonly items: Inner;

  constructor(items: Inner) {
    this.items = items;
  }

  get rows(): number {
    return this.#ends.rows;
  }

  get size(): number {
    return this.#ends.size + this.items.size;
  }

  append(value: readonly Item[]): void {
    for (const item of value) this.items.append(item);
    this.endRow();
  }

  appendEmpty(): void {
    this.endRow();
  }

  /** What was appended to `items` since the last row is this row. */
  endRow(): void {
    this.#ends.appendHalves(this.items.rows, 0);
  }

  mark(into: number[]): void {
    this.#ends.mark(into);
    this.items.mark(into);
  }

  rollback(marks: readonly number[], at: number): number {
    return this.items.rollback(marks, this.#ends.rollback(marks, at));
  }

  writeState(out: ChunkList): void {
    this.items.writeState(out);
  }

  writeValues(out: ChunkList): void {
    this.#ends.writeValues(out);
    this.items.writeValues(out);
  }

  clear(): void {
    this.#ends.clear();
    this.items.clear();
  }
}

/** `Map(LowCardinality(String), String)`: an array of pairs, held as a column of keys and one of values. */
export class MapColumn implements Column<ReadonlyMap<string, string>> {
  readonly #ends = new WideColumn(false);
  readonly keys = new LowCardinalityColumn();
  readonly values = new StringColumn();
  /** The map that was appended last as such, and where its entries are: the spans of a resource share its map. */
  #last: ReadonlyMap<string, string> | undefined;
  #lastRow = 0;
  #lastFrom = 0;
  #lastTo = 0;

  get rows(): number {
    return this.#ends.rows;
  }

  get size(): number {
    return this.#ends.size + this.keys.size + this.values.size;
  }

  append(value: ReadonlyMap<string, string>): void {
    if (value === this.#last && this.values.repeat(this.#lastFrom, this.#lastTo, value.size)) {
      this.keys.repeat(this.#lastRow, value.size);
    } else {
      this.#last = value;
      this.#lastRow = this.values.rows;
      this.#lastFrom = this.values.place;
      for (const [key, text] of value) {
        this.keys.append(key);
        this.values.append(text);
      }
      this.#lastTo = this.values.place;
    }
    this.endRow();
  }

  appendEmpty(): void {
    this.endRow();
  }

  /** @param key an index of `keys` */
  appendEntry(key: number, source: Buffer, from: number, to: number): void {
    this.keys.appendIndex(key);
    this.values.appendBytes(source, from, to);
  }

  /** What was appended to `keys` and `values` since the last row is this row. */
  endRow(): void {
    this.#ends.appendHalves(this.values.rows, 0);
  }

  mark(into: number[]): void {
    this.#ends.mark(into);
    this.keys.mark(into);
    this.values.mark(into);
  }

  rollback(marks: readonly number[], at: number): number {
    this.#last = undefined;
    return this.values.rollback(marks, this.keys.rollback(marks, this.#ends.rollback(marks, at)));
  }

  writeState(out: ChunkList): void {
    this.keys.writeState(out);
  }

  writeValues(out: ChunkList): void {
    this.#ends.writeValues(out);
    this.keys.writeValues(out);
    this.values.writeValues(out);
  }

  clear(): void {
    this.#last = undefined;
    this.#ends.clear();
    this.keys.clear();
    this.values.clear();
  }
}
