import type { Cost, CostsReply } from '../api/types.ts';
import { countOf, exactCount } from './format.ts';

/** How much of a sum of money is known: calls with an amount, of all calls. */
export interface Coverage {
  calls: number;
  missing: number;
  /** `97.4 %`, never rounded up to 100; a dash where there was no call. */
  text: string;
}

export function readCoverage({ pricedCalls, unpricedCalls }: Pick<Cost, 'pricedCalls' | 'unpricedCalls'>): Coverage {
  const calls = pricedCalls + unpricedCalls;
  return { calls, missing: unpricedCalls, text: formatShareDown(pricedCalls, calls) };
}

type CallsByStatus = CostsReply['totals']['callsByStatus'];

export interface Gap {
  /** The status that its ledger rows have. */
  status: 'unpriced_model' | 'unpriced_usage' | 'reported';
  /** False: in the sum, but not by our own prices. */
  missing: boolean;
  text: string;
}

/** What is missing in a sum, or not by our own prices: a phrase each. */
export function listGaps(calls: CallsByStatus): Gap[] {
  const gaps = [
    { status: 'unpriced_model', missing: true, count: calls.unpricedModel, words: 'of unpriced models' },
    { status: 'unpriced_usage', missing: true, count: calls.unpricedUsage, words: 'whose usage cannot be priced' },
    { status: 'reported', missing: false, count: calls.reported, words: 'at the emitter’s own price' },
  ] as const;
  return gaps
    .filter(({ count }) => count > 0)
    .map(({ status, missing, count, words }) => ({ status, missing, text: `${countOf(count, 'call')} ${words}` }));
}

/** A sentence for a sum with gaps; null where every call has an amount. */
export function describeMissing({ calls, missing }: Coverage): string | null {
  if (missing === 0) return null;
  if (missing === calls) return `None of ${countOf(calls, 'call')} has a price: the cost is not known.`;
  return `${exactCount(missing)} of ${countOf(calls, 'call')} ${missing === 1 ? 'has' : 'have'} no price and ${missing === 1 ? 'is' : 'are'} not in this sum.`;
}

function formatShareDown(part: number, whole: number): string {
  if (whole === 0) return '–';
  if (part === whole) return '100 %';
  return `${(Math.floor((part / whole) * 1_000) / 10).toFixed(1)} %`;
}
