import { priceCall } from '../domain/prices/price-call.ts';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import { bookDecision, type LedgerEntry } from '../domain/settlement/booking.ts';
import { settleTraces } from '../domain/settlement/decide.ts';
import { duplicateWindowNs } from '../domain/settlement/duplicates.ts';
import type { Skeleton } from '../domain/settlement/skeleton.ts';
import type { TraceFacts } from '../domain/settlement/summaries.ts';
import type { GivenMessages } from '../domain/settlement/turns.ts';
import type { Db } from '../queries/db.ts';
import { placeKey, readPlaces, type TracePlace } from '../queries/settlement-changes.ts';
import {
  type ArrivedEvents,
  type ArrivedSkeleton,
  readEvents,
  readSkeletons,
  readTracesWithCopies,
  type TraceArrivals,
} from '../queries/settlement-skeletons.ts';

/** A trace to be settled and what of its arrival is known. */
export interface TraceToSettle {
  projectId: string;
  traceId: string;
  /** Earliest arrival that may belong to it. */
  sinceMs: number;
}

/** A trace as it was read: every span once. */
export interface ReadTrace {
  projectId: string;
  traceId: string;
  spans: ArrivedSkeleton[];
  events: ArrivedEvents[];
  place: TracePlace | undefined;
}

export interface DecidedTrace extends TraceFacts {
  place: TracePlace | undefined;
  firstMs: number;
  lastMs: number;
  /** Days since 1970 on which any booked copy of a span starts. */
  days: number[];
}

/**
 * Up to when arrivals are looked at: now, or the end of the window where settlement works off a backlog; what came later is
 * in a later window.
 */
export interface Horizon {
  untilMs: number;
}

/** Traces that arrived within these minutes of the horizon are read by one range; others in groups that a bloom index finds. */
const nearMs = 10 * 60_000;
const farTracesChunk = 64;
/** A place is written again only when it is this much out of date. */
export const placeSlackMs = 60_000;
/** A copy of a call is looked for this long before the call: the window of duplicates and clocks that differ by a minute. */
const copyLeadMs = Number(duplicateWindowNs / 1_000_000n) + 60_000;
/** Calls that started longer ago are looked up apart, so that one late span does not widen the range of all. */
const lateCallMs = 60 * 60_000;
const copyRoundsMax = 4;
/** Traces that one round of looking for copies may add. */
const copyTracesMax = 2_000;
const copyIdsChunk = 4_000;
const dayNs = 86_400_000_000_000n;

/** Reads traces whole, and with them every trace that may hold a copy of one of their calls. */
export async function readBatch(
  db: Db,
  { traces, horizon }: { traces: readonly TraceToSettle[]; horizon: Horizon },
): Promise<ReadTrace[]> {
  const known = new Map<string, ReadTrace>();
  let open = [...traces];
  for (let round = 0; round <= copyRoundsMax && open.length > 0; round += 1) {
    const read = await readWhole(db, open, horizon);
    for (const trace of read) known.set(placeKey(trace), trace);
    if (round === copyRoundsMax) break;
    const copies = await findCopies(db, read, horizon);
    open = copies.filter((trace) => !known.has(placeKey(trace)));
  }
  return [...known.values()];
}

async function readWhole(db: Db, traces: readonly TraceToSettle[], horizon: Horizon): Promise<ReadTrace[]> {
  const places = await readPlaces(db, [...new Set(traces.map(({ traceId }) => traceId))]);
  const arrivals = traces.map((trace) => {
    const place = places.get(placeKey(trace));
    const untilMs = Math.max(horizon.untilMs, (place?.lastMs ?? 0) + placeSlackMs);
    return { traceId: trace.traceId, sinceMs: Math.min(trace.sinceMs, place?.firstMs ?? trace.sinceMs), untilMs };
  });
  const groups = groupByAge(arrivals, horizon);
  const spans: ArrivedSkeleton[] = [];
  const events: ArrivedEvents[] = [];
  for (const group of groups) {
    const [groupSpans, groupEvents] = await Promise.all([readSkeletons(db, group), readEvents(db, group)]);
    for (const span of groupSpans) spans.push(span);
    for (const event of groupEvents) events.push(event);
  }
  const wanted = new Set(traces.map(placeKey));
  const spansOf = Map.groupBy(spans, ({ projectId, span }) => placeKey({ projectId, traceId: span.traceId }));
  const eventsOf = Map.groupBy(events, placeKey);
  return [...spansOf].flatMap(([key, ofTrace]) => {
    const [first] = ofTrace;
    if (first === undefined || !wanted.has(key)) return [];
    return [
      {
        projectId: first.projectId,
        traceId: first.span.traceId,
        spans: ofTrace,
        events: eventsOf.get(key) ?? [],
        place: places.get(key),
      },
    ];
  });
}

interface Arrival {
  traceId: string;
  sinceMs: number;
  untilMs: number;
}

