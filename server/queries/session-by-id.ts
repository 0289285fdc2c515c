import { ApiError } from '../contract/errors.ts';
import type { SessionReply } from '../contract/sessions.ts';
import { joinTurns, type SessionTurn } from '../domain/settlement/turns.ts';
import { fitTurns, positionAfter, turnsAfter } from '../domain/turn-page.ts';
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts';
import type { Db } from './db.ts';
import { findSessionSummary } from './session-summaries.ts';
import { readSessionTraces, sessionTracesMax } from './session-traces.ts';
import { pageLimits, readTurns } from './session-turns.ts';

const cursorSort = 'session';

export interface SessionRequest {
  projectId: string;
  sessionId: string;
  limit: number;
  cursor?: string | undefined;
}

/** A session's summary and a page of its turns in order. Throws `session_not_found`. */
export async function getSession(
  db: Db,
  request: SessionRequest,
  limits: { spansMax: number; tracesMax: number } = pageLimits,
): Promise<SessionReply> {
  const { projectId, sessionId, limit } = request;
  const cursor =
    request.cursor === undefined ? undefined : decodeCursor(request.cursor, { sort: cursorSort, idLength: 32 });
  const [session, traces] = await Promise.all([findSessionSummary(db, request), readSessionTraces(db, request)]);
  if (session === undefined) {
    throw new ApiError(
      'session_not_found',
      `project ${projectId} has no session ${sessionId}, or it is not settled yet`,
    );
  }
  const byId = new Map(traces.map((trace) => [trace.traceId, trace]));
  const turns = joinTurns(traces.flatMap((trace) => trace.turns));
  const rest = turnsAfter(turns, cursor && positionOf(cursor));
  const page = fitTurns(rest, (traceId) => byId.get(traceId)?.spanCount ?? 0, {
    limit,
    ...limits,
  });
  const leftOut = traces.length === sessionTracesMax ? Math.max(0, session.traceCount - traces.length) : 0;
  return {
    session,
    turns: await readTurns(db, { projectId, sessionId, traces: byId, turns, page, limits }),
    ...(leftOut > 0 ? { tracesLeftOut: leftOut } : {}),
    nextCursor: page.length < rest.length ? toCursor(page, turns) : null,
  };
}

function positionOf({ start, id, value }: Cursor) {
  return { startNs: BigInt(start), traceId: id, count: Number(value) };
}

function toCursor(page: readonly SessionTurn[], turns: readonly SessionTurn[]): string | null {
  const position = positionAfter(page, turns);
  if (position === undefined) return null;
  const { startNs, traceId, count } = position;
  return encodeCursor({
    sort: cursorSort,
    from: '0',
    to: '0',
    value: String(count),
    start: String(startNs),
    id: traceId,
  });
}
