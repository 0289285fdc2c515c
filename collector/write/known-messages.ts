import type { MessageRow } from '../../migrations/schema.ts';

/** A key is at most some 300 bytes of memory. */
const knownMax = 200_000;

/**
 * Which messages are stored already, by their keys, so that a history that is sent with every call is inserted once. It
 * may forget (a message that is inserted again merges away), but must only learn what ClickHouse has acknowledged.
 */
export class KnownMessages {
  readonly #max: number;
  readonly #keys = new Set<string>();

  constructor(max: number = knownMax) {
    this.#max = max;
  }

  /** Those that are not known, each once. */
  unknown(requests: readonly ReadonlyMap<string, MessageRow>[]): Map<string, MessageRow> {
    const fresh = new Map<string, MessageRow>();
    for (const messages of requests) {
      for (const [key, row] of messages) if (!this.#touch(key)) fresh.set(key, row);
    }
    return fresh;
  }

  /** Call after these were acknowledged. */
  learn(keys: Iterable<string>): void {
    for (const key of keys) this.#keys.add(key);
    for (const key of this.#keys) {
      if (this.#keys.size <= this.#max) break;
      this.#keys.delete(key);
    }
  }

  /** A `Set` keeps insertion order: what is used moves to the end, the front is the oldest. */
  #touch(key: string): boolean {
    if (!this.#keys.delete(key)) return false;
    this.#keys.add(key);
    return true;
  }
}
