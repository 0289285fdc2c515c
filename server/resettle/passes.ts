import { spanKey } from '../domain/settlement/booking.ts';
import { entriesInForce, keepPrice, type Repricing } from '../domain/settlement/keep-prices.ts';
import { PriceChanges } from '../domain/settlement/price-changes.ts';
import type { Db } from '../queries/db.ts';
import { readBooked } from '../queries/settlement-ledger.ts';
import type { PassContent, PassOutcome, PassWriter } from '../settle/write-pass.ts';

/**
 * Stands where settlement's pass writer does: notes what each pass changes, and writes it only where that is wanted. One is
 * for one attempt.
 */
export class RepricingPasses implements Pick<PassWriter, 'writeSlice'> {
  readonly changes = new PriceChanges();
  readonly #db: Db;
  readonly #writer: Pick<PassWriter, 'writeSlice'> | undefined;
  readonly #isRepriced: Repricing;

  /** Without a writer nothing is written. Noted is what is repriced. */
  constructor(options: { db: Db; writer: Pick<PassWriter, 'writeSlice'> | undefined; isRepriced: Repricing }) {
    this.#db = options.db;
    this.#writer = options.writer;
    this.#isRepriced = options.isRepriced;
  }

  async writeSlice(content: PassContent, lastPass: number): Promise<PassOutcome> {
    const booked = await readBooked(this.#db, content.traces, content.slice);
    if (booked.lastPass > lastPass) return { status: 'lost' };
    const inForce = entriesInForce(booked.entries);
    const wanted = content.wanted.map((entry) => keepPrice(entry, inForce.get(spanKey(entry)), this.#isRepriced));
    const outcome: PassOutcome =
      this.#writer === undefined
        ? { status: 'unchanged', before: lastPass, lastPass, wanted }
        : await this.#writer.writeSlice({ ...content, isRepriced: this.#isRepriced }, lastPass);
    if (outcome.status === 'lost') return outcome;
    const left = new Map(inForce);
    for (const entry of wanted) {
      const before = left.get(spanKey(entry)) ?? [];
      left.delete(spanKey(entry));
      if (!this.#isRepriced(entry)) continue;
      this.changes.add(before[0], entry);
      for (const twice of before.slice(1)) this.changes.add(twice, undefined);
    }
    for (const entry of [...left.values()].flat()) if (this.#isRepriced(entry)) this.changes.add(entry, undefined);
    return outcome;
  }
}
