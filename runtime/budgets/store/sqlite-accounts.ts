import type { SqliteDatabase } from '../../sessions/sqlite-database.ts';
import type { CheckedAccount } from './checked-hold.ts';
import { accountLimit, clockDoubtMs, dueLimit, idleAccountMs } from './kept.ts';
import { nanoOfSum } from './nano-usd.ts';
import { dropHolds } from './sqlite-calls.ts';
import type { GoneAccounts, Reconciliation } from './store.ts';

/** Of the account, which is in use now; where it was not known it begins with what the ledger says. */
export function knowAccount(
  db: SqliteDatabase,
  { project, account, nowMs }: { project: string; account: CheckedAccount; nowMs: number },
): number {
  const { accountId, windowKey, spent, asOfMs } = account;
  const row = db.get(
    `INSERT INTO accounts (project, id, window_key, spent, as_of_ms, used_ms) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (project, id, window_key) DO UPDATE SET used_ms = excluded.used_ms RETURNING key`,
    project,
    accountId,
    windowKey,
    spent,
    asOfMs,
    nowMs,
  );
  return Number(row?.['key']);
}

/** In a transaction: sets what is newer, and takes off what it has in it. */
export function reconcileAccounts(db: SqliteDatabase, project: string, reconciliation: Reconciliation): void {
  const { asOfMs, accounts, bookedCallIds } = reconciliation;
  const nowMs = Date.now();
  const taken = new Set<number>();
  for (const { accountId, windowKey, spentUsd } of accounts) {
    const row = db.get(
      `INSERT INTO accounts (project, id, window_key, spent, as_of_ms, used_ms) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (project, id, window_key) DO UPDATE SET spent = excluded.spent, as_of_ms = excluded.as_of_ms
         WHERE excluded.as_of_ms > as_of_ms OR as_of_ms > ? RETURNING key`,
      project,
      accountId,
      windowKey,
      nanoOfSum(spentUsd),
      asOfMs,
      nowMs,
      nowMs + clockDoubtMs,
    );
    if (row !== undefined) taken.add(Number(row['key']));
  }
  dropCalls(db, { project, callIds: bookedCallIds, accounts: taken });
}

/** In a transaction. */
export function dropAccounts(db: SqliteDatabase, project: string, { accounts, callIds, idleMs }: GoneAccounts): void {
  const keys = new Set<number>();
  for (const { accountId, windowKey } of accounts) {
    const row = db.get(
      'SELECT key FROM accounts WHERE project = ? AND id = ? AND window_key = ? AND used_ms <= ?',
      project,
      accountId,
      windowKey,
      Date.now() - idleMs,
    );
    if (row !== undefined) keys.add(Number(row['key']));
  }
  dropCalls(db, { project, callIds, accounts: keys });
  for (const key of keys)
    db.run('DELETE FROM accounts WHERE key = ? AND NOT EXISTS (SELECT 1 FROM holds WHERE account = ?)', key, key);
}

function dropCalls(
  db: SqliteDatabase,
  { project, callIds, accounts }: { project: string; callIds: readonly string[]; accounts: ReadonlySet<number> },
): void {
  for (const callId of callIds) {
    const call = db.get(`SELECT key FROM calls WHERE project = ? AND id = ? AND state = 'settled'`, project, callId);
    if (call !== undefined) dropHolds(db, Number(call['key']), ({ account }) => accounts.has(account));
  }
}

/** Beyond the limit those go that were used longest ago; one that has a call is in use. */
export function forgetSurplus(db: SqliteDatabase, project: string, nowMs: number): void {
  const row = db.get('SELECT accounts FROM counts WHERE project = ?', project);
  const surplus = Number(row?.['accounts']) - accountLimit;
  if (surplus > 0) tidyAccounts(db, { project, untilMs: nowMs, limit: Math.min(surplus, dueLimit), nowMs });
}

/** How many were looked at. */
export function forgetIdle(db: SqliteDatabase, project: string, nowMs: number): number {
  return tidyAccounts(db, { project, untilMs: nowMs - idleAccountMs, limit: dueLimit, nowMs });
}

function tidyAccounts(
  db: SqliteDatabase,
  { project, untilMs, limit, nowMs }: { project: string; untilMs: number; limit: number; nowMs: number },
): number {
  const rows = db.all(
    `SELECT key, EXISTS (SELECT 1 FROM holds WHERE account = accounts.key) AS hasCalls FROM accounts
     WHERE project = ? AND used_ms <= ? ORDER BY used_ms LIMIT ?`,
    project,
    untilMs,
    limit,
  );
  for (const { key, hasCalls } of rows) {
    if (Number(hasCalls) === 1) db.run('UPDATE accounts SET used_ms = ? WHERE key = ?', nowMs, Number(key));
    else db.run('DELETE FROM accounts WHERE key = ?', Number(key));
  }
  return rows.length;
}
