import type { LedgerEntry } from '../domain/settlement/booking.ts';
import { placeKey, readClock, type TracePlace } from '../queries/settlement-changes.ts';
import { countPassRows, readLastPass, wholeTraces } from '../queries/settlement-ledger.ts';
import { decideBatch, type DecidedTrace, readBatch } from '../settle/batch.ts';
import { settleLargeTrace } from '../settle/large-trace.ts';
import type { SizedTrace } from '../settle/locate.ts';
import { batchTraces, findLargeTrace, measureWholeTraces } from '../settle/whole-traces.ts';
import { type Doctor, shard } from './context.ts';

/** A trace to be settled, and where else the ledger or summaries have rows of it. */
export interface TraceToRepair {
  projectId: string;
  traceId: string;
  days?: readonly number[];
  sessions?: readonly string[];
}

/** Traces that are looked up at once. */
const tracesOfPass = 500;
/** A pass is tried for so long: rivals may be first, and a number whose pass is gone is only skipped after half a minute. */
const patienceMs = 90_000;
/** Numbers tried for a pass that books nothing. */
const numbersMax = 100;

/**
 * Settles traces as settlement itself would, wherever their spans arrived, and takes back what is booked on the days given too.
 * Of a trace without skeletons everything is taken back. A rival's pass is no harm: the attempt is repeated.
 */
export async function settleAgain(doctor: Doctor, traces: readonly TraceToRepair[]): Promise<void> {
  for (let at = 0; at < traces.length; at += tracesOfPass) {
    const chunk = traces.slice(at, at + tracesOfPass);
    const { sized, horizon } = await measureWholeTraces(doctor.db, chunk);
    const known = new Set(sized.map(placeKey));
    await writePass(doctor, { traces: [], gone: chunk.filter((trace) => !known.has(placeKey(trace))), wishes: [] });
    for (const batch of batchTraces(sized)) {
      const large = findLargeTrace(batch);
      if (large === undefined) await writePass(doctor, { traces: batch, gone: [], wishes: chunk });
      else await settleLarge(doctor, large, horizon.untilMs);
    }
    doctor.progress(`settled ${Math.min(traces.length, at + tracesOfPass)} of ${traces.length} traces again`);
  }
}

async function settleLarge(doctor: Doctor, trace: SizedTrace, untilMs: number): Promise<void> {
  const { db, book, passes } = doctor;
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline;) {
    const outcome = await settleLargeTrace(trace, { db, book, passes, shard, horizon: { untilMs } });
    if (outcome.status !== 'lost') return;
  }
  throw new Error(`trace ${trace.traceId} could not be settled: another settler was always first`);
}

async function writePass(
  doctor: Doctor,
  options: { traces: readonly SizedTrace[]; gone: readonly TraceToRepair[]; wishes: readonly TraceToRepair[] },
): Promise<void> {
  const { db, book, passes } = doctor;
  const { traces, gone, wishes } = options;
  if (traces.length === 0 && gone.length === 0) return;
  const wishOf = new Map(wishes.map((wish) => [placeKey(wish), wish]));
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline;) {
    const lastPass = await readLastPass(db, shard);
    const horizon = { untilMs: await readClock(db) };
    const read = await readBatch(db, { traces, horizon });
    const decided = decideBatch(read.traces, book).map((trace) => withWishes(trace, wishOf.get(placeKey(trace))));
    const days = [...decided, ...gone.map(({ days: found = [], ...trace }) => ({ ...trace, days: found }))];
    const wanted = decided.flatMap(({ entries }): LedgerEntry[] => [...entries.values()]);
    const outcome = await passes.writeSlice(
      { traces: days, wanted, slice: wholeTraces, summarized: decided },
      lastPass,
    );
    if (outcome.status !== 'lost') return;
  }
  throw new Error(`a repair of ${traces.length} traces could not be written: another settler was always first`);
}

function withWishes(trace: DecidedTrace, wish: TraceToRepair | undefined): DecidedTrace {
  if (wish === undefined) return trace;
  const days = [...new Set([...trace.days, ...(wish.days ?? [])])].sort((a, b) => a - b);
  const { place } = trace;
  const sessions = [...new Set([...(place?.sessions ?? []), ...(wish.sessions ?? [])])];
  // Without a place of its own it has none to compare with: what is named here is written as its place.
  const looked: TracePlace | undefined =
    sessions.length === 0
      ? place
      : { ...(place ?? { firstMs: Number.MAX_SAFE_INTEGER, lastMs: 0, days: [] }), sessions };
  return { ...trace, days, place: looked };
}

/**
 * Takes a number of a pass that books nothing, after the last one and after `atLeast`: what is written under it wins over what
 * was. A number whose pass is gone, or is just being written by a rival, is skipped.
 */
export async function takePass({ db, writer, owner }: Doctor, atLeast = 0): Promise<number> {
  const first = Math.max(await readLastPass(db, shard), atLeast) + 1;
  for (let pass = first; pass < first + numbersMax; pass += 1) {
    const stamp = { shard, pass, owner: `${owner}/marker-${pass}` };
    await writer.writePass(stamp, []);
    if ((await countPassRows(db, stamp)) === 1) return pass;
  }
  throw new Error(`none of the numbers from ${first} could be had for a pass`);
}
