import type { SqliteDatabase } from '../../sessions/sqlite-database.ts';
import { type CheckedAccount, type CheckedHold, checkHold } from './checked-hold.ts';
import { callLimit, longestCountMs, refuseFull } from './kept.ts';
import { usdOf } from './nano-usd.ts';
import { forgetSurplus, knowAccount } from './sqlite-accounts.ts';
import { lookAtDue } from './sqlite-calls.ts';
import type { Hold, Reservation } from './store.ts';

type KnownAccount = CheckedAccount & { key: number };

/** In a transaction: checks all accounts and reserves in all of them, or in none. */
export function reserveCall(db: SqliteDatabase, hold: Hold): Reservation {
  const { project, callId } = hold;
  const checked = checkHold(hold);
  if (checked.accounts.length === 0) return { granted: true };
  const nowMs = Date.now();
  lookAtDue(db, project);
  const known = db.get('SELECT key, state FROM calls WHERE project = ? AND id = ?', project, callId);
  if (known?.['state'] === 'settled') return { granted: true };
  if (known?.['state'] === 'reserved') {
    db.run('UPDATE calls SET due_ms = max(due_ms, ?) WHERE key = ?', nowMs + checked.holdMs, Number(known['key']));
    return { granted: true };
  }
  const accounts = checked.accounts.map((account) => ({
    ...account,
    key: knowAccount(db, { project, account, nowMs }),
  }));
  forgetSurplus(db, project, nowMs);
  const refusals = accounts.flatMap((account) => findRefusal(db, account, checked.amount));
  if (refusals.length > 0) return { granted: false, refusals };
  if (known === undefined && isFull(db, project)) {
    if (accounts.some(({ isStopping }) => isStopping)) throw refuseFull(project);
    return { granted: true };
  }
  keepCall(db, { project, callId, checked, accounts, nowMs });
  return { granted: true };
}

function findRefusal(
  db: SqliteDatabase,
  { key, accountId, limit, isStopping }: KnownAccount,
  amount: bigint,
): { accountId: string; remainingUsd: string }[] {
  if (!isStopping) return [];
  const row = db.get(
    `SELECT CAST(max(0, ? - spent - pending - reserved) AS TEXT) AS rest FROM accounts
     WHERE key = ? AND spent + pending + reserved + ? > ?`,
    limit,
    key,
    amount,
    limit,
  );
  return row === undefined ? [] : [{ accountId, remainingUsd: usdOf(String(row['rest'])) }];
}

function isFull(db: SqliteDatabase, project: string): boolean {
  return Number(db.get('SELECT calls FROM counts WHERE project = ?', project)?.['calls']) >= callLimit;
}

/** One whose reservation had run out is there already. */
function keepCall(
  db: SqliteDatabase,
  options: { project: string; callId: string; checked: CheckedHold; accounts: readonly KnownAccount[]; nowMs: number },
): void {
  const { project, callId, checked, accounts, nowMs } = options;
  db.run('DELETE FROM calls WHERE project = ? AND id = ?', project, callId);
  const row = db.get(
    `INSERT INTO calls (project, id, state, amount, due_ms) VALUES (?, ?, 'reserved', ?, ?) RETURNING key`,
    project,
    callId,
    checked.amount,
    nowMs + checked.holdMs,
  );
  const call = Number(row?.['key']);
  const longestMs = nowMs + longestCountMs;
  for (const { key, untilMs } of accounts) {
    const until = Math.min(untilMs ?? longestMs, longestMs);
    db.run('INSERT INTO holds (call, account, until_ms) VALUES (?, ?, ?)', call, key, until);
    db.run('UPDATE accounts SET reserved = reserved + ? WHERE key = ?', checked.amount, key);
  }
}
