import { KeySet } from './key-set.ts';

/** 8 to 16 bytes of memory a key, and there are two generations. */
const generationMax = 500_000;

/**
 * Which messages are stored already, by 64 bits that mean project, week, conversation and hash, so that a history that is
 * sent with every call is inserted once. It may forget (a message that is inserted again merges away): what was not asked
 * for while so many others were learned. It must only learn what ClickHouse has acknowledged.
 */
export class KnownMessages {
  readonly #max: number;
  #young = new KeySet();
  #old = new KeySet();
  #repeats = 0;

  constructor(max: number = generationMax) {
    this.#max = max;
  }

  /** How often a message was known: so often it was not sent again. */
  get repeats(): number {
    return this.#repeats;
  }

  has(low: number, high: number): boolean {
    if (!this.#young.has(low, high)) {
      if (!this.#old.has(low, high)) return false;
      this.learn(low, high);
    }
    this.#repeats += 1;
    return true;
  }

  /** Call after it was acknowledged. */
  learn(low: number, high: number): void {
    if (this.#young.size >= this.#max) {
      const emptied = this.#old;
      this.#old = this.#young;
      this.#young = emptied;
      emptied.clear();
    }
    this.#young.add(low, high);
  }
}
