import { splitForBinding } from '../queries/bound-lists.ts';
import type { Db } from '../queries/db.ts';
import { placeKey, readPlaces, type TracePlace } from '../queries/settlement-changes.ts';
import { readTraceSizes, type TraceArrivals, type TraceSize } from '../queries/settlement-skeletons.ts';

/** A trace to be settled and since when arrivals may belong to it. */
export interface TraceToSettle {
  projectId: string;
  traceId: string;
  sinceMs: number;
}

/** A trace and when all of it arrived. */
export interface LocatedTrace extends TraceToSettle {
  untilMs: number;
  place: TracePlace | undefined;
}

export interface SizedTrace extends LocatedTrace {
  /** Spans and log records, copies included. */
  rowCount: number;
  /** Equal while nothing more arrives. */
  fingerprint: string;
}

/** Up to when arrivals are looked at: the present, also of traces in a window of the past. */
export interface Horizon {
  untilMs: number;
}

/** Traces that arrived within these minutes of the horizon are read by one range; others in groups that a bloom index finds. */
const nearMs = 10 * 60_000;
const farTracesChunk = 64;
/** A place is written again only when it is this much out of date. */
export const placeSlackMs = 60_000;

/** Where traces lie, from what settlement noted of them: without a place a trace has nothing from before `sinceMs`. */
export async function locateTraces(
  db: Db,
  traces: readonly TraceToSettle[],
  { untilMs }: Horizon,
): Promise<LocatedTrace[]> {
  if (traces.length === 0) return [];
  const places = await readPlaces(db, [...new Set(traces.map(({ traceId }) => traceId))]);
  return traces.map((trace) => {
    const place = places.get(placeKey(trace));
    return {
      ...trace,
      place,
      sinceMs: Math.min(trace.sinceMs, place?.firstMs ?? trace.sinceMs),
      untilMs: Math.max(untilMs, (place?.lastMs ?? 0) + placeSlackMs),
    };
  });
}

/** How many rows each has; a trace of which nothing arrived in its time is left out. */
export async function measureTraces(db: Db, traces: readonly LocatedTrace[], horizon: Horizon): Promise<SizedTrace[]> {
  const sizes = new Map<string, TraceSize>();
  for (const group of groupByArrival(traces, horizon)) {
    for (const size of await readTraceSizes(db, group)) {
      if (group.keys.has(placeKey(size))) sizes.set(placeKey(size), size);
    }
  }
  return traces.flatMap((trace) => {
    const size = sizes.get(placeKey(trace));
    return size === undefined ? [] : [{ ...trace, rowCount: size.rowCount, fingerprint: size.fingerprint }];
  });
}

export interface ArrivalGroup extends TraceArrivals {
  /** By `placeKey`, whose rows count: another project's trace of the same id may be in another group, whole only there. */
  keys: ReadonlySet<string>;
}

/** The ranges of arrival that hold all of the traces. */
export function groupByArrival(traces: readonly LocatedTrace[], horizon: Horizon): ArrivalGroup[] {
  const isNear = ({ sinceMs, untilMs }: LocatedTrace) =>
    sinceMs >= horizon.untilMs - nearMs && untilMs <= horizon.untilMs + nearMs;
  const far = traces.filter((trace) => !isNear(trace)).sort((a, b) => a.sinceMs - b.sinceMs);
  const groups = splitForBinding(traces.filter(isNear), ({ traceId }) => [traceId]);
  for (let at = 0; at < far.length; at += farTracesChunk) groups.push(far.slice(at, at + farTracesChunk));
  return groups.map((group) => ({
    keys: new Set(group.map(placeKey)),
    traceIds: [...new Set(group.map(({ traceId }) => traceId))],
    sinceMs: group.reduce((least, { sinceMs }) => Math.min(least, sinceMs), Number.MAX_SAFE_INTEGER),
    untilMs: group.reduce((most, { untilMs }) => Math.max(most, untilMs), 0),
  }));
}
