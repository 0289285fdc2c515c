import type { SessionRow, SessionTraceRow, TracePlaceRow, TraceRow } from '../../migrations/schema.ts';
import { summarizeSession, summarizeSessionTraces, summarizeTrace } from '../domain/settlement/summaries.ts';
import type { Db } from '../queries/db.ts';
import { placeKey } from '../queries/settlement-changes.ts';
import {
  readSessionDigests,
  readSessionParts,
  readTraceDigests,
  type SessionKey,
  sessionKey,
  type StoredPart,
  type StoredSummary,
} from '../queries/settlement-summaries.ts';
import type { DecidedTrace } from './batch.ts';
import { placeSlackMs } from './locate.ts';
import { withPartDigest, withSessionDigest, withTraceDigest } from './stamp.ts';

/** Summaries that differ from what is stored, without the number of the pass that will write them. */
export interface SummaryChanges {
  /** Not versioned: a place only grows. */
  places: TracePlaceRow[];
  sessionTraces: SessionTraceRow[];
  traces: TraceRow[];
  sessions: SessionRow[];
}

const dayNs = 86_400_000_000_000n;
const dayOf = (timeNs: bigint) => Number(timeNs / dayNs);

/** What the traces themselves add up to, whatever is stored. */
export interface Summarized {
  traces: readonly DecidedTrace[];
  rows: TraceRow[];
  /** What each adds to its sessions, by `placeKey`. */
  parts: Map<string, SessionTraceRow[]>;
}

/** The part of `findSummaryChanges` that needs no database. */
export function summarizeTraces(traces: readonly DecidedTrace[]): Summarized {
  return {
    traces,
    rows: traces.map((trace) => withTraceDigest(summarizeTrace(trace))),
    parts: new Map(traces.map((trace) => [placeKey(trace), summarizeSessionTraces(trace).map(withPartDigest)])),
  };
}

/** What of the summaries of these traces, and of every session they are or were part of, has to be written. */
export async function findSummaryChanges(db: Db, { traces, rows, parts }: Summarized): Promise<SummaryChanges> {
  const touched = sessionsOf(traces, parts);
  const [traceDigests, storedParts] = await Promise.all([
    readTraceDigests(db, traces),
    readSessionParts(db, [...touched.values()]),
  ]);
  const changed: SummaryChanges = { places: [], sessionTraces: [], traces: [], sessions: [] };
  for (const [at, trace] of traces.entries()) {
    const key = placeKey(trace);
    const row = rows[at];
    if (row !== undefined) changed.traces.push(...diffRows(row, traceDigests.get(key) ?? []));
    const place = placeRow(trace, parts.get(key) ?? []);
    if (place !== undefined) changed.places.push(place);
  }
  const after = new Map<string, SessionTraceRow[]>();
  for (const [key, stored] of joinParts(traces, { parts, storedParts })) {
    after.set(key, stored.rows);
    changed.sessionTraces.push(...stored.changed);
  }
  changed.sessions.push(...(await diffSessions(db, touched, { after, storedParts })));
  return changed;
}

/** True where nothing needs a pass. */
export function isEmpty({ sessionTraces, traces, sessions }: SummaryChanges): boolean {
  return sessionTraces.length + traces.length + sessions.length === 0;
}

function sessionsOf(
  traces: readonly DecidedTrace[],
  parts: ReadonlyMap<string, readonly SessionTraceRow[]>,
): Map<string, SessionKey> {
  const touched = new Map<string, SessionKey>();
  for (const trace of traces) {
    const now = (parts.get(placeKey(trace)) ?? []).map(({ session_id: id }) => id);
    for (const sessionId of [...now, ...(trace.place?.sessions ?? [])]) {
      const key = { projectId: trace.projectId, sessionId };
      touched.set(sessionKey(key), key);
    }
  }
  return touched;
}

