import type { Db } from '../queries/db.ts';
import { readFirstArrivals } from '../queries/doctor-places.ts';
import { placeKey, readClock } from '../queries/settlement-changes.ts';
import { largeTraceRows } from './batch.ts';
import { type Horizon, locateTraces, measureTraces, type SizedTrace } from './locate.ts';

/** Rows of the traces of one pass. */
const rowsOfPass = 40_000;

/** Traces with all that ever arrived of them, wherever that lies; one of which nothing is left is missing. */
export async function measureWholeTraces(
  db: Db,
  traces: readonly { projectId: string; traceId: string }[],
): Promise<{ sized: SizedTrace[]; horizon: Horizon }> {
  const horizon = { untilMs: await readClock(db) };
  const wanted = new Set(traces.map(placeKey));
  const arrivals = await readFirstArrivals(db, [...new Set(traces.map(({ traceId }) => traceId))]);
  const since = arrivals
    .filter((trace) => wanted.has(placeKey(trace)))
    .map(({ firstMs, ...trace }) => ({ ...trace, sinceMs: firstMs }));
  return { sized: await measureTraces(db, await locateTraces(db, since, horizon), horizon), horizon };
}

/** Groups that fit into a pass; a trace too large for any is a group by itself. */
export function batchTraces(traces: readonly SizedTrace[]): SizedTrace[][] {
  const batches: SizedTrace[][] = [];
  let rows = 0;
  for (const trace of traces) {
    const open = batches.at(-1);
    if (open === undefined || rows + trace.rowCount > rowsOfPass) {
      batches.push([trace]);
      rows = trace.rowCount;
    } else {
      open.push(trace);
      rows += trace.rowCount;
    }
  }
  return batches;
}

/** The one trace of a batch that is too large to be held whole. */
export function findLargeTrace(batch: readonly SizedTrace[]): SizedTrace | undefined {
  const [only] = batch;
  return batch.length === 1 && only !== undefined && only.rowCount > largeTraceRows ? only : undefined;
}
