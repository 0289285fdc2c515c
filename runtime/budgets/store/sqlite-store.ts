import { SqliteDatabase } from '../../sessions/sqlite-database.ts';
import { listLimit, sweepRounds } from './kept.ts';
import { usdOf } from './nano-usd.ts';
import { dropAccounts, forgetIdle, reconcileAccounts } from './sqlite-accounts.ts';
import { lookAtDue, settleCall } from './sqlite-calls.ts';
import { reserveCall } from './sqlite-reserve.ts';
import { budgetSchema } from './sqlite-schema.ts';
import type { BudgetStore, KeptAccount, PendingCall } from './store.ts';

/**
 * Budgets in one SQLite file: for one machine. Several processes may open it at once. Times go by this machine's clock. Throws what
 * SQLite says when the file cannot be opened.
 */
export function openSqliteBudgets(path: string): BudgetStore {
  const db = new SqliteDatabase(path, budgetSchema);
  return {
    reserve: async (hold) => db.write(() => reserveCall(db, hold)),
    settle: async (project, callId, settlement) => {
      await db.write(() => {
        settleCall(db, { project, callId, settlement });
      });
    },
    release: async (project, callId) => {
      await db.write(() => {
        settleCall(db, { project, callId, settlement: undefined });
      });
    },
    reconcile: async (project, reconciliation) => {
      await db.write(() => {
        reconcileAccounts(db, project, reconciliation);
      });
    },
    noteRefusal: async (project, accounts) => {
      await db.write(() => {
        for (const { accountId, windowKey, amountUsd } of accounts)
          db.run(
            'UPDATE accounts SET refused_usd = ?, refused_ms = ? WHERE project = ? AND id = ? AND window_key = ?',
            ...[amountUsd, Date.now(), project, accountId, windowKey],
          );
      });
    },
    dropAccounts: async (project, gone) => {
      await db.write(() => {
        dropAccounts(db, project, gone);
      });
    },
    readAccounts: (project, limit) =>
      db.write(() => {
        lookAtDue(db, project);
        return readAccounts(db, project, limit);
      }),
    takePendingCalls: (project, limit) =>
      db.write(() => {
        lookAtDue(db, project);
        return takePendingCalls(db, project, limit);
      }),
    listProjects: () => db.read(() => listProjects(db)),
    sweep: async () => {
      for (const project of await db.read(() => listProjects(db))) await sweepProject(db, project);
    },
    ping: async () => {
      await db.read(() => db.get('SELECT count(*) FROM sqlite_schema'));
    },
    close: () => db.close(),
  };
}

function readAccounts(db: SqliteDatabase, project: string, limit: number): KeptAccount[] {
  const rows = db.all(
    `SELECT id, window_key, as_of_ms, refused_usd, refused_ms, CAST(spent AS TEXT) AS spent, CAST(pending AS TEXT) AS pending,
       CAST(reserved AS TEXT) AS reserved
     FROM accounts WHERE project = ? ORDER BY used_ms DESC LIMIT ?`,
    project,
    Math.min(limit, listLimit),
  );
  return rows.map((row) => ({
    accountId: String(row['id']),
    windowKey: String(row['window_key']),
    spentUsd: usdOf(String(row['spent'])),
    asOfMs: Number(row['as_of_ms']),
    pendingUsd: usdOf(String(row['pending'])),
    reservedUsd: usdOf(String(row['reserved'])),
    refused:
      row['refused_ms'] === null ? null : { amountUsd: String(row['refused_usd']), atMs: Number(row['refused_ms']) },
  }));
}

function takePendingCalls(db: SqliteDatabase, project: string, limit: number): PendingCall[] {
  const nowMs = Date.now();
  const rows = db.all(
    `SELECT key, id, trace_id, span_id, CAST(amount AS TEXT) AS amount FROM calls
     WHERE project = ? AND asked_ms IS NOT NULL ORDER BY asked_ms LIMIT ?`,
    project,
    Math.min(limit, listLimit),
  );
  return rows.map((row) => {
    const key = Number(row['key']);
    db.run('UPDATE calls SET asked_ms = ? WHERE key = ?', nowMs, key);
    const accounts = db.all(
      'SELECT id, window_key FROM holds JOIN accounts ON accounts.key = holds.account WHERE call = ?',
      key,
    );
    return {
      callId: String(row['id']),
      amountUsd: usdOf(String(row['amount'])),
      traceId: String(row['trace_id']),
      spanId: String(row['span_id']),
      accounts: accounts.map((account) => ({
        accountId: String(account['id']),
        windowKey: String(account['window_key']),
      })),
    };
  });
}

function listProjects(db: SqliteDatabase): string[] {
  return db.all('SELECT project FROM counts LIMIT ?', listLimit).map(({ project }) => String(project));
}

/** Step by step, so that no other call waits for all of it. */
async function sweepProject(db: SqliteDatabase, project: string): Promise<void> {
  for (let round = 0; round < sweepRounds; round += 1) {
    const seen = await db.write(() => lookAtDue(db, project) + forgetIdle(db, project, Date.now()));
    if (seen === 0) return;
  }
}
