import type { PriceBook } from '../domain/prices/unit-prices.ts';
import { type PriceChange, PriceChanges } from '../domain/settlement/price-changes.ts';
import type { Repricing } from '../domain/settlement/keep-prices.ts';
import type { Db } from '../queries/db.ts';
import { readBookedDays, readBookedTraces, tracesOfDayMax } from '../queries/resettlement.ts';
import { placeKey } from '../queries/settlement-changes.ts';
import { readLastPass, wholeTraces } from '../queries/settlement-ledger.ts';
import { decideBatch, readBatch } from '../settle/batch.ts';
import { settleLargeTrace } from '../settle/large-trace.ts';
import type { Horizon, SizedTrace } from '../settle/locate.ts';
import { batchTraces, findLargeTrace, measureWholeTraces } from '../settle/whole-traces.ts';
import type { PassOutcome, PassWriter } from '../settle/write-pass.ts';
import { RepricingPasses } from './passes.ts';
import type { ResettlementRequest } from './request.ts';

/** Traces that are looked up at once. */
const tracesOfChunk = 500;
/** A batch is tried for so long: settlement may be first, again and again. */
const patienceMs = 90_000;
const dayNs = 86_400_000_000_000n;
/** Settlement's only shard of this release. */
const shard = 0;

export interface ResettlementTools {
  db: Db;
  book: PriceBook;
  passes: PassWriter;
  /** Says how far it is. */
  progress: (progress: ResettlementProgress) => void;
  isStopped: () => boolean;
}

export interface ResettlementProgress {
  daysDone: number;
  dayCount: number;
  traceCount: number;
}

export interface ResettlementResult {
  changes: PriceChange[];
  traceCount: number;
  /** Traces that are booked and of which no span is left: their amounts stay. */
  expiredCount: number;
}

/**
 * Settles every call of a window again, by the rules and the price table of now: what it costs is what a call booked today
 * would cost. Calls outside of the window keep their prices, also those of the same traces. Nothing is written unless asked;
 * written are opposite rows and new ones, in passes as settlement's own, so that every sum is right at every moment. May be
 * repeated: the second time changes nothing.
 */
export async function resettle(tools: ResettlementTools, request: ResettlementRequest): Promise<ResettlementResult> {
  const { db, progress } = tools;
  const changes = new PriceChanges();
  const days = await readBookedDays(db, request);
  let [daysDone, traceCount, expiredCount] = [0, 0, 0];
  progress({ daysDone, dayCount: days.length, traceCount });
  for (const day of days) {
    const slice = { ...request, ...ofDay(day, request) };
    const traceIds = await readBookedTraces(db, slice);
    if (traceIds.length > tracesOfDayMax) throw new Error(`one day has more than ${tracesOfDayMax} traces`);
    for (let at = 0; at < traceIds.length; at += tracesOfChunk) {
      const chunk = traceIds
        .slice(at, at + tracesOfChunk)
        .map((traceId) => ({ projectId: request.projectId, traceId }));
      const { sized, horizon } = await measureWholeTraces(db, chunk);
      expiredCount += chunk.length - sized.length;
      for (const batch of batchTraces(sized))
        changes.join(await settleBatch(tools, batch, { horizon, request: slice }));
      traceCount += chunk.length;
      progress({ daysDone, dayCount: days.length, traceCount });
    }
    daysDone += 1;
    progress({ daysDone, dayCount: days.length, traceCount });
  }
  return { changes: changes.rows(), traceCount, expiredCount };
}

function ofDay(day: number, { fromNs, toNs }: ResettlementRequest): Pick<ResettlementRequest, 'fromNs' | 'toNs'> {
  const [startNs, endNs] = [BigInt(day) * dayNs, BigInt(day + 1) * dayNs];
  return { fromNs: fromNs > startNs ? fromNs : startNs, toNs: toNs < endNs ? toNs : endNs };
}

async function settleBatch(
  tools: ResettlementTools,
  batch: readonly SizedTrace[],
  { horizon, request }: { horizon: Horizon; request: ResettlementRequest },
): Promise<PriceChanges> {
  const { fromNs, toNs, commit } = request;
  // Traces that are read for their copies have a turn of their own.
  const targets = new Set(batch.map(placeKey));
  const isRepriced: Repricing = (entry) =>
    entry.startNs >= fromNs && entry.startNs < toNs && targets.has(placeKey(entry));
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline;) {
    if (tools.isStopped()) throw new Error('stopped');
    const passes = new RepricingPasses({
      db: tools.db,
      writer: commit ? tools.passes : undefined,
      isRepriced,
    });
    const outcome = await writeBatch(tools, { batch, horizon, passes, isRepriced });
    if (outcome.status !== 'lost') return passes.changes;
  }
  throw new Error(`${batch.length} traces could not be settled again: settlement was always first`);
}

async function writeBatch(
  { db, book }: ResettlementTools,
  options: { batch: readonly SizedTrace[]; horizon: Horizon; passes: RepricingPasses; isRepriced: Repricing },
): Promise<PassOutcome> {
  const { batch, horizon, passes, isRepriced } = options;
  const large = findLargeTrace(batch);
  if (large !== undefined) return settleLargeTrace(large, { db, book, passes, shard, horizon, isRepriced });
  const lastPass = await readLastPass(db, shard);
  const { traces } = await readBatch(db, { traces: batch, horizon });
  const decided = decideBatch(traces, book);
  const wanted = decided.flatMap(({ entries }) => [...entries.values()]);
  return passes.writeSlice({ traces: decided, wanted, slice: wholeTraces, summarized: decided }, lastPass);
}
