import type { MessageRow } from '../../migrations/schema.ts';

/** About 200 bytes of memory each. */
const knownMax = 200_000;

/**
 * Which messages are stored already, so that a history that is sent with every call is inserted once. It may forget (a
 * message that is inserted again merges away), but must only learn what ClickHouse has acknowledged.
 */
export class KnownMessages {
  readonly #max: number;
  readonly #keys = new Set<string>();

  constructor(max: number = knownMax) {
    this.#max = max;
  }

  /** Those of `rows` that are not known, each once. */
  unknown(rows: readonly MessageRow[]): MessageRow[] {
    const fresh = new Map<string, MessageRow>();
    for (const row of rows) {
      const key = keyOf(row);
      if (!this.#touch(key) && !fresh.has(key)) fresh.set(key, row);
    }
    return [...fresh.values()];
  }

  /** Call after these rows were acknowledged. */
  learn(rows: readonly MessageRow[]): void {
    for (const row of rows) this.#keys.add(keyOf(row));
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

function keyOf({ project_id: projectId, week, conversation, hash }: MessageRow): string {
  return `${projectId}\0${String(week)}\0${conversation}\0${Buffer.from(hash).toString('latin1')}`;
}