function groupByAge(arrivals: readonly Arrival[], horizon: Horizon): TraceArrivals[] {
  const isNear = ({ sinceMs, untilMs }: Arrival) =>
    sinceMs >= horizon.untilMs - nearMs && untilMs <= horizon.untilMs + nearMs;
  const far = arrivals.filter((arrival) => !isNear(arrival)).sort((a, b) => a.sinceMs - b.sinceMs);
  const near = arrivals.filter(isNear);
  const groups: Arrival[][] = near.length === 0 ? [] : [near];
  for (let at = 0; at < far.length; at += farTracesChunk) groups.push(far.slice(at, at + farTracesChunk));
  return groups.map((group) => ({
    traceIds: [...new Set(group.map(({ traceId }) => traceId))],
    sinceMs: group.reduce((least, { sinceMs }) => Math.min(least, sinceMs), Number.MAX_SAFE_INTEGER),
    untilMs: group.reduce((most, { untilMs }) => Math.max(most, untilMs), 0),
  }));
}

async function findCopies(db: Db, traces: readonly ReadTrace[], { untilMs }: Horizon): Promise<TraceToSettle[]> {
  const calls = traces.flatMap(({ spans }) => spans.filter(({ span }) => span.usageScope !== ''));
  const isLate = ({ span }: ArrivedSkeleton) => Number(span.startNs / 1_000_000n) < untilMs - lateCallMs;
  const found: TraceToSettle[] = [];
  for (const group of [calls.filter((call) => !isLate(call)), calls.filter(isLate)]) {
    for (let at = 0; at < group.length; at += copyIdsChunk) {
      const chunk = group.slice(at, at + copyIdsChunk);
      const firstStartNs = chunk.reduce((least, { span }) => (span.startNs < least ? span.startNs : least), 1n << 62n);
      const lastEndNs = chunk.reduce((most, { span }) => (span.endNs > most ? span.endNs : most), 0n);
      const sinceMs = Math.max(0, Number(firstStartNs / 1_000_000n) - copyLeadMs);
      const rows = await readTracesWithCopies(db, {
        responseIds: [...new Set(chunk.flatMap(({ span }) => (span.responseId === '' ? [] : [span.responseId])))],
        calls: chunk.flatMap(({ callKey, span }) => (callKey === '0' ? [] : [{ callKey, scopeName: span.scopeName }])),
        firstStartNs: firstStartNs > duplicateWindowNs ? firstStartNs - duplicateWindowNs : 0n,
        lastEndNs: lastEndNs + duplicateWindowNs,
        sinceMs,
        untilMs,
        limit: copyTracesMax,
      });
      for (const row of rows) found.push({ ...row, sinceMs });
    }
  }
  return found;
}

/** Applies the rules to traces that were read whole. Pure but for the order of its output. */
export function decideBatch(traces: readonly ReadTrace[], book: PriceBook): DecidedTrace[] {
  const byProject = Map.groupBy(traces, ({ projectId }) => projectId);
  return [...byProject].flatMap(([projectId, ofProject]) => {
    const settled = settleTraces(
      new Map(ofProject.map(({ traceId, spans }) => [traceId, spans.map(({ span }) => span)])),
    );
    const decided = new Map(settled.map((trace) => [trace.traceId, trace]));
    return ofProject.flatMap((trace) => {
      const outcome = decided.get(trace.traceId);
      if (outcome === undefined) return [];
      const entries = new Map<Skeleton, LedgerEntry>(
        outcome.decisions.map((decision) => [
          decision.span,
          bookDecision(projectId, decision, (span) => priceCall(span, book)),
        ]),
      );
      return [{ ...factsOf(trace), ...outcome, projectId, entries, place: trace.place, ...arrivalOf(trace) }];
    });
  });
}

function arrivalOf({ spans, place }: ReadTrace): Pick<DecidedTrace, 'firstMs' | 'lastMs' | 'days'> {
  let firstMs = place?.firstMs ?? Number.MAX_SAFE_INTEGER;
  let lastMs = place?.lastMs ?? 0;
  const days = new Set(place?.days);
  for (const { span, arrivedMs } of spans) {
    firstMs = Math.min(firstMs, arrivedMs);
    lastMs = Math.max(lastMs, arrivedMs);
    days.add(Number(span.startNs / dayNs));
  }
  return { firstMs, lastMs, days: [...days].sort((a, b) => a - b) };
}

function factsOf({ spans, events }: ReadTrace): Pick<TraceFacts, 'given' | 'recorded' | 'lastIngestedMs'> {
  const bySpan = new Map(events.map((event) => [event.spanId, event]));
  const given = new Map<Skeleton, GivenMessages>();
  const recorded = new Map<Skeleton, { inputPreview: string; outputPreview: string }>();
  let lastIngestedMs = 0;
  for (const { span, given: own, arrivedMs } of spans) {
    lastIngestedMs = Math.max(lastIngestedMs, arrivedMs);
    const event = bySpan.get(span.spanId);
    if (event !== undefined) recorded.set(span, event);
    const messages = own.userMessageCount > 0 || event === undefined ? own : event.given;
    if (messages.userMessageCount > 0) given.set(span, messages);
  }
  return { given, recorded, lastIngestedMs };
}
