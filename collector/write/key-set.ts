const firstSlots = 1_024;

/** A set of 64-bit keys, each as two 32-bit numbers. At most half of its slots are taken. */
export class KeySet {
  #slots = new Uint32Array(firstSlots * 2);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(low: number, high: number): boolean {
    return this.#isTaken(this.#find(low, high));
  }

  /** False where it was there already. */
  add(low: number, high: number): boolean {
    let at = this.#find(low, high);
    if (this.#isTaken(at)) return false;
    if (this.#size * 4 >= this.#slots.length) {
      this.#grow();
      at = this.#find(low, high);
    }
    this.#put(at, low, high);
    this.#size += 1;
    return true;
  }

  clear(): void {
    if (this.#slots.length > firstSlots * 64) this.#slots = new Uint32Array(firstSlots * 2);
    else this.#slots.fill(0);
    this.#size = 0;
  }

  /** Where the key is, or the free slot where it belongs. Keys are hashes: their own bits spread them. */
  #find(low: number, high: number): number {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    const lowBits = low >>> 0;
    // A slot of zeros is free: that key is taken for its neighbour.
    const highBits = low === 0 && high === 0 ? 1 : high >>> 0;
    for (let slot = lowBits & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 2;
      const slotLow = slots[at] ?? 0;
      const slotHigh = slots[at + 1] ?? 0;
      if ((slotLow === 0 && slotHigh === 0) || (slotLow === lowBits && slotHigh === highBits)) return at;
    }
  }

  #isTaken(at: number): boolean {
    return this.#slots[at] !== 0 || this.#slots[at + 1] !== 0;
  }

  #put(at: number, low: number, high: number): void {
    this.#slots[at] = low;
    this.#slots[at + 1] = low === 0 && high === 0 ? 1 : high;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const low = old[at] ?? 0;
      const high = old[at + 1] ?? 0;
      if (low !== 0 || high !== 0) this.#put(this.#find(low, high), low, high);
    }
  }
}
