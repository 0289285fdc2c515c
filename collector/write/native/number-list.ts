const firstCount = 16;
/** A list that has grown beyond this is given up with its batch. */
const keptCount = 131_072;

/** Unsigned 32-bit numbers that are only added to. */
export class NumberList {
  values = new Uint32Array(firstCount);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) this.#grow();
    this.values[this.length++] = value;
  }

  /** The last one, 0 in an empty list. */
  get last(): number {
    return this.length === 0 ? 0 : (this.values[this.length - 1] ?? 0);
  }

  /** Their bytes, in place and little-endian, each in so many: the numbers themselves are gone afterwards. */
  narrow(width: 1 | 2 | 4): Uint8Array {
    const { buffer } = this.values;
    const narrow = width === 1 ? new Uint8Array(buffer) : width === 2 ? new Uint16Array(buffer) : this.values;
    if (width < 4) for (let at = 0; at < this.length; at += 1) narrow[at] = this.values[at] ?? 0;
    return new Uint8Array(buffer, 0, this.length * width);
  }

  clear(): void {
    this.length = 0;
    if (this.values.length > keptCount) this.values = new Uint32Array(firstCount);
  }

  #grow(): void {
    const larger = new Uint32Array(this.values.length * 2);
    larger.set(this.values);
    this.values = larger;
  }
}
