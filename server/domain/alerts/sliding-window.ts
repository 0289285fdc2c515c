import type { Reading, ReadingItem } from './reading.ts';

/** The sums of the parts in a window. */
export interface WindowSums {
  usd: bigint;
  whole: number;
  part: number;
  bins: ReadonlyMap<number, number>;
  keys: ReadonlyMap<string, number>;
  items: readonly ReadingItem[];
  lastMs: number;
}

/**
 * Sums a window that only moves forward over the parts of one group, adding and taking away whole numbers: the sums are those
 * of the parts inside, however the window came there.
 */
export class SlidingWindow {
  readonly #parts: readonly Reading[];
  readonly #bins = new Map<number, number>();
  readonly #keys = new Map<string, number>();
  #first = 0;
  #end = 0;
  #usd = 0n;
  #whole = 0;
  #part = 0;
  #items = 0;

  constructor(parts: readonly Reading[]) {
    this.#parts = parts.toSorted((a, b) => a.atMs - b.atMs);
  }

  /** Parts that begin in the window. Neither end may be before that of the last call. Undefined: there are none. */
  moveTo({ fromMs, toMs }: { fromMs: number; toMs: number }): WindowSums | undefined {
    for (let next = this.#parts[this.#end]; next !== undefined && next.atMs < toMs; next = this.#parts[this.#end]) {
      this.#add(next, 1);
      this.#end += 1;
    }
    while (this.#first < this.#end) {
      const oldest = this.#parts[this.#first];
      if (oldest === undefined || oldest.atMs >= fromMs) break;
      this.#add(oldest, -1);
      this.#first += 1;
    }
    if (this.#first === this.#end) return undefined;
    return {
      ...{ usd: this.#usd, whole: this.#whole, part: this.#part, bins: this.#bins, keys: this.#keys },
      items: this.#items === 0 ? [] : this.#parts.slice(this.#first, this.#end).flatMap((part) => part.items),
      lastMs: this.#parts[this.#end - 1]?.lastMs ?? 0,
    };
  }

  #add(reading: Reading, sign: 1 | -1): void {
    this.#usd += BigInt(sign) * reading.usd;
    this.#whole += sign * reading.whole;
    this.#part += sign * reading.part;
    this.#items += sign * reading.items.length;
    for (const [bin, count] of reading.bins) addTo(this.#bins, bin, sign * count);
    for (const [key, count] of reading.keys) addTo(this.#keys, key, sign * count);
  }
}

function addTo<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  const sum = (counts.get(key) ?? 0) + count;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