/** The rows of each session after this pass, and those of them that have to be written. */
function joinParts(
  traces: readonly DecidedTrace[],
  { parts, storedParts }: { parts: Map<string, SessionTraceRow[]>; storedParts: Map<string, StoredPart[]> },
): Map<string, { rows: SessionTraceRow[]; changed: SessionTraceRow[] }> {
  const joined = new Map<string, { rows: SessionTraceRow[]; changed: SessionTraceRow[] }>();
  const settled = new Set(traces.map(placeKey));
  const wanted = Map.groupBy([...parts.values()].flat(), (row) =>
    sessionKey({ projectId: row.project_id, sessionId: row.session_id }),
  );
  for (const key of new Set([...wanted.keys(), ...storedParts.keys()])) {
    const rows = [...(wanted.get(key) ?? [])];
    const stored = storedParts.get(key) ?? [];
    const digests = new Map(stored.map(({ traceId, digest }) => [traceId, digest]));
    const changed = rows.filter((row) => digests.get(Buffer.from(row.trace_id).toString('hex')) !== row.digest);
    const present = new Set(rows.map((row) => Buffer.from(row.trace_id).toString('hex')));
    for (const { part, traceId, digest } of stored) {
      if (present.has(traceId)) continue;
      const row: SessionTraceRow = { ...part, digest, pass: 0n, is_deleted: 0 };
      if (settled.has(placeKey({ projectId: part.project_id, traceId }))) changed.push({ ...row, is_deleted: 1 });
      else rows.push(row);
    }
    joined.set(key, { rows, changed });
  }
  return joined;
}

async function diffSessions(
  db: Db,
  touched: ReadonlyMap<string, SessionKey>,
  { after, storedParts }: { after: Map<string, SessionTraceRow[]>; storedParts: Map<string, StoredPart[]> },
): Promise<SessionRow[]> {
  const days = [...touched].map(([key, session]) => ({
    ...session,
    days: [
      ...new Set([
        ...(after.get(key) ?? []).map((row) => dayOf(row.start_time)),
        ...(storedParts.get(key) ?? []).map(({ part }) => dayOf(part.start_time)),
      ]),
    ],
  }));
  const digests = await readSessionDigests(db, days);
  return days.flatMap((session) => {
    const key = sessionKey(session);
    const summary = summarizeSession(after.get(key) ?? []);
    const stored = digests.get(key) ?? [];
    if (summary !== undefined) return diffRows(withSessionDigest(summary), stored);
    const [last] = storedParts.get(key) ?? [];
    const emptied = last === undefined ? undefined : summarizeSession([last.part]);
    if (emptied === undefined) return [];
    return stored.map(({ startNs }) => ({ ...withSessionDigest(emptied), start_time: startNs, is_deleted: 1 }));
  });
}

/** The row if it is not stored as it is, and the end of every row under another day. */
function diffRows<Summary extends { start_time: bigint; digest: bigint; is_deleted: number }>(
  row: Summary,
  stored: readonly StoredSummary[],
): Summary[] {
  const day = dayOf(row.start_time);
  const moved = stored.filter(({ startNs }) => dayOf(startNs) !== day);
  const isStored = stored.some(({ startNs, digest }) => dayOf(startNs) === day && digest === row.digest);
  return [...(isStored ? [] : [row]), ...moved.map(({ startNs }) => ({ ...row, start_time: startNs, is_deleted: 1 }))];
}

/** Where the trace lies, if that is more than what is stored. A session it left stays named. */
function placeRow(trace: DecidedTrace, parts: readonly SessionTraceRow[]): TracePlaceRow | undefined {
  const { place } = trace;
  const sessions = [...new Set([...parts.map(({ session_id: id }) => id), ...(place?.sessions ?? [])])].sort();
  const isStored =
    place !== undefined &&
    place.firstMs <= trace.firstMs &&
    place.lastMs + placeSlackMs > trace.lastMs &&
    place.days.length === trace.days.length &&
    place.sessions.length === sessions.length;
  if (isStored) return undefined;
  return {
    trace_id: Buffer.from(trace.traceId, 'hex'),
    project_id: trace.projectId,
    first_ingested_at: BigInt(trace.firstMs),
    last_ingested_at: BigInt(trace.lastMs),
    days: trace.days,
    sessions,
  };
}
