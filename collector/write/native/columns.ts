import { ByteStore } from './byte-store.ts';
import type { ChunkList } from './chunk-list.ts';
import { Dictionary } from './dictionary.ts';
import { NumberList } from './number-list.ts';

/**
 * The values of one column, in the order of their rows, as ClickHouse's Native format holds them.
 * https://clickhouse.com/docs/interfaces/formats/Native
 */
export interface Column<Value> {
  readonly rows: number;
  /** Bytes that it takes. */
  readonly size: number;
  /** One value more, from a row object. Faster readers use the methods of the column's own class. */
  append: (value: Value) => void;
  /** What a value is where there is none. */
  appendEmpty: () => void;
  /** What `rollback` goes back to, as numbers at the end of `into`. */
  mark: (into: number[]) => void;
  /** Reads its numbers from `at` on, and gives where the next column's are. */
  rollback: (marks: readonly number[], at: number) => number;
  /** What the format has in front of all values, nested columns included. */
  writeState: (out: ChunkList) => void;
  /** The values; what was written stays until `clear`, but nothing can be appended any more. */
  writeValues: (out: ChunkList) => void;
  clear: () => void;
}

export class StringColumn implements Column<string> {
  readonly #store = new ByteStore();
  rows = 0;

  get size(): number {
    return this.#store.size;
  }

  append(value: string): void {
    this.#store.text(value);
    this.rows += 1;
  }

  appendBytes(source: Buffer, from: number, to: number): void {
    this.#store.varint(to - from);
    this.#store.copy(source, from, to);
    this.rows += 1;
  }

  /** Where the next value goes, as a number for `repeat`. */
  get place(): number {
    return this.#store.place;
  }

  /** Appends again the values between two places, as far as that is a copy; else it does nothing and gives false. */
  repeat(from: number, to: number, rows: number): boolean {
    if (!this.#store.copyOwn(from, to)) return false;
    this.rows += rows;
    return true;
  }

  appendEmpty(): void {
    const store = this.#store;
    store.room(1);
    store.bytes[store.length++] = 0;
    this.rows += 1;
  }

  mark(into: number[]): void {
    into.push(this.rows);
    this.#store.mark(into);
  }

  rollback(marks: readonly number[], at: number): number {
    this.rows = marks[at] ?? 0;
    return this.#store.rollback(marks, at + 1);
  }

  writeState(): void {
    // A plain column has none.
  }

  writeValues(out: ChunkList): void {
    out.store(this.#store);
  }

  clear(): void {
    this.rows = 0;
    this.#store.clear();
  }
}

/** Version of how a dictionary is shared: there is one in each block. */
const sharedDictionaries = 1;
const hasAdditionalKeys = 1 << 9;
const needsUpdate = 1 << 10;

/** `LowCardinality(String)`: a dictionary of the batch, and an index a row. */
export class LowCardinalityColumn implements Column<string> {
  readonly #dictionary = new Dictionary();
  readonly #indexes = new NumberList();
  /** Index + 1 by the number of the text among `#numbers`; 0 where it was not asked for. */
  #numbered = new Uint32Array(64);
  #numbers: object | undefined;
  #lastText: string | undefined;
  #lastIndex = 0;

  get rows(): number {
    return this.#indexes.length;
  }

  get size(): number {
    return this.#indexes.length * 4 + this.#dictionary.entries.size;
  }

  append(value: string): void {
    if (value !== this.#lastText) {
      this.#lastIndex = this.#dictionary.indexOfString(value);
      this.#lastText = value;
    }
    this.#indexes.push(this.#lastIndex);
  }

  appendEmpty(): void {
    this.append('');
  }

  appendBytes(source: Uint8Array, from: number, to: number): void {
    this.#indexes.push(this.#dictionary.indexOfBytes(source, from, to));
  }

  /** @param index as one of the methods below gives it since the last `clear` */
  appendIndex(index: number): void {
    this.#indexes.push(index);
  }

  indexOfBytes(source: Uint8Array, from: number, to: number): number {
    return this.#dictionary.indexOfBytes(source, from, to);
  }

  indexOfString(value: string): number {
    return this.#dictionary.indexOfString(value);
  }

  /** As `indexOfBytes`, for bytes that are number `number` among `numbers`: they are looked up once. */
  indexOfNumbered(numbers: object, number: number, source: Uint8Array, from: number, to: number): number {
    if (numbers !== this.#numbers || number >= this.#numbered.length) this.#renumber(numbers, number);
    const known = this.#numbered[number] ?? 0;
    if (known > 0) return known - 1;
    const index = this.#dictionary.indexOfBytes(source, from, to);
    this.#numbered[number] = index + 1;
    return index;
  }

  #renumber(numbers: object, number: number): void {
    const length = 2 ** Math.ceil(Math.log2(Math.max(64, number + 1)));
    const numbered = new Uint32Array(length);
    if (numbers === this.#numbers) numbered.set(this.#numbered);
    this.#numbered = numbered;
    this.#numbers = numbers;
  }

  /** Appends again the values of so many rows from one on. */
  repeat(from: number, rows: number): void {
    for (let row = from; row < from + rows; row += 1) this.#indexes.push(this.#indexes.values[row] ?? 0);
  }

  mark(into: number[]): void {
    into.push(this.#indexes.length);
  }

  /** Texts stay in the dictionary, so that indexes hold; one that no row has does no harm. */
  rollback(marks: readonly number[], at: number): number {
    this.#indexes.length = marks[at] ?? 0;
    return at + 1;
  }

  writeState(out: ChunkList): void {
    out.uint64(sharedDictionaries);
  }

  writeValues(out: ChunkList): void {
    if (this.rows === 0) return;
    const { count, entries } = this.#dictionary;
    const width = count <= 0x100 ? 0 : count <= 0x10000 ? 1 : 2;
    out.uint64(width | hasAdditionalKeys | needsUpdate);
    out.uint64(count);
    out.store(entries);
    out.uint64(this.rows);
    out.bytes(this.#indexes.narrow(width === 0 ? 1 : width === 1 ? 2 : 4));
  }

  clear(): void {
    this.#numbered.fill(0);
    this.#dictionary.clear();
    this.#indexes.clear();
    this.#lastText = undefined;
  }
}
