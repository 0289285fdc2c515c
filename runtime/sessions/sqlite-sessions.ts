import { callLimit, exportGraceMs, refuseCall } from './kept.ts';
import type { Pause } from './pause.ts';
import type { GatewayCall, Session } from './record.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { findSessionRow, findTurnBy, readSession, readTurns } from './sqlite-rows.ts';
import type { PausedSession, SessionStore } from './store.ts';

type SessionMethods = Pick<
  SessionStore,
  | 'createSession'
  | 'findSession'
  | 'listTurns'
  | 'findTurn'
  | 'listSessions'
  | 'deleteSession'
  | 'listAbandoned'
  | 'listPaused'
  | 'removeExpired'
>;
type OutboxMethods = Pick<SessionStore, 'listUnexported' | 'markExported' | 'keepCall' | 'listCalls' | 'removeCalls'>;

const hasOpenTurns = 'EXISTS (SELECT 1 FROM turns WHERE session = sessions.key AND ended_ms IS NULL)';

/** Sessions as a whole. */
export function sqliteSessions(db: SqliteDatabase): SessionMethods {
  return {
    createSession: (session) =>
      db.write(() => {
        insertSession(db, session);
      }),
    findSession: (sessionId, { evenExpired = false } = {}) =>
      db.read(() => {
        if (!evenExpired && findSessionRow(db, sessionId, Date.now()) === undefined) return undefined;
        const row = db.get('SELECT json, expires_ms AS expiresMs, paused FROM sessions WHERE id = ?', sessionId);
        return row && readSession(row);
      }),
    listTurns: (sessionId) => db.read(() => readTurns(db, sessionId)),
    findTurn: (sessionId, turnId) => db.read(() => findTurnBy(db, { sessionId, column: 'id', value: turnId })),
    listSessions: ({ agent, limit }) => db.read(() => listSessions(db, agent, limit)),
    deleteSession: (sessionId) => db.write(() => db.run('DELETE FROM sessions WHERE id = ?', sessionId) > 0),
    listAbandoned: (limit) => db.read(() => listAbandoned(db, limit)),
    listPaused: (limit) => db.read(() => listPaused(db, limit)),
    removeExpired: (limit) => db.write(() => removeExpired(db, limit)),
  };
}

/** What waits for the exporter of spans. */
export function sqliteOutbox(db: SqliteDatabase): OutboxMethods {
  return {
    listUnexported: (limit) =>
      db.read(
        () =>
          db.all(
            `SELECT sessions.id AS sessionId, turns.id AS turnId FROM unexported
             JOIN turns ON turns.key = unexported.turn JOIN sessions ON sessions.key = unexported.session
             ORDER BY unexported.ended_ms, unexported.turn LIMIT ?`,
            limit,
          ) as { sessionId: string; turnId: string }[],
      ),
    markExported: (turns) =>
      db.write(() => {
        for (const { sessionId, turnId } of turns) {
          db.run(
            `DELETE FROM unexported WHERE turn = (
               SELECT key FROM turns WHERE session = (SELECT key FROM sessions WHERE id = ?) AND id = ?)`,
            sessionId,
            turnId,
          );
        }
      }),
    keepCall: (call) =>
      db.write(() => {
        const isNew = db.run('INSERT OR IGNORE INTO calls (id, json) VALUES (?, ?)', call.id, JSON.stringify(call)) > 0;
        const count = Number(db.get('SELECT count(*) AS count FROM calls')?.['count']);
        if (isNew && count > callLimit) throw refuseCall(call); // and undoes it
      }),
    listCalls: (limit) =>
      db.read(() =>
        db
          .all('SELECT json FROM calls ORDER BY key LIMIT ?', limit)
          .map((row) => JSON.parse(row['json'] as string) as GatewayCall),
      ),
    removeCalls: (ids) =>
      db.write(() => {
        for (const id of ids) db.run('DELETE FROM calls WHERE id = ?', id);
      }),
  };
}

function insertSession(db: SqliteDatabase, session: Session): void {
  const { id, agent, createdMs, expiresMs } = session;
  const json = JSON.stringify(session);
  const there = db.get('SELECT json, last_turn AS lastTurn FROM sessions WHERE id = ?', id);
  if (there?.['json'] === json) return;
  if (there !== undefined) throw new Error(`session ${id} exists`);
  db.run(
    'INSERT INTO sessions (id, agent, json, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?)',
    id,
    agent,
    json,
    createdMs,
    expiresMs,
  );
}

function listSessions(db: SqliteDatabase, agent: string | undefined, limit: number): Session[] {
  const nowMs = Date.now();
  const columns = 'SELECT json, expires_ms AS expiresMs, paused FROM sessions';
  const isAlive = `(expires_ms > ? OR ${hasOpenTurns}) ORDER BY created_ms DESC, key DESC LIMIT ?`;
  const rows =
    agent === undefined
      ? db.all(`${columns} WHERE ${isAlive}`, nowMs, limit)
      : db.all(`${columns} WHERE agent = ? AND ${isAlive}`, agent, nowMs, limit);
  return rows.map(readSession);
}

function listAbandoned(db: SqliteDatabase, limit: number): string[] {
  // The partial index holds open turns only: as many as there is work.
  const rows = db.all(
    `SELECT id FROM sessions WHERE lease_until_ms <= ? AND paused IS NULL
     AND key IN (SELECT session FROM turns INDEXED BY turns_open WHERE ended_ms IS NULL) LIMIT ?`,
    Date.now(),
    limit,
  );
  return rows.map((row) => row['id'] as string);
}

function listPaused(db: SqliteDatabase, limit: number): PausedSession[] {
  const rows = db.all(
    `SELECT id, agent, paused, json_extract(json, '$.project') AS project FROM sessions INDEXED BY sessions_paused
     WHERE paused IS NOT NULL ORDER BY json_extract(paused, '$.sinceMs'), key LIMIT ?`,
    limit,
  ) as { id: string; agent: string; paused: string; project: string | null }[];
  return rows.map(({ id, agent, paused, project }) => ({
    sessionId: id,
    agent,
    project: project ?? undefined,
    pause: JSON.parse(paused) as Pause,
  }));
}

function removeExpired(db: SqliteDatabase, limit: number): number {
  const nowMs = Date.now();
  return db.run(
    `DELETE FROM sessions WHERE key IN (
       SELECT key FROM sessions WHERE expires_ms <= ? AND NOT ${hasOpenTurns}
       AND (expires_ms <= ? OR NOT EXISTS (SELECT 1 FROM unexported WHERE unexported.session = sessions.key)) LIMIT ?)`,
    nowMs,
    nowMs - exportGraceMs,
    limit,
  );
}
