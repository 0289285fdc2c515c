import { priceCall } from '../domain/prices/price-call.ts';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import { bookDecision, type LedgerEntry } from '../domain/settlement/booking.ts';
import { settleTraces } from '../domain/settlement/decide.ts';
import { duplicateWindowNs } from '../domain/settlement/duplicates.ts';
import type { Skeleton } from '../domain/settlement/skeleton.ts';
import type { TraceFacts } from '../domain/settlement/summaries.ts';
import type { GivenMessages } from '../domain/settlement/turns.ts';
import { splitForBinding } from '../queries/bound-lists.ts';
import type { Db } from '../queries/db.ts';
import { placeKey, type TracePlace } from '../queries/settlement-changes.ts';
import {
  type ArrivedEvents,
  type ArrivedSkeleton,
  readEvents,
  readSkeletons,
  readTracesWithCopies,
} from '../queries/settlement-skeletons.ts';
import {
  groupByArrival,
  type Horizon,
  type LocatedTrace,
  locateTraces,
  measureTraces,
  type TraceToSettle,
} from './locate.ts';

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

/** A copy of a call is looked for this long before the call: the window of duplicates and clocks that differ by a minute. */
const copyLeadMs = Number(duplicateWindowNs / 1_000_000n) + 60_000;
/** Calls that started longer ago are looked up apart, so that one late span does not widen the range of all. */
const lateCallMs = 60 * 60_000;
const copyRoundsMax = 4;
/** Traces that one round of looking for copies may add. */
const copyTracesMax = 2_000;
const dayNs = 86_400_000_000_000n;

/** Rows of traces that are not held whole; such a trace is settled by itself. */
export const largeTraceRows = 100_000;

export interface ReadBatch {
  traces: ReadTrace[];
  /** Traces too large for a batch that may hold copies of its calls: to be settled next. */
  largeCopies: LocatedTrace[];
}

/** Reads traces whole, and with them every trace that may hold a copy of one of their calls. */
export async function readBatch(
  db: Db,
  { traces, horizon }: { traces: readonly LocatedTrace[]; horizon: Horizon },
): Promise<ReadBatch> {
  const known = new Map<string, ReadTrace>();
  const largeCopies = new Map<string, LocatedTrace>();
  let open = [...traces];
  for (let round = 0; round <= copyRoundsMax && open.length > 0; round += 1) {
    const read = await readWhole(db, open, horizon);
    for (const trace of read) known.set(placeKey(trace), trace);
    if (round === copyRoundsMax) break;
    const { small, large } = await locateCopies(db, {
      calls: callsOf(read),
      horizon,
      isKnown: (key) => known.has(key),
    });
    for (const trace of large) largeCopies.set(placeKey(trace), trace);
    open = small;
  }
  return { traces: [...known.values()], largeCopies: [...largeCopies.values()] };
}

export function callsOf(traces: readonly ReadTrace[]): ArrivedSkeleton[] {
  return traces.flatMap(({ spans }) => spans.filter(({ span }) => span.usageScope !== ''));
}

/** Traces that may hold copies of the calls and are not known yet, by whether a batch can hold them. */
export async function locateCopies(
  db: Db,
  options: { calls: readonly ArrivedSkeleton[]; horizon: Horizon; isKnown: (key: string) => boolean },
): Promise<{ small: LocatedTrace[]; large: LocatedTrace[] }> {
  const copies = await findCopies(db, options.calls, options.horizon);
  const unknown = new Map(
    copies.filter((trace) => !options.isKnown(placeKey(trace))).map((trace) => [placeKey(trace), trace]),
  );
  if (unknown.size === 0) return { small: [], large: [] };
  const located = await locateTraces(db, [...unknown.values()], options.horizon);
  const sized = await measureTraces(db, located, options.horizon);
  return {
    small: sized.filter(({ rowCount }) => rowCount <= largeTraceRows),
    large: sized.filter(({ rowCount }) => rowCount > largeTraceRows),
  };
}

export async function readWhole(db: Db, traces: readonly LocatedTrace[], horizon: Horizon): Promise<ReadTrace[]> {
  const spans: ArrivedSkeleton[] = [];
  const events: ArrivedEvents[] = [];
  for (const group of groupByArrival(traces, horizon)) {
    const [groupSpans, groupEvents] = await Promise.all([readSkeletons(db, group), readEvents(db, group)]);
    for (const span of groupSpans) if (group.keys.has(keyOfSpan(span))) spans.push(span);
    for (const event of groupEvents) if (group.keys.has(placeKey(event))) events.push(event);
  }
  const spansOf = Map.groupBy(spans, keyOfSpan);
  const eventsOf = Map.groupBy(events, placeKey);
  return traces.flatMap(({ projectId, traceId, place }) => {
    const key = placeKey({ projectId, traceId });
    const ofTrace = spansOf.get(key);
    return ofTrace === undefined
      ? []
      : [{ projectId, traceId, spans: ofTrace, events: eventsOf.get(key) ?? [], place }];
  });
}

function keyOfSpan({ projectId, span }: ArrivedSkeleton): string {
  return placeKey({ projectId, traceId: span.traceId });
}

async function findCopies(db: Db, calls: readonly ArrivedSkeleton[], { untilMs }: Horizon): Promise<TraceToSettle[]> {
  const isLate = ({ span }: ArrivedSkeleton) => Number(span.startNs / 1_000_000n) < untilMs - lateCallMs;
  const found: TraceToSettle[] = [];
  for (const group of [calls.filter((call) => !isLate(call)), calls.filter(isLate)]) {
    const texts = ({ span, callKey }: ArrivedSkeleton) => [span.responseId, callKey, span.scopeName];
    for (const chunk of splitForBinding(group, texts)) {
      const firstStartNs = chunk.reduce((least, { span }) => (span.startNs < least ? span.startNs : least), 1n << 62n);
      const lastEndNs = chunk.reduce((most, { span }) => (span.endNs > most ? span.endNs : most), 0n);
      const sinceMs = Math.max(0, Number(firstStartNs / 1_000_000n) - copyLeadMs);
      const rows = await readTracesWithCopies(db, {
        projectIds: [...new Set(chunk.map(({ projectId }) => projectId))],
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

/** When and on which days a trace arrived, with what is known from before. */
export function arrivalOf({ spans, events, place }: ReadTrace): Pick<DecidedTrace, 'firstMs' | 'lastMs' | 'days'> {
  let firstMs = place?.firstMs ?? Number.MAX_SAFE_INTEGER;
  let lastMs = place?.lastMs ?? 0;
  const days = new Set(place?.days);
  for (const { span, arrivedMs } of spans) {
    firstMs = Math.min(firstMs, arrivedMs);
    lastMs = Math.max(lastMs, arrivedMs);
    days.add(Number(span.startNs / dayNs));
  }
  for (const event of events) {
    firstMs = Math.min(firstMs, event.firstMs);
    lastMs = Math.max(lastMs, event.lastMs);
  }
  return { firstMs, lastMs, days: [...days].sort((a, b) => a - b) };
}

export function factsOf({ spans, events }: ReadTrace): Pick<TraceFacts, 'given' | 'recorded' | 'lastIngestedMs'> {
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
