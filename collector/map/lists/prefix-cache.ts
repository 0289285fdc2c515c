import { freeBytes } from '../../free-bytes.ts';
import type { ListPlaces } from './split-list.ts';

/** Together; the oldest go first. */
const cacheBytes = 64 * 1024 * 1024;
/** Shorter lists cost less to read again than to keep. */
export const prefixMinBytes = 8 * 1024;
/** An entry's objects, an element. */
const elementBytes = 64;

/** A list as it was sent last, without its closing bracket, and what its elements are. */
export interface PrefixEntry<Element> {
  bytes: Buffer;
  length: number;
  elements: Element[];
  /** Of the elements in `bytes`. */
  places: ListPlaces;
  /** What it is counted as. */
  weightBytes: number;
}

/** The list that was sent last under each key: a history comes again with the next call, and some more behind it. */
export class PrefixCache<Element> {
  readonly #entries = new Map<number, PrefixEntry<Element>>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number = cacheBytes) {
    this.#maxBytes = maxBytes;
  }

  /** The entry that the list from `from` to `to` goes on from, if it does. */
  find(key: number, bytes: Buffer, from: number, to: number): PrefixEntry<Element> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const { length } = entry;
    // The same list, or a comma where the bracket was.
    const next = bytes[from + length];
    const isLonger = to - from > length && (next === 0x2c || next === 0x5d);
    if (!isLonger || bytes.compare(entry.bytes, 0, length, from, from + length) !== 0) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Keeps a list up to its closing bracket at `to`; `known` is the entry that `find` gave, which it becomes. */
  keep(
    key: number,
    { bytes, from, to }: { bytes: Buffer; from: number; to: number },
    { elements, places, known }: { elements: Element[]; places: ListPlaces; known: PrefixEntry<Element> | undefined },
  ): void {
    const length = to - from;
    if (known === undefined) this.#drop(key);
    const entry = known ?? { bytes: Buffer.allocUnsafeSlow(length), length: 0, elements, places, weightBytes: 0 };
    if (length > entry.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.ceil(length * 1.5));
      entry.bytes.copy(larger, 0, 0, entry.length);
      freeBytes(entry.bytes);
      entry.bytes = larger;
    }
    bytes.copy(entry.bytes, entry.length, from + entry.length, to);
    entry.length = length;
    this.#entries.set(key, entry);
    this.#bytes -= entry.weightBytes;
    entry.weightBytes = entry.bytes.length + elements.length * elementBytes;
    this.#bytes += entry.weightBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.weightBytes;
    freeBytes(entry.bytes);
  }
}
