import { formatAmount } from '../prices/amount.ts';
import type { LedgerEntry } from './booking.ts';

/** What a group of calls costs; `amount` in 10^-12 dollars, without those whose cost is unknown. */
export interface PricedSum {
  amount: bigint;
  costedRows: bigint;
  pricedCalls: bigint;
  unpricedCalls: bigint;
}

/** The calls of one day and model, as they are booked and as they would be. */
export interface PriceChange {
  /** UTC, `2026-11-20`. */
  day: string;
  provider: string;
  model: string;
  before: PricedSum;
  after: PricedSum;
  /** Decisions whose amount or status differs. */
  changedCount: number;
}

const emptySum = (): PricedSum => ({ amount: 0n, costedRows: 0n, pricedCalls: 0n, unpricedCalls: 0n });

/** Adds up by day and model what re-settlement finds and what it makes of it. */
export class PriceChanges {
  readonly #rows = new Map<string, PriceChange>();

  /** Either may be missing: a decision that was not booked, or is none any more. */
  add(before: LedgerEntry | undefined, after: LedgerEntry | undefined): void {
    if (before !== undefined) addTo(this.#rowOf(before).before, before);
    if (after !== undefined) addTo(this.#rowOf(after).after, after);
    const known = after ?? before;
    if (known !== undefined && !isSamePrice(before, after)) this.#rowOf(known).changedCount += 1;
  }

  join(others: PriceChanges): void {
    for (const [key, row] of others.#rows) {
      const known = this.#rows.get(key);
      if (known === undefined) {
        this.#rows.set(key, row);
        continue;
      }
      addTo(known.before, row.before);
      addTo(known.after, row.after);
      known.changedCount += row.changedCount;
    }
  }

  /** By day, then model. Rows without any amount or call are left out. */
  rows(): PriceChange[] {
    const said = [...this.#rows.values()].filter(({ before, after }) => !isEmpty(before) || !isEmpty(after));
    return said.sort((a, b) => compare([a.day, a.model, a.provider], [b.day, b.model, b.provider]));
  }

  #rowOf({ startNs, provider, model }: LedgerEntry): PriceChange {
    const day = new Date(Number(startNs / 1_000_000n)).toISOString().slice(0, 10);
    const key = JSON.stringify([day, provider, model]);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { day, provider, model, before: emptySum(), after: emptySum(), changedCount: 0 };
      this.#rows.set(key, row);
    }
    return row;
  }
}

/** The sum of all rows. */
export function totalOf(rows: readonly PriceChange[]): Pick<PriceChange, 'before' | 'after' | 'changedCount'> {
  const total = { before: emptySum(), after: emptySum(), changedCount: 0 };
  for (const row of rows) {
    addTo(total.before, row.before);
    addTo(total.after, row.after);
    total.changedCount += row.changedCount;
  }
  return total;
}

/** Dollars; null where nothing could be priced. */
export function usdOf({ amount, costedRows }: PricedSum): string | null {
  return costedRows === 0n ? null : formatAmount(amount);
}

function addTo(sum: PricedSum, entry: PricedSum | LedgerEntry): void {
  sum.amount += 'cost' in entry ? entry.cost : entry.amount;
  sum.costedRows += entry.costedRows;
  sum.pricedCalls += entry.pricedCalls;
  sum.unpricedCalls += entry.unpricedCalls;
}

function isSamePrice(before: LedgerEntry | undefined, after: LedgerEntry | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return before.cost === after.cost && before.status === after.status && before.counted === after.counted;
}

function isEmpty({ costedRows, pricedCalls, unpricedCalls }: PricedSum): boolean {
  return costedRows === 0n && pricedCalls === 0n && unpricedCalls === 0n;
}

function compare(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((text, index) => text !== b[index]);
  return at === -1 ? 0 : (a[at] ?? '') < (b[at] ?? '') ? -1 : 1;
}
