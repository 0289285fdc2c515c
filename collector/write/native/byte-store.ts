/** A store grows by doubling up to this, then chunk by chunk: text of megabytes is not copied to make room for more. */
export const chunkBytes = 256 * 1024;
const firstBytes = 256;
/** More than a chunk ever holds. */
const placeStep = 2 ** 32;
/** Chunks that wait for the next batch: 32 MB. */
const spareMax = 128;
const spare: Buffer[] = [];
/** Copying so few bytes one by one costs less than the call that copies them all. */
const shortBytes = 40;

/**
 * Bytes that are only added to. Writers may fill `bytes` from `length` on themselves, after `room`; nothing is ever moved
 * once `room` was given, until the next call of it.
 */
export class ByteStore {
  /** The chunk that is being filled. */
  bytes: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  length = 0;
  #full: Buffer[] = [];
  #fullLengths: number[] = [];
  #fullBytes = 0;

  get size(): number {
    return this.#fullBytes + this.length;
  }

  /** After it so many bytes fit behind `length`, without a break. */
  room(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(count);
  }

  copy(source: Buffer, from: number, to: number): void {
    const count = to - from;
    this.room(count);
    const { bytes, length } = this;
    if (count > shortBytes) source.copy(bytes, length, from, to);
    else for (let at = 0; at < count; at += 1) bytes[length + at] = source[from + at] ?? 0;
    this.length = length + count;
  }

  /** Where the next byte goes, as a number for `copyOwn`. */
  get place(): number {
    return this.#full.length * placeStep + this.length;
  }

  /** Adds again what stands between two places; false where that is no longer in the chunk that is being filled. */
  copyOwn(from: number, to: number): boolean {
    const chunk = this.#full.length * placeStep;
    const count = to - from;
    if (from < chunk || count > chunkBytes || this.length + count > Math.max(this.bytes.length, chunkBytes))
      return false;
    this.room(count);
    this.bytes.copy(this.bytes, this.length, from - chunk, to - chunk);
    this.length += count;
    return true;
  }

  /** @param value an integer of at most 32 bits */
  varint(value: number): void {
    this.room(5);
    let rest = value;
    while (rest > 127) {
      this.bytes[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** Text with its length in front. */
  text(value: string): void {
    // Up to 42 units are less than 128 bytes, whatever they are: their length is one byte.
    if (value.length <= 42) {
      this.room(128);
      const written = value.length === 0 ? 0 : this.bytes.write(value, this.length + 1, 'utf8');
      this.bytes[this.length] = written;
      this.length += 1 + written;
      return;
    }
    const count = Buffer.byteLength(value);
    this.varint(count);
    this.room(count);
    this.length += this.bytes.write(value, this.length, count, 'utf8');
  }

  uint32(value: number): void {
    this.room(4);
    const { bytes, length } = this;
    bytes[length] = value;
    bytes[length + 1] = value >>> 8;
    bytes[length + 2] = value >>> 16;
    bytes[length + 3] = value >>> 24;
    this.length = length + 4;
  }

  /** What `rollback` goes back to, as numbers at the end of `into`. */
  mark(into: number[]): void {
    into.push(this.#full.length, this.length);
  }

  /** Reads its numbers from `at` on, and gives where the next store's are. */
  rollback(marks: readonly number[], at: number): number {
    const fullCount = marks[at] ?? 0;
    while (this.#full.length > fullCount) {
      keep(this.bytes);
      this.bytes = this.#full.pop() ?? this.bytes;
      this.#fullBytes -= this.#fullLengths.pop() ?? 0;
    }
    this.length = marks[at + 1] ?? 0;
    return at + 2;
  }

  /** Its chunks in order. They stay as they are until `clear`. */
  *chunks(): Generator<Buffer> {
    for (const [index, chunk] of this.#full.entries()) yield chunk.subarray(0, this.#fullLengths[index]);
    if (this.length > 0) yield this.bytes.subarray(0, this.length);
  }

  /** Empties it; its memory is used again. */
  clear(): void {
    for (const chunk of this.#full) keep(chunk);
    this.#full = [];
    this.#fullLengths = [];
    this.#fullBytes = 0;
    this.length = 0;
    if (this.bytes.length >= chunkBytes) {
      keep(this.bytes);
      this.bytes = Buffer.allocUnsafeSlow(firstBytes);
    }
  }

  #grow(count: number): void {
    const needed = this.length + count;
    if (this.bytes.length < chunkBytes && needed <= chunkBytes) {
      const wanted = Math.min(chunkBytes, Math.max(this.bytes.length * 2, needed));
      const larger = wanted === chunkBytes ? newChunk() : Buffer.allocUnsafeSlow(wanted);
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
      return;
    }
    this.#full.push(this.bytes);
    this.#fullLengths.push(this.length);
    this.#fullBytes += this.length;
    this.bytes = count > chunkBytes ? Buffer.allocUnsafeSlow(count) : newChunk();
    this.length = 0;
  }
}

function newChunk(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
}

function keep(chunk: Buffer): void {
  if (chunk.length === chunkBytes && spare.length < spareMax) spare.push(chunk);
}
