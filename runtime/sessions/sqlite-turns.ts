import { endUnstarted } from './kept.ts';
import type { Pause } from './pause.ts';
import type { Turn, TurnEnd } from './record.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { findSessionRow, findTurnBy, type SessionRow } from './sqlite-rows.ts';
import {
  type AcceptOptions,
  type Accepted,
  type Claim,
  type Held,
  type NewTurn,
  type SessionStore,
  StoreUnavailableError,
} from './store.ts';

type TurnMethods = Pick<
  SessionStore,
  'accept' | 'claim' | 'renew' | 'append' | 'finish' | 'release' | 'pause' | 'resume' | 'cancel'
>;

interface OpenTurn {
  key: number;
  number: number;
  state: 'waiting' | 'running';
}

/** What a claim holds: keys of its session and turn. */
interface HeldTurn {
  session: number;
  turn: number;
  asked: 'cancel' | 'supersede' | null;
}

/** Accepting, advancing and ending turns. */
export function sqliteTurns(db: SqliteDatabase): TurnMethods {
  return {
    accept: (sessionId, turn, options) => db.write(() => acceptTurn(db, { sessionId, turn, options })),
    claim: (sessionId, holder) => db.write(() => claimTurn(db, sessionId, holder)),
    renew: (claim, leaseMs) => db.write(() => renewLease(db, claim, leaseMs)),
    append: (claim, entries, at) => {
      const rows = entries.map((entry) => JSON.stringify(entry));
      return db.write(() => appendEntries(db, { claim, rows, at }));
    },
    finish: (claim, end) => db.write(() => finishTurn(db, claim, end)),
    release: (claim) =>
      db.write(() => {
        const held = findHeld(db, claim, Date.now());
        if (held !== undefined) dropLease(db, held.session);
      }),
    pause: (claim, pause) => db.write(() => pauseSession(db, claim, pause)),
    resume: (sessionId) =>
      db.write(() => db.run('UPDATE sessions SET paused = NULL WHERE id = ? AND paused IS NOT NULL', sessionId) > 0),
    cancel: (sessionId, turnId) => db.write(() => cancelTurns(db, sessionId, turnId)),
  };
}

function acceptTurn(
  db: SqliteDatabase,
  { sessionId, turn, options }: { sessionId: string; turn: NewTurn; options: AcceptOptions },
): Accepted {
  const nowMs = Date.now();
  const session = findSessionRow(db, sessionId, nowMs);
  if (session === undefined) return { status: 'not_found' };
  const known = findTurnBy(db, { sessionId, column: 'id', value: turn.id });
  if (known !== undefined) return { status: 'accepted', turn: known };
  if (turn.idempotencyKey !== null) {
    const same = findTurnBy(db, { sessionId, column: 'idempotency_key', value: turn.idempotencyKey });
    if (same !== undefined) {
      return same.contentHash === turn.contentHash ? { status: 'repeated', turn: same } : { status: 'key_reused' };
    }
  }
  if (options.afterTurn !== undefined && session.lastTurn > options.afterTurn) return { status: 'stale' };
  const refusal = makeRoom(db, { session, options, nowMs });
  if (refusal !== undefined) return { status: refusal };
  const number = session.lastTurn + 1;
  db.run(
    `INSERT INTO turns (session, number, id, state, accepted_ms, idempotency_key, content_hash, input)
     VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?)`,
    session.key,
    number,
    turn.id,
    nowMs,
    turn.idempotencyKey,
    turn.contentHash,
    JSON.stringify(turn.input),
  );
  db.run(
    'UPDATE sessions SET last_turn = ?, ttl_ms = ?, expires_ms = ? WHERE key = ?',
    number,
    options.ttlMs,
    nowMs + options.ttlMs,
    session.key,
  );
  const { id, idempotencyKey, contentHash, input } = turn;
  return {
    status: 'accepted',
    turn: {
      ...{ id, sessionId, number, state: 'waiting', acceptedMs: nowMs, startedMs: null, idempotencyKey, contentHash },
      ...{ input, entries: [], end: null, claims: 0 },
    },
  };
}

