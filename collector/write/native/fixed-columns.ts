import { ByteStore } from './byte-store.ts';
import type { ChunkList } from './chunk-list.ts';
import type { Column } from './columns.ts';

/** A value has no room in its column. */
export class UnfitValue extends RangeError {}

/** Values of `width` bytes each. */
abstract class FixedColumn<Value> implements Column<Value> {
  protected readonly store = new ByteStore();
  readonly width: number;

  constructor(width: number) {
    this.width = width;
  }

  abstract append(value: Value): void;

  get rows(): number {
    return this.store.size / this.width;
  }

  get size(): number {
    return this.store.size;
  }

  /** The value as it is in the source, whose next `width` bytes it is. */
  appendRaw(source: Uint8Array, from: number): void {
    const { store, width } = this;
    store.room(width);
    const { bytes, length } = store;
    for (let at = 0; at < width; at += 1) bytes[length + at] = source[from + at] ?? 0;
    store.length = length + width;
  }

  appendEmpty(): void {
    const { store, width } = this;
    store.room(width);
    store.bytes.fill(0, store.length, store.length + width);
    store.length += width;
  }

  mark(into: number[]): void {
    this.store.mark(into);
  }

  rollback(marks: readonly number[], at: number): number {
    return this.store.rollback(marks, at);
  }

  writeState(): void {
    // A plain column has none.
  }

  writeValues(out: ChunkList): void {
    out.store(this.store);
  }

  clear(): void {
    this.store.clear();
  }
}

/** `FixedString(n)` */
export class FixedStringColumn extends FixedColumn<Uint8Array> {
  append(value: Uint8Array): void {
    if (value.length !== this.width) {
      throw new UnfitValue(`${String(value.length)} bytes where ${String(this.width)} are due`);
    }
    this.appendRaw(value, 0);
  }
}

/** Integers of at most 32 bits, days and truths. */
export class NumberColumn extends FixedColumn<number | boolean> {
  readonly #min: number;
  readonly #max: number;

  constructor(width: 1 | 2 | 4, range: { min: number; max: number }) {
    super(width);
    this.#min = range.min;
    this.#max = range.max;
  }

  append(value: number | boolean): void {
    const number = Number(value);
    if (!(number >= this.#min && number <= this.#max)) throw outOfRange(value);
    const { store, width } = this;
    store.room(4);
    const { bytes, length } = store;
    bytes[length] = number;
    if (width > 1) bytes[length + 1] = number >> 8;
    if (width > 2) {
      bytes[length + 2] = number >> 16;
      bytes[length + 3] = number >>> 24;
    }
    store.length = length + width;
  }
}

/** Integers, times and decimals of 64 bits. */
export class WideColumn extends FixedColumn<bigint> {
  readonly #signed: boolean;

  constructor(signed: boolean) {
    super(8);
    this.#signed = signed;
  }

  append(value: bigint): void {
    const { store } = this;
    const number = Number(value);
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) {
      this.appendHalves(number >>> 0, Math.floor(number / 2 ** 32));
      return;
    }
    if ((this.#signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) !== value) throw outOfRange(value);
    store.room(8);
    store.bytes.writeBigInt64LE(BigInt.asIntN(64, value), store.length);
    store.length += 8;
  }

  /** @param value an integer from 0 to 2^53 - 1 */
  appendSafe(value: number): void {
    this.appendHalves(value >>> 0, Math.floor(value / 2 ** 32));
  }

  /** The lower and the upper 32 bits. */
  appendHalves(low: number, high: number): void {
    const { store } = this;
    store.room(8);
    const { bytes, length } = store;
    bytes[length] = low;
    bytes[length + 1] = low >>> 8;
    bytes[length + 2] = low >>> 16;
    bytes[length + 3] = low >>> 24;
    bytes[length + 4] = high;
    bytes[length + 5] = high >>> 8;
    bytes[length + 6] = high >>> 16;
    bytes[length + 7] = high >>> 24;
    store.length = length + 8;
  }
}

function outOfRange(value: unknown): UnfitValue {
  return new UnfitValue(`${String(value)} is out of range`);
}
