import { diffLedger, type LedgerEntry, type SignedEntry, spanKey } from './booking.ts';
import { findFault } from './check-entry.ts';
import type { Skeleton } from './skeleton.ts';

/** Decides of an entry whether it gets the price of the table at hand though it is booked at another's. */
export type Repricing = (entry: LedgerEntry) => boolean;

/**
 * Traces with every decision at the price it was booked at, where that came from another price table than the one at hand: a
 * new table does not make booked amounts wrong. Only what `isRepriced` says is priced anew, and what contradicts itself or has
 * other usage than before. `inForce` is as `entriesInForce` gives it. A trace of which nothing changes is given as it is.
 */
export function keepBookedPrices<Trace extends { entries: ReadonlyMap<Skeleton, LedgerEntry> }>(
  traces: readonly Trace[],
  inForce: ReadonlyMap<string, readonly LedgerEntry[]>,
  isRepriced: Repricing = () => false,
): Trace[] {
  return traces.map((trace) => {
    let hasKept = false;
    const entries = new Map<Skeleton, LedgerEntry>();
    for (const [span, wanted] of trace.entries) {
      const kept = keepPrice(wanted, inForce.get(spanKey(wanted)), isRepriced);
      hasKept ||= kept !== wanted;
      entries.set(span, kept);
    }
    return hasKept ? { ...trace, entries } : trace;
  });
}

/** One decision, with the price it was booked at; `inForce` is what is booked of its span. */
export function keepPrice(
  wanted: LedgerEntry,
  inForce: readonly LedgerEntry[] = [],
  isRepriced: Repricing = () => false,
): LedgerEntry {
  const [stored, ...others] = inForce;
  if (stored === undefined || others.length > 0 || !isOtherPrice(stored, wanted)) return wanted;
  // The same amount under another version is no reason to book it again.
  const isSame = stored.cost === wanted.cost && stored.status === wanted.status;
  if (!isSame && isRepriced(wanted)) return wanted;
  const { status, pricedCalls, unpricedCalls, costedRows, cost, price, priceVersion } = stored;
  return { ...wanted, status, pricedCalls, unpricedCalls, costedRows, cost, price, priceVersion };
}

/** What of the decisions is booked at another price table than theirs; cheap where nothing is. */
export function hasOtherPrices(booked: readonly SignedEntry[], wanted: readonly LedgerEntry[]): boolean {
  if (booked.length === 0) return false;
  const versions = new Map(wanted.map((entry) => [spanKey(entry), entry.priceVersion]));
  return booked.some(({ entry }) => {
    const version = versions.get(spanKey(entry));
    return version !== undefined && version !== entry.priceVersion;
  });
}

/** What is booked and not taken back, by `spanKey`. */
export function entriesInForce(booked: readonly SignedEntry[]): Map<string, LedgerEntry[]> {
  // What would have to be taken back for nothing to be left.
  const entries = diffLedger(booked, []).flatMap(({ sign, entry }) => (sign < 0 ? [entry] : []));
  return Map.groupBy(entries, spanKey);
}

/** Priced by another table, and sound in itself: the same tokens, or the decision is not the same. */
export function isOtherPrice(stored: LedgerEntry, wanted: LedgerEntry): boolean {
  if (!stored.counted || !wanted.counted || stored.priceVersion === wanted.priceVersion) return false;
  return findFault(stored) === undefined && hasSameUsage(stored, wanted);
}

function hasSameUsage(a: LedgerEntry, b: LedgerEntry): boolean {
  const names = [
    ...([
      'usageScope',
      'model',
      'requestModel',
      'provider',
      'serviceTier',
      'isBatch',
      'isError',
      'reportedCost',
    ] as const),
    ...(['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens', 'cacheWrite1hTokens'] as const),
    ...(['cacheWrite5mTokens', 'reasoningTokens', 'inputAudioTokens', 'outputAudioTokens'] as const),
  ];
  return names.every((name) => a[name] === b[name]);
}
