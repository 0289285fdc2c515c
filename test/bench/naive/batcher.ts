import type { ClickHouseClient } from '@clickhouse/client';
import type { NaiveRow } from './rows.ts';
import { naiveTable } from './table.ts';

/** With the collector's own limits, 8,192 rows and three at once, it is as fast (measured). */
const limits = { rows: 16_384, gatherMs: 100, insertsAtOnce: 2 } as const;

interface Waiting {
  rows: NaiveRow[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Gathers the rows of many requests into one insert; a request is answered when its rows are on disk. */
export class NaiveBatcher {
  readonly #client: ClickHouseClient;
  #waiting: Waiting[] = [];
  #rows = 0;
  #inserts = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: ClickHouseClient) {
    this.#client = client;
  }

  /** Rejects when the insert failed. */
  submit(rows: NaiveRow[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, resolve, reject });
      this.#rows += rows.length;
      if (this.#rows >= limits.rows) this.#flush();
      else this.#timer ??= setTimeout(() => this.#flush(), limits.gatherMs);
    });
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0 || this.#inserts >= limits.insertsAtOnce) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#rows = 0;
    this.#inserts += 1;
    void this.#insert(batch).finally(() => {
      this.#inserts -= 1;
      this.#flush(); // whatever came meanwhile has waited long enough
    });
  }

  async #insert(batch: Waiting[]): Promise<void> {
    try {
      const values = batch.flatMap(({ rows }) => rows);
      await this.#client.insert({ table: naiveTable, values, format: 'JSONEachRow' });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
