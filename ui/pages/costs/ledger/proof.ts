import { sumUsd, toPico } from '../../../components/exact-usd.ts';
import { countOf, exactUsd, formatUsd } from '../../../components/format.ts';
import type { LedgerView } from '../../../state/cost-ledger.svelte.ts';

export interface Proof {
  /** `all`: every row is here and they add up to the sum; `differs`: they do not; `part`: not all rows are here. */
  state: 'all' | 'differs' | 'part' | 'no_sum';
  text: string;
  title: string;
}

/** What the rows that are shown add up to, and whether that is the sum that the costs page shows. */
export function proveSum({ query, entries, nextCursor, costs }: LedgerView): Proof {
  const usd = sumUsd(entries.filter(({ counted }) => counted).map(({ costUsd }) => costUsd));
  const amount = usd === null ? 'no known amount' : formatUsd(usd);
  const rows = `${nextCursor === null ? '' : 'first '}${countOf(entries.length, 'row')}`;
  const text = `${rows}: ${amount}`;
  const title = usd === null ? 'None of these rows has a known amount.' : exactUsd(usd);
  if (nextCursor !== null) return { state: 'part', text, title: `${title}. More rows follow.` };
  if (costs === null || query.status !== null || query.counted === 'false') return { state: 'no_sum', text, title };
  const sum = costs.totals.cost.usd;
  const isEqual = (usd === null) === (sum === null) && (usd === null || sum === null || toPico(usd) === toPico(sum));
  if (!isEqual) {
    const expected = sum === null ? 'unknown' : exactUsd(sum);
    return {
      state: 'differs',
      text,
      title: `${title}; the sum is ${expected}. Something was booked meanwhile: load again.`,
    };
  }
  return { state: 'all', text, title: `${title}: all rows are here, and they add up to the sum exactly.` };
}
