import type { Pause } from './pause.ts';
import type { Entry, Session, Turn } from './record.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/** A session's row without its content. */
export interface SessionRow {
  key: number;
  lastTurn: number;
  fence: number;
  leaseUntilMs: number;
  /** JSON of what it waits for. */
  paused: string | null;
}

type TurnRow = Omit<Turn, 'input' | 'entries' | 'end' | 'sessionId'> & {
  key: number;
  input: string;
  result: string | null;
};

const turnColumns = `key, id, number, state, accepted_ms AS acceptedMs, started_ms AS startedMs,
  idempotency_key AS idempotencyKey, content_hash AS contentHash, input, result, claims`;

/** Sessions of `id = ?` at the time `?` that have not expired. */
export function findSessionRow(db: SqliteDatabase, sessionId: string, nowMs: number): SessionRow | undefined {
  return db.get(
    `SELECT key, last_turn AS lastTurn, fence, lease_until_ms AS leaseUntilMs, paused FROM sessions
     WHERE id = ? AND (expires_ms > ? OR EXISTS (SELECT 1 FROM turns WHERE session = sessions.key AND ended_ms IS NULL))`,
    sessionId,
    nowMs,
  ) as SessionRow | undefined;
}

/** As it was given, but for its expiry and what it waits for. */
export function readSession(row: Record<string, unknown>): Session {
  const paused = row['paused'] as string | null;
  return {
    ...(JSON.parse(row['json'] as string) as Session),
    expiresMs: row['expiresMs'] as number,
    ...(paused !== null && { paused: JSON.parse(paused) as Pause }),
  };
}

/** All turns of a session, oldest first. */
export function readTurns(db: SqliteDatabase, sessionId: string): Turn[] {
  const rows = db.all(
    `SELECT ${turnColumns} FROM turns WHERE session = (SELECT key FROM sessions WHERE id = ?) ORDER BY number`,
    sessionId,
  ) as unknown as TurnRow[];
  const entries = Map.groupBy(
    db.all(
      `SELECT turn, json FROM entries WHERE turn IN (
         SELECT key FROM turns WHERE session = (SELECT key FROM sessions WHERE id = ?)) ORDER BY turn, position`,
      sessionId,
    ) as unknown as { turn: number; json: string }[],
    ({ turn }) => turn,
  );
  return rows.map((row) => toTurn(sessionId, row, entries.get(row.key) ?? []));
}

/** One turn, by a column that is unique within its session. */
export function findTurnBy(
  db: SqliteDatabase,
  {
    sessionId,
    column,
    value,
  }: { sessionId: string; column: 'id' | 'number' | 'idempotency_key'; value: string | number },
): Turn | undefined {
  const row = db.get(
    `SELECT ${turnColumns} FROM turns WHERE session = (SELECT key FROM sessions WHERE id = ?) AND ${column} = ?`,
    sessionId,
    value,
  ) as unknown as TurnRow | undefined;
  if (row === undefined) return undefined;
  const entries = db.all('SELECT json FROM entries WHERE turn = ? ORDER BY position', row.key);
  return toTurn(sessionId, row, entries as { json: string }[]);
}

function toTurn(
  sessionId: string,
  { key: _, input, result, ...row }: TurnRow,
  entries: readonly { json: string }[],
): Turn {
  return {
    ...row,
    sessionId,
    input: JSON.parse(input) as Turn['input'],
    entries: entries.map(({ json }) => JSON.parse(json) as Entry),
    end: result === null ? null : (JSON.parse(result) as Turn['end']),
  };
}