/** What the open turns of the session mean for a new one. */
function makeRoom(
  db: SqliteDatabase,
  { session, options, nowMs }: { session: SessionRow; options: AcceptOptions; nowMs: number },
): 'busy' | 'queue_full' | undefined {
  const open = listOpen(db, session.key);
  if (open.length === 0) return undefined;
  if (options.onBusy === 'reject') return 'busy';
  if (options.onBusy === 'queue') return open.length > options.queueLimit ? 'queue_full' : undefined;
  for (const turn of open) askFor(db, { session: session.key, turn, asked: 'supersede', nowMs });
  return undefined;
}

function claimTurn(
  db: SqliteDatabase,
  sessionId: string,
  { owner, leaseMs }: { owner: string; leaseMs: number },
): { claim: Claim; turn: Turn } | undefined {
  const nowMs = Date.now();
  const session = findSessionRow(db, sessionId, nowMs);
  if (session === undefined || session.leaseUntilMs > nowMs || session.paused !== null) return undefined;
  const [next] = listOpen(db, session.key);
  if (next === undefined) return undefined;
  // Larger than any fence of a session of this id that was deleted meanwhile.
  const fence = Math.max(session.fence + 1, nowMs * 1000);
  db.run(
    'UPDATE sessions SET fence = ?, lease_turn = ?, lease_owner = ?, lease_until_ms = ? WHERE key = ?',
    fence,
    next.key,
    owner,
    nowMs + leaseMs,
    session.key,
  );
  db.run(
    `UPDATE turns SET state = 'running', started_ms = coalesce(started_ms, ?), claims = claims + 1 WHERE key = ?`,
    nowMs,
    next.key,
  );
  const turn = findTurnBy(db, { sessionId, column: 'number', value: next.number });
  if (turn === undefined) throw new Error(`turn ${next.number} of session ${sessionId} is not readable`);
  return { claim: { sessionId, turnId: turn.id, owner, fence }, turn };
}

function renewLease(db: SqliteDatabase, claim: Claim, leaseMs: number): Held {
  const nowMs = Date.now();
  const held = findHeld(db, claim, nowMs);
  if (held === undefined) return 'lost';
  db.run('UPDATE sessions SET lease_until_ms = ? WHERE key = ?', nowMs + leaseMs, held.session);
  return held.asked ?? 'held';
}

function appendEntries(
  db: SqliteDatabase,
  { claim, rows, at }: { claim: Claim; rows: readonly string[]; at: number },
): boolean {
  const held = findHeld(db, claim, Date.now());
  if (held === undefined) return false;
  const count = Number(db.get('SELECT count(*) AS n FROM entries WHERE turn = ?', held.turn)?.['n']);
  if (at > count) throw new StoreUnavailableError(`entries ${count} to ${at - 1} of the turn are missing`);
  rows.forEach((json, index) => {
    const position = at + index;
    if (position >= count) {
      db.run('INSERT INTO entries (turn, position, json) VALUES (?, ?, ?)', held.turn, position, json);
      return;
    }
    const there = db.get('SELECT json FROM entries WHERE turn = ? AND position = ?', held.turn, position);
    if (there?.['json'] !== json)
      throw new Error(`entry ${position} of turn ${claim.turnId} is there with other content`);
  });
  return true;
}

function finishTurn(db: SqliteDatabase, claim: Claim, end: TurnEnd): boolean {
  const nowMs = Date.now();
  const held = findHeld(db, claim, nowMs);
  if (held === undefined) return hasEnded(db, claim);
  endTurn(db, { session: held.session, turn: held.turn, end, nowMs });
  db.run('UPDATE turns SET ended_by = ? WHERE key = ?', claim.fence, held.turn);
  dropLease(db, held.session);
  db.run('UPDATE sessions SET expires_ms = max(expires_ms, ? + ttl_ms) WHERE key = ?', nowMs, held.session);
  return true;
}

