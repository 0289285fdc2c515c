import { randomInt } from 'node:crypto';
import { ByteStore } from './byte-store.ts';

const firstSlots = 16;
const firstTextBytes = 256;
/** A table that has grown beyond this is given up with its batch. */
const slotsKept = 65_536;
/** Strangers choose the texts: they must not be able to foresee which of them collide. */
const seed = randomInt(2 ** 32);

/** Different texts, numbered in order of their first appearance. */
export class Dictionary {
  /** Each text with its length in front, as the format wants them. */
  readonly entries = new ByteStore();
  count = 0;
  /** Text `n` is the bytes from `starts[n]` to `starts[n + 1]` of `texts`. */
  #texts = Buffer.allocUnsafeSlow(firstTextBytes);
  #starts = new Uint32Array(firstSlots);
  #hashes = new Int32Array(firstSlots);
  /** Open addressing: index + 1, 0 where free. At most half are taken. */
  #slots = new Uint32Array(firstSlots * 2);
  #byText = new Map<string, number>();

  indexOfBytes(source: Uint8Array, from: number, to: number): number {
    const hash = hashOf(source, from, to);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const taken = this.#slots[slot] ?? 0;
      if (taken === 0) break;
      if (this.#hashes[taken - 1] === hash && this.#isEqual(taken - 1, source, from, to)) return taken - 1;
      slot = (slot + 1) & mask;
    }
    return this.#add(hash, slot, source, from, to);
  }

  indexOfString(value: string): number {
    const known = this.#byText.get(value);
    if (known !== undefined) return known;
    const bytes = Buffer.from(value);
    const index = this.indexOfBytes(bytes, 0, bytes.length);
    this.#byText.set(value, index);
    return index;
  }

  clear(): void {
    this.entries.clear();
    this.count = 0;
    this.#byText.clear();
    if (this.#slots.length > slotsKept) {
      this.#texts = Buffer.allocUnsafeSlow(firstTextBytes);
      this.#starts = new Uint32Array(firstSlots);
      this.#hashes = new Int32Array(firstSlots);
      this.#slots = new Uint32Array(firstSlots * 2);
    } else this.#slots.fill(0);
  }

  #isEqual(index: number, source: Uint8Array, from: number, to: number): boolean {
    const start = this.#starts[index] ?? 0;
    if ((this.#starts[index + 1] ?? 0) - start !== to - from) return false;
    const texts = this.#texts;
    for (let at = from, own = start; at < to; at += 1, own += 1) if (source[at] !== texts[own]) return false;
    return true;
  }

  #add(hash: number, slot: number, source: Uint8Array, from: number, to: number): number {
    const index = this.count;
    const start = index === 0 ? 0 : (this.#starts[index] ?? 0);
    const end = start + to - from;
    const bytes = asBuffer(source);
    if (end > this.#texts.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, this.#texts.length * 2));
      this.#texts.copy(larger, 0, 0, start);
      this.#texts = larger;
    }
    bytes.copy(this.#texts, start, from, to);
    this.entries.varint(to - from);
    this.entries.copy(bytes, from, to);
    this.count += 1;
    if (this.count + 1 > this.#starts.length) this.#enlarge();
    this.#starts[index] = start;
    this.#starts[index + 1] = end;
    this.#hashes[index] = hash;
    if (this.count * 2 > this.#slots.length) this.#rehash();
    else this.#slots[slot] = index + 1;
    return index;
  }

  #enlarge(): void {
    const starts = new Uint32Array(this.#starts.length * 2);
    starts.set(this.#starts);
    this.#starts = starts;
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < this.count; index += 1) {
      let slot = (this.#hashes[index] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}

/** A seeded hash of all bytes: fast for short texts. */
function hashOf(source: Uint8Array, from: number, to: number): number {
  let hash = seed ^ (to - from);
  for (let at = from; at < to; at += 1) {
    hash = Math.imul(hash ^ (source[at] ?? 0), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  return hash | 0;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
