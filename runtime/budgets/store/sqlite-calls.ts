import type { SqliteDatabase } from '../../sessions/sqlite-database.ts';
import { dueLimit, lateSettleMs } from './kept.ts';
import { nanoUp } from './nano-usd.ts';
import type { Settlement } from './store.ts';

/** In a transaction: looks at the calls of a project whose time has come; how many there were. */
export function lookAtDue(db: SqliteDatabase, project: string): number {
  const nowMs = Date.now();
  const due = db.all(
    'SELECT key, state FROM calls WHERE project = ? AND due_ms <= ? ORDER BY due_ms LIMIT ?',
    project,
    nowMs,
    dueLimit,
  );
  for (const row of due) {
    const key = Number(row['key']);
    if (row['state'] === 'expired') {
      forgetCall(db, key);
    } else if (row['state'] === 'reserved') {
      giveBack(db, key);
      db.run(`UPDATE calls SET state = 'expired', due_ms = ? WHERE key = ?`, nowMs + lateSettleMs, key);
    } else {
      dropHolds(db, key, ({ untilMs }) => untilMs <= nowMs);
    }
  }
  return due.length;
}

/** In a transaction. Without a settlement, and where it cost nothing, nothing is left of the call. */
export function settleCall(
  db: SqliteDatabase,
  { project, callId, settlement }: { project: string; callId: string; settlement: Settlement | undefined },
): void {
  const nowMs = Date.now();
  const amount = nanoUp(settlement?.amountUsd ?? '0');
  const call = db.get('SELECT key, state FROM calls WHERE project = ? AND id = ?', project, callId);
  if (call === undefined || call['state'] === 'settled') return;
  const key = Number(call['key']);
  if (call['state'] === 'reserved') giveBack(db, key);
  if (settlement === undefined || amount === 0n) {
    forgetCall(db, key);
    return;
  }
  db.run(
    `UPDATE calls SET state = 'settled', amount = ?, trace_id = ?, span_id = ?, asked_ms = ?,
       due_ms = (SELECT min(until_ms) FROM holds WHERE call = calls.key) WHERE key = ?`,
    amount,
    settlement.traceId,
    settlement.spanId,
    nowMs,
    key,
  );
  db.run(
    'UPDATE accounts SET pending = pending + ? WHERE key IN (SELECT account FROM holds WHERE call = ?)',
    amount,
    key,
  );
  dropHolds(db, key, ({ untilMs }) => untilMs <= nowMs);
}

/** Takes a settled call off some of its accounts; it is kept until it is off all of them. */
export function dropHolds(
  db: SqliteDatabase,
  call: number,
  isOver: (hold: { account: number; untilMs: number }) => boolean,
): void {
  const holds = db
    .all('SELECT account, until_ms FROM holds WHERE call = ?', call)
    .map((row) => ({ account: Number(row['account']), untilMs: Number(row['until_ms']) }));
  const over = holds.filter(isOver);
  for (const { account } of over) {
    db.run(
      'UPDATE accounts SET pending = pending - (SELECT amount FROM calls WHERE key = ?) WHERE key = ?',
      call,
      account,
    );
    db.run('DELETE FROM holds WHERE call = ? AND account = ?', call, account);
  }
  if (over.length === holds.length) {
    forgetCall(db, call);
  } else if (over.length > 0) {
    db.run('UPDATE calls SET due_ms = (SELECT min(until_ms) FROM holds WHERE call = calls.key) WHERE key = ?', call);
  }
}

function giveBack(db: SqliteDatabase, call: number): void {
  db.run(
    `UPDATE accounts SET reserved = reserved - (SELECT amount FROM calls WHERE key = ?)
     WHERE key IN (SELECT account FROM holds WHERE call = ?)`,
    call,
    call,
  );
}

/** Its holds go with it. */
function forgetCall(db: SqliteDatabase, call: number): void {
  db.run('DELETE FROM calls WHERE key = ?', call);
}
