/** Bytes by number: equal ones have one number, from 0. Looking up makes no string. */
export class ByteInterner {
  readonly #max: number;
  #slots = new Int32Array(1024).fill(-1);
  #hashes: number[] = [];
  readonly #known: Buffer[] = [];

  /** Takes at most `max` values; beyond, `add` gives -1. */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#known.length;
  }

  /** The number of `bytes[at, end)`, or -1. */
  find(bytes: Buffer, at: number, end: number): number {
    const hash = hashOf(bytes, at, end);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] ?? -1;
      if (number === -1) return -1;
      if (this.#hashes[number] === hash && isEqual(this.#known[number], bytes, at, end)) return number;
    }
  }

  /** As `find`, and adds what is new; -1 where there is no room. */
  add(bytes: Buffer, at: number, end: number): number {
    const found = this.find(bytes, at, end);
    if (found !== -1 || this.size >= this.#max) return found;
    const number = this.size;
    this.#known.push(Buffer.from(bytes.subarray(at, end)));
    this.#hashes.push(hashOf(bytes, at, end));
    if (this.size * 2 > this.#slots.length) this.#grow();
    else this.#place(number);
    return number;
  }

  /** What has the number. */
  get(number: number): Buffer {
    const known = this.#known[number];
    if (known === undefined) throw new RangeError(`nothing has the number ${String(number)}`);
    return known;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let number = 0; number < this.size; number += 1) this.#place(number);
  }

  #place(number: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#hashes[number] ?? 0) & mask;
    while (this.#slots[slot] !== -1) slot = (slot + 1) & mask;
    this.#slots[slot] = number;
  }
}

function hashOf(bytes: Buffer, at: number, end: number): number {
  let hash = (end - at) | 0;
  for (let i = at; i < end; i += 1) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
  return hash ^ (hash >>> 15);
}

function isEqual(known: Buffer | undefined, bytes: Buffer, at: number, end: number): boolean {
  if (known?.length !== end - at) return false;
  for (let i = 0; i < known.length; i += 1) if (known[i] !== bytes[at + i]) return false;
  return true;
}
