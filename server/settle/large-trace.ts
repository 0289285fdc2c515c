import { priceCall } from '../domain/prices/price-call.ts';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import { bookDecision, type LedgerEntry, spanKey } from '../domain/settlement/booking.ts';
import { settleTraces } from '../domain/settlement/decide.ts';
import type { Repricing } from '../domain/settlement/keep-prices.ts';
import type { Skeleton } from '../domain/settlement/skeleton.ts';
import { EntrySums, type RestOfTrace } from '../domain/settlement/summaries.ts';
import type { Db } from '../queries/db.ts';
import { placeKey } from '../queries/settlement-changes.ts';
import { readLargeTrace, readRestOfTrace } from '../queries/settlement-large.ts';
import { readLastPass, slicePosition, type SpanSlice } from '../queries/settlement-ledger.ts';
import { arrivalOf, callsOf, type DecidedTrace, factsOf, locateCopies, readWhole, type ReadTrace } from './batch.ts';
import type { Horizon, LocatedTrace } from './locate.ts';
import type { PassOutcome, PassWriter } from './write-pass.ts';

/** Decisions that are booked, compared and written at once. */
const sliceDecisions = 20_000;
const positions = 256;

/**
 * Settles a trace that is too large to hold whole, in several passes: of its spans only those that bear on a decision are
 * read, and the ledger is compared slice by slice. A rival's pass over the same spans ends it as `lost`.
 */
export async function settleLargeTrace(
  trace: LocatedTrace,
  options: {
    db: Db;
    book: PriceBook;
    passes: Pick<PassWriter, 'writeSlice'>;
    shard: number;
    horizon: Horizon;
    isRepriced?: Repricing | undefined;
  },
): Promise<PassOutcome> {
  const { db, book, passes, shard, horizon, isRepriced } = options;
  const lastPass = await readLastPass(db, shard);
  const { projectId, traceId, sinceMs, untilMs } = trace;
  const question = { projectId, traceId, sinceMs, untilMs };
  const rest = await readRestOfTrace(db, question);
  const large: ReadTrace = { ...trace, spans: await readLargeTrace(db, question), events: [] };
  const copies = await locateCopies(db, {
    calls: callsOf([large]),
    horizon,
    isKnown: (key) => key === placeKey(trace),
  });
  const others = (await readWhole(db, copies.small, horizon)).filter((other) => other.projectId === projectId);
  const read = [large, ...others];
  const settled = settleTraces(new Map(read.map((one) => [one.traceId, one.spans.map(({ span }) => span)])));
  const decided = settled.flatMap((outcome): DecidedTrace[] => {
    const source = read.find((one) => one.traceId === outcome.traceId);
    if (source === undefined) return [];
    return [
      { ...factsOf(source), ...outcome, ...arrivalOf(source), projectId, place: source.place, entries: new Map() },
    ];
  });
  const decisions = settled.flatMap((one) => one.decisions);
  const sums = new EntrySums();
  const entriesOf = new Map(decided.map((one) => [one.traceId, new Map<Skeleton, LedgerEntry>()]));
  for (const slice of slicesFor(decisions.length)) {
    const wanted: LedgerEntry[] = [];
    const ofSlice: typeof decisions = [];
    for (const decision of decisions) {
      const position = slicePosition(decision.span.spanId);
      if (position < slice.from || position > slice.to) continue;
      ofSlice.push(decision);
      wanted.push(bookDecision(projectId, decision, (span) => priceCall(span, book)));
    }
    const outcome = await passes.writeSlice({ traces: decided, wanted, slice, summarized: [], isRepriced }, lastPass);
    if (outcome.status === 'lost') return outcome;
    const booked = new Map(outcome.wanted.map((entry) => [spanKey(entry), entry]));
    for (const { span } of ofSlice) {
      const entry = booked.get(spanKey({ projectId, ...span }));
      if (entry === undefined) continue;
      if (span.traceId === traceId) sums.add(entry);
      else entriesOf.get(span.traceId)?.set(span, entry);
    }
  }
  const summarized = decided.map((one) =>
    one.traceId === traceId
      ? { ...one, ...wholeArrival(one, rest), lastIngestedMs: rest.lastMs, large: { rest, sums } }
      : { ...one, entries: entriesOf.get(one.traceId) ?? one.entries },
  );
  // Its own slices were the last to be written: only summaries are left.
  return passes.writeSlice({ traces: [], wanted: [], slice: { from: 0, to: 0 }, summarized }, lastPass);
}

/** Of the spans of a large trace only some were read. */
function wholeArrival(trace: DecidedTrace, rest: RestOfTrace): Pick<DecidedTrace, 'firstMs' | 'lastMs' | 'days'> {
  return {
    firstMs: Math.min(trace.firstMs, rest.firstMs),
    lastMs: Math.max(trace.lastMs, rest.lastMs),
    days: [...new Set([...trace.days, ...rest.days])].sort((a, b) => a - b),
  };
}

function slicesFor(count: number): SpanSlice[] {
  const slices = Math.min(positions, Math.max(1, Math.ceil(count / sliceDecisions)));
  const width = Math.ceil(positions / slices);
  return Array.from({ length: Math.ceil(positions / width) }, (_, index) => ({
    from: index * width,
    to: Math.min(positions, (index + 1) * width) - 1,
  }));
}
