import type { SessionRow, SessionTraceRow, SpanEventRow, TraceRow } from '../../../../../migrations/schema.ts';
import type { PriceBook } from '../../../../../server/domain/prices/unit-prices.ts';
import { diffLedger, type SignedEntry } from '../../../../../server/domain/settlement/booking.ts';
import {
  summarizeSession,
  summarizeSessionTraces,
  summarizeTrace,
  type Unstamped,
} from '../../../../../server/domain/settlement/summaries.ts';
import { duplicateWindowNs } from '../../../../../server/domain/settlement/duplicates.ts';
import type { ArrivedSkeleton } from '../../../../../server/queries/settlement-skeletons.ts';
import { decideBatch, type DecidedTrace, type ReadTrace } from '../../../../../server/settle/batch.ts';
import { type Arrival, readEvents, readSpan, traceIdOf } from './arrivals.ts';

/** What settlement would hold of one project, as plain values; what depends on the time of arrival is left out. */
export interface Outcome {
  /** In force; two entries of one span would both be there. */
  ledger: unknown[];
  traces: unknown[];
  sessionTraces: unknown[];
  sessions: unknown[];
}

/** Settlement of one project without a database: each batch is settled against what the batches before it booked. */
export class SimulatedSettlement {
  readonly #book: PriceBook;
  readonly #spans = new Map<string, Map<string, ArrivedSkeleton>>();
  readonly #events = new Map<string, SpanEventRow[]>();
  readonly #ledger: SignedEntry[] = [];
  readonly #traces = new Map<string, Unstamped<TraceRow>>();
  readonly #sessionTraces = new Map<string, Unstamped<SessionTraceRow>[]>();
  readonly #sessions = new Map<string, Unstamped<SessionRow>>();
  #nowMs = 1;

  constructor(book: PriceBook) {
    this.#book = book;
  }

  /** Settles what has changed with these arrivals; gives the rows that had to be booked. */
  settle(arrivals: readonly Arrival[]): SignedEntry[] {
    for (const arrival of arrivals) this.#receive(arrival);
    this.#nowMs += 1;
    return this.#settleTraces(new Set(arrivals.map(traceIdOf)));
  }

  /** Everything once more. */
  settleAgain(): SignedEntry[] {
    return this.#settleTraces(new Set(this.#spans.keys()));
  }

  outcome(): Outcome {
    const inForce = diffLedger(
      this.#ledger.map(({ entry, sign }) => ({ entry, sign: sign === 1 ? -1 : 1 })),
      [],
    );
    return {
      ledger: sorted(inForce),
      traces: sorted([...this.#traces.values()].map((row) => ({ ...row, last_ingested_at: 0n }))),
      sessionTraces: sorted([...this.#sessionTraces.values()].flat()),
      sessions: sorted([...this.#sessions.values()]),
    };
  }

  #receive(arrival: Arrival): void {
    const traceId = traceIdOf(arrival);
    if (arrival.kind === 'event') {
      this.#events.set(traceId, [...(this.#events.get(traceId) ?? []), arrival.row]);
      return;
    }
    const skeleton = readSpan(arrival.row, this.#nowMs);
    const ofTrace = this.#spans.get(traceId) ?? new Map<string, ArrivedSkeleton>();
    this.#spans.set(traceId, ofTrace.set(skeleton.span.spanId, skeleton));
  }

  #settleTraces(changed: ReadonlySet<string>): SignedEntry[] {
    const decided = decideBatch(
      this.#withCopies(changed).map((traceId) => this.#read(traceId)),
      this.#book,
    );
    const traceIds = new Set(decided.map(({ traceId }) => traceId));
    const difference = diffLedger(
      this.#ledger.filter(({ entry }) => traceIds.has(entry.traceId)),
      decided.flatMap(({ entries }) => [...entries.values()]),
    );
    this.#ledger.push(...difference);
    this.#summarize(decided);
    return difference;
  }

  #read(traceId: string): ReadTrace {
    const spans = [...(this.#spans.get(traceId)?.values() ?? [])];
    const events = readEvents(this.#events.get(traceId) ?? []);
    return { projectId: spans[0]?.projectId ?? '', traceId, spans, events, place: undefined };
  }

  /** The traces and, until no more are found, those that may hold a copy of one of their calls. */
  #withCopies(changed: ReadonlySet<string>): string[] {
    const known = new Set([...changed].filter((traceId) => this.#spans.has(traceId)));
    for (const traceId of known) {
      for (const other of this.#spans.keys()) {
        if (!known.has(other) && this.#mayShareCalls(traceId, other)) known.add(other);
      }
    }
    return [...known];
  }

  #mayShareCalls(one: string, other: string): boolean {
    const calls = (traceId: string) =>
      [...(this.#spans.get(traceId)?.values() ?? [])].filter(({ span }) => span.usageScope !== '');
    return calls(one).some((a) => calls(other).some((b) => mayBeCopies(a, b)));
  }

  #summarize(decided: readonly DecidedTrace[]): void {
    const touched = new Set<string>();
    for (const trace of decided) {
      this.#traces.set(trace.traceId, summarizeTrace(trace));
      const before = this.#sessionTraces.get(trace.traceId) ?? [];
      const parts = summarizeSessionTraces(trace);
      this.#sessionTraces.set(trace.traceId, parts);
      for (const { session_id: sessionId } of [...before, ...parts]) touched.add(sessionId);
    }
    const parts = Map.groupBy([...this.#sessionTraces.values()].flat(), ({ session_id: sessionId }) => sessionId);
    for (const sessionId of touched) {
      const session = summarizeSession(parts.get(sessionId) ?? []);
      if (session === undefined) this.#sessions.delete(sessionId);
      else this.#sessions.set(sessionId, session);
    }
  }
}

function mayBeCopies(a: ArrivedSkeleton, b: ArrivedSkeleton): boolean {
  const apartNs = a.span.startNs - b.span.startNs;
  if (apartNs > duplicateWindowNs || -apartNs > duplicateWindowNs) return false;
  if (a.span.responseId !== '' && a.span.responseId === b.span.responseId) return true;
  return a.callKey !== '0' && a.callKey === b.callKey && a.span.scopeName !== b.span.scopeName;
}

/** Rows as text, in order: equal states are equal lists. */
function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(row, plain)).sort();
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Map) return [...(value as Map<string, string>)].sort();
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}
