/** A generation's values; two generations are held. */
const generationMax = 16_384;

/**
 * Values by the 16 bytes of a digest. Bounded: of what was not asked for during the last generation, it forgets.
 */
export class DigestMap<Value> {
  readonly #max: number;
  #young: Generation<Value>;
  #old: Generation<Value>;

  constructor(max: number = generationMax) {
    this.#max = max;
    this.#young = new Generation(max);
    this.#old = new Generation(max);
  }

  get(digest: Buffer): Value | undefined {
    const value = this.#young.get(digest);
    if (value !== undefined) return value;
    const older = this.#old.get(digest);
    if (older !== undefined) this.set(digest, older);
    return older;
  }

  /** For a digest that `get` does not find. */
  set(digest: Buffer, value: Value): void {
    if (this.#young.count === this.#max) {
      const emptied = this.#old;
      this.#old = this.#young;
      this.#young = emptied;
      emptied.clear();
    }
    this.#young.set(digest, value);
  }
}

class Generation<Value> {
  readonly #slots: Uint32Array;
  readonly #digests: Uint32Array;
  #values: Value[] = [];

  constructor(max: number) {
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(max * 2)));
    this.#digests = new Uint32Array(max * 4);
  }

  get count(): number {
    return this.#values.length;
  }

  get(digest: Buffer): Value | undefined {
    const first = digest.readUInt32LE(0);
    const mask = this.#slots.length - 1;
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const taken = this.#slots[slot] ?? 0;
      if (taken === 0) return undefined;
      if (this.#digests[taken * 4 - 4] === first && this.#isRest(taken * 4 - 3, digest)) return this.#values[taken - 1];
    }
  }

  set(digest: Buffer, value: Value): void {
    const mask = this.#slots.length - 1;
    let slot = digest.readUInt32LE(0) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    for (let lane = 0; lane < 4; lane += 1) this.#digests[this.count * 4 + lane] = digest.readUInt32LE(lane * 4);
    this.#values.push(value);
    this.#slots[slot] = this.count;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#values = [];
  }

  #isRest(at: number, digest: Buffer): boolean {
    return (
      this.#digests[at] === digest.readUInt32LE(4) &&
      this.#digests[at + 1] === digest.readUInt32LE(8) &&
      this.#digests[at + 2] === digest.readUInt32LE(12)
    );
  }
}