function pauseSession(db: SqliteDatabase, claim: Claim, pause: Pause): Held {
  const held = findHeld(db, claim, Date.now());
  if (held === undefined) return isPausedBy(db, claim) ? 'held' : 'lost';
  if (held.asked !== null) return held.asked;
  dropLease(db, held.session);
  db.run('UPDATE sessions SET paused = ? WHERE key = ?', JSON.stringify(pause), held.session);
  return 'held';
}

/** By this very claim, with a call that seemed to fail. */
function isPausedBy(db: SqliteDatabase, { sessionId, fence }: Claim): boolean {
  const row = db.get('SELECT 1 FROM sessions WHERE id = ? AND fence = ? AND paused IS NOT NULL', sessionId, fence);
  return row !== undefined;
}

/** The same. */
function hasEnded(db: SqliteDatabase, { sessionId, turnId, fence }: Claim): boolean {
  const row = db.get(
    'SELECT 1 FROM turns WHERE session = (SELECT key FROM sessions WHERE id = ?) AND id = ? AND ended_by = ?',
    sessionId,
    turnId,
    fence,
  );
  return row !== undefined;
}

function cancelTurns(db: SqliteDatabase, sessionId: string, turnId: string | undefined): number {
  const nowMs = Date.now();
  const session = findSessionRow(db, sessionId, nowMs);
  if (session === undefined) return 0;
  const chosen = listOpen(db, session.key).filter(({ id }) => turnId === undefined || id === turnId);
  for (const turn of chosen) askFor(db, { session: session.key, turn, asked: 'cancel', nowMs });
  return chosen.length;
}

function listOpen(db: SqliteDatabase, session: number): (OpenTurn & { id: string })[] {
  return db.all(
    'SELECT key, id, number, state FROM turns WHERE session = ? AND ended_ms IS NULL ORDER BY number',
    session,
  ) as unknown as (OpenTurn & { id: string })[];
}

function askFor(
  db: SqliteDatabase,
  options: { session: number; turn: OpenTurn; asked: 'cancel' | 'supersede'; nowMs: number },
): void {
  const { session, turn, asked, nowMs } = options;
  if (turn.state === 'waiting') {
    endTurn(db, { session, turn: turn.key, end: endUnstarted(asked, nowMs), nowMs });
  } else {
    // Who cancels is not overruled by who says something new.
    db.run(`UPDATE turns SET asked = ? WHERE key = ? AND asked IS NOT 'cancel'`, asked, turn.key);
    // Whoever goes on with it ends it.
    db.run('UPDATE sessions SET paused = NULL WHERE key = ?', session);
  }
}

function endTurn(
  db: SqliteDatabase,
  { session, turn, end, nowMs }: { session: number; turn: number; end: TurnEnd; nowMs: number },
): void {
  db.run(
    'UPDATE turns SET state = ?, result = ?, ended_ms = ? WHERE key = ?',
    end.state,
    JSON.stringify(end),
    nowMs,
    turn,
  );
  db.run('INSERT INTO unexported (turn, session, ended_ms) VALUES (?, ?, ?)', turn, session, nowMs);
}

function findHeld(db: SqliteDatabase, claim: Claim, nowMs: number): HeldTurn | undefined {
  return db.get(
    `SELECT sessions.key AS session, turns.key AS turn, asked FROM sessions JOIN turns ON turns.key = lease_turn
     WHERE sessions.id = ? AND fence = ? AND lease_owner = ? AND lease_until_ms > ? AND turns.id = ?`,
    claim.sessionId,
    claim.fence,
    claim.owner,
    nowMs,
    claim.turnId,
  ) as HeldTurn | undefined;
}

function dropLease(db: SqliteDatabase, session: number): void {
  db.run('UPDATE sessions SET lease_turn = NULL, lease_owner = NULL, lease_until_ms = 0 WHERE key = ?', session);
}
