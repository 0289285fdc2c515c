import { diffLedger, type LedgerEntry, type SignedEntry, spanKey } from '../domain/settlement/booking.ts';
import { findFault } from '../domain/settlement/check-entry.ts';
import { entriesInForce, isOtherPrice, keepBookedPrices, keepPrice } from '../domain/settlement/keep-prices.ts';
import { placeKey } from '../queries/settlement-changes.ts';
import { readBooked, readLastPass } from '../queries/settlement-ledger.ts';
import { decideBatch, type DecidedTrace, largeTraceRows, readBatch } from '../settle/batch.ts';
import { settleLargeTrace } from '../settle/large-trace.ts';
import type { Horizon, LocatedTrace, SizedTrace } from '../settle/locate.ts';
import { findSummaryChanges, type SummaryChanges, summarizeTraces } from '../settle/summarize.ts';
import type { PassContent, PassOutcome } from '../settle/write-pass.ts';
import { type Doctor, shard } from './context.ts';
import { describeSummaries, type SummaryDifference } from './describe-summaries.ts';

/** What settlement would write of some traces: nothing, where all is well. */
export interface Comparison {
  ledger: SignedEntry[];
  summaries: SummaryDifference[];
  faults: { entry: LedgerEntry; fault: string }[];
  /** Keys of the traces that differ in any of these. */
  differing: Set<string>;
  decisionCount: number;
  /** Decisions whose price is another table's. */
  otherPriceCount: number;
  /** Of the spans and log records that were read, those of copies in other traces included. */
  lastArrivedMs: number;
  /** Somebody booked these traces while they were read. */
  isLost: boolean;
}

/** Compares traces with the ledger and the summaries, by the code that settles them; writes nothing. */
export async function compareTraces(
  doctor: Doctor,
  traces: readonly SizedTrace[],
  horizon: Horizon,
): Promise<Comparison> {
  const total = emptyComparison();
  const small = traces.filter(({ rowCount }) => rowCount <= largeTraceRows);
  const targets = new Set(small.map(placeKey));
  if (small.length > 0) {
    const lastPass = await readLastPass(doctor.db, shard);
    const read = await readBatch(doctor.db, { traces: small, horizon });
    for (const { spans, events } of read.traces) {
      for (const { arrivedMs } of spans) total.lastArrivedMs = Math.max(total.lastArrivedMs, arrivedMs);
      for (const { lastMs } of events) total.lastArrivedMs = Math.max(total.lastArrivedMs, lastMs);
    }
    const decided = decideBatch(read.traces, doctor.book).filter((trace) => targets.has(placeKey(trace)));
    if (read.largeCopies.length === 0) await compareDecided(doctor, { decided, lastPass, total });
    // A very large trace settles its copies with itself.
    for (const large of read.largeCopies) await compareLarge(doctor, { trace: large, targets, horizon, total });
  }
  for (const trace of traces.filter(({ rowCount }) => rowCount > largeTraceRows)) {
    await compareLarge(doctor, { trace, targets: new Set([placeKey(trace)]), horizon, total });
  }
  return total;
}

function emptyComparison(): Comparison {
  return {
    ledger: [],
    summaries: [],
    faults: [],
    differing: new Set(),
    decisionCount: 0,
    otherPriceCount: 0,
    lastArrivedMs: 0,
    isLost: false,
  };
}

async function compareDecided(
  doctor: Doctor,
  { decided, lastPass, total }: { decided: DecidedTrace[]; lastPass: number; total: Comparison },
): Promise<void> {
  const booked = await readBooked(doctor.db, decided);
  const inForce = entriesInForce(booked.entries);
  const kept = keepBookedPrices(decided, inForce);
  const wanted = kept.flatMap(({ entries }) => [...entries.values()]);
  compareEntries({
    booked,
    inForce,
    wanted,
    original: decided.flatMap(({ entries }) => [...entries.values()]),
    lastPass,
    total,
  });
  await addSummaries(doctor, {
    changes: await findSummaryChanges(doctor.db, summarizeTraces(kept)),
    traces: kept,
    total,
  });
}

function compareEntries(options: {
  booked: { entries: SignedEntry[]; lastPass: number };
  inForce: ReadonlyMap<string, readonly LedgerEntry[]>;
  wanted: readonly LedgerEntry[];
  /** As the price table at hand has them. */
  original: readonly LedgerEntry[];
  lastPass: number;
  total: Comparison;
}): void {
  const { booked, inForce, wanted, original, lastPass, total } = options;
  if (booked.lastPass > lastPass) total.isLost = true;
  for (const entry of [...inForce.values()].flat()) {
    const fault = findFault(entry);
    if (fault !== undefined) {
      total.faults.push({ entry, fault });
      total.differing.add(placeKey(entry));
    }
  }
  for (const entry of original) {
    const stored = inForce.get(spanKey(entry))?.[0];
    if (stored !== undefined && isOtherPrice(stored, entry)) total.otherPriceCount += 1;
  }
  total.decisionCount += wanted.length;
  for (const signed of diffLedger(booked.entries, wanted)) {
    total.ledger.push(signed);
    total.differing.add(placeKey(signed.entry));
  }
}

async function addSummaries(
  doctor: Doctor,
  { changes, traces, total }: { changes: SummaryChanges; traces: readonly DecidedTrace[]; total: Comparison },
): Promise<void> {
  for (const difference of await describeSummaries(doctor, changes)) {
    total.summaries.push(difference);
    const { projectId, traceId, sessionId } = difference;
    const concerned =
      traceId === undefined
        ? traces.filter((trace) => trace.projectId === projectId && isInSession(trace, sessionId ?? ''))
        : [{ projectId, traceId }];
    for (const trace of concerned) total.differing.add(placeKey(trace));
  }
}

function isInSession({ attributions, place }: DecidedTrace, sessionId: string): boolean {
  if (place?.sessions.includes(sessionId) === true) return true;
  return attributions.values().some((attribution) => attribution.sessionId === sessionId);
}

/** A trace too large to hold: its settlement, with a pass that compares instead of writing. */
async function compareLarge(
  doctor: Doctor,
  options: { trace: LocatedTrace; targets: ReadonlySet<string>; horizon: Horizon; total: Comparison },
): Promise<void> {
  const { trace, targets, horizon, total } = options;
  const { db, book } = doctor;
  total.lastArrivedMs = Math.max(total.lastArrivedMs, trace.place?.lastMs ?? 0);
  const isTarget = (one: { projectId: string; traceId: string }) => targets.has(placeKey(one));
  const passes = {
    writeSlice: async (content: PassContent, lastPass: number): Promise<PassOutcome> => {
      const traces = content.traces.filter(isTarget);
      const booked = await readBooked(db, traces, content.slice);
      const original = content.wanted.filter(isTarget);
      const inForce = entriesInForce(booked.entries);
      const wanted = original.map((entry) => keepPrice(entry, inForce.get(spanKey(entry))));
      compareEntries({ booked, inForce, wanted, original, lastPass, total });
      const summarized = content.summarized.filter(isTarget);
      await addSummaries(doctor, {
        changes: await findSummaryChanges(db, summarizeTraces(summarized)),
        traces: summarized,
        total,
      });
      // Of traces that are not looked at, nothing is compared: they count as they would be booked.
      const others = content.wanted.filter((entry) => !isTarget(entry));
      return { status: 'unchanged', before: lastPass, lastPass, wanted: [...wanted, ...others] };
    },
  };
  await settleLargeTrace(trace, { db, book, passes, shard, horizon });
}
