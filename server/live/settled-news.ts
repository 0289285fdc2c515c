import type { Db } from '../queries/db.ts';
import { listSettledTraces, readLastSettledPass, type SettledArrival } from '../queries/live-settled.ts';

/** Two settlers may write their summaries in another order than their passes: so many passes are looked at again. */
const overlapPasses = 10;
/** Rows of one look; of more, those of the latest passes. */
const rowsPerLookMax = 2_000;

/** What of one project was settled since the last look. */
export class SettledNews {
  readonly #db: Db;
  readonly #projectId: string;
  /** Up to which pass each trace was seen, of the passes that are looked at again. */
  readonly #seen = new Map<string, number>();
  #lastPass: number | undefined;

  constructor({ db, projectId }: { db: Db; projectId: string }) {
    this.#db = db;
    this.#projectId = projectId;
  }

  /** Traces with a summary of a pass that was not seen before; the first time, of the last passes, what arrived since `sinceMs`. */
  async look({ sinceMs }: { sinceMs: number }): Promise<SettledArrival[]> {
    const isFirst = this.#lastPass === undefined;
    this.#lastPass ??= await readLastSettledPass(this.#db, this.#projectId);
    const afterPass = Math.max(0, this.#lastPass - overlapPasses);
    const rows = await listSettledTraces(this.#db, { projectId: this.#projectId, afterPass, limit: rowsPerLookMax });
    const fresh = rows.filter(({ traceId, lastPass }) => Number(lastPass) > (this.#seen.get(traceId) ?? -1));
    this.#remember(fresh, this.#lastPass);
    return isFirst ? fresh.filter((row) => Number(row.arrivedMs) >= sinceMs) : fresh;
  }

  #remember(fresh: readonly SettledArrival[], lastPass: number): void {
    for (const row of fresh) this.#seen.set(row.traceId, Number(row.lastPass));
    this.#lastPass = Math.max(lastPass, ...fresh.map((row) => Number(row.lastPass)));
    for (const [traceId, pass] of this.#seen) {
      if (pass <= this.#lastPass - overlapPasses) this.#seen.delete(traceId);
    }
  }
}
