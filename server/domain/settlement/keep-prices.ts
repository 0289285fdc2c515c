import { diffLedger, type LedgerEntry, type SignedEntry } from '../domain/settlement/booking.ts';
import { findFault } from '../domain/settlement/check-entry.ts';
import type { Skeleton } from '../domain/settlement/skeleton.ts';
import type { DecidedTrace } from '../settle/batch.ts';

/**
 * Decisions with the price they were booked at, where that came from another price table than the one at hand: a new table does
 * not make booked amounts wrong, and a repair is no new pricing. A booked price that contradicts itself is not kept. `inForce` is
 * as `entriesInForce` gives it.
 */
export function keepBookedPrices(
  traces: readonly DecidedTrace[],
  inForce: ReadonlyMap<string, readonly LedgerEntry[]>,
): DecidedTrace[] {
  return traces.map((trace) => {
    if (trace.entries.size === 0) return trace;
    const entries = new Map<Skeleton, LedgerEntry>();
    for (const [span, wanted] of trace.entries) entries.set(span, keepPrice(wanted, inForce.get(spanKey(wanted))));
    return { ...trace, entries };
  });
}

/** One decision, with the price it was booked at; `inForce` is what is booked of its span. */
export function keepPrice(wanted: LedgerEntry, inForce: readonly LedgerEntry[] = []): LedgerEntry {
  const [stored, ...others] = inForce;
  if (stored === undefined || others.length > 0 || !isOtherPrice(stored, wanted)) return wanted;
  const { status, pricedCalls, unpricedCalls, costedRows, cost, price, priceVersion } = stored;
  return { ...wanted, status, pricedCalls, unpricedCalls, costedRows, cost, price, priceVersion };
}

/** What is booked and not taken back, by `spanKey`. */
export function entriesInForce(booked: readonly SignedEntry[]): Map<string, LedgerEntry[]> {
  // What would have to be taken back for nothing to be left.
  const entries = diffLedger(booked, []).flatMap(({ sign, entry }) => (sign < 0 ? [entry] : []));
  return Map.groupBy(entries, spanKey);
}

export function spanKey({ projectId, traceId, spanId }: Pick<LedgerEntry, 'projectId' | 'traceId' | 'spanId'>): string {
  return traceId + spanId + projectId;
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
