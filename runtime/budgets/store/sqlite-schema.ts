import type { SqliteSchema } from '../../sessions/sqlite-schema.ts';

/**
 * Amounts are nano-dollars. `reserved` and `pending` are the sums over the calls of an account and change in the transaction in
 * which these do. `due_ms`: when a call is to be looked at again. `counts`: counting a hundred thousand rows
 * with every reservation would take longer than the reservation.
 */
const budgetTables = `
CREATE TABLE accounts (
  key INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  id TEXT NOT NULL,
  window_key TEXT NOT NULL,
  spent INTEGER NOT NULL,
  as_of_ms REAL NOT NULL,
  reserved INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL DEFAULT 0,
  used_ms INTEGER NOT NULL,
  refused_usd TEXT,
  refused_ms INTEGER,
  UNIQUE (project, id, window_key)
);
CREATE INDEX accounts_used ON accounts (project, used_ms);

CREATE TABLE calls (
  key INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  id TEXT NOT NULL,
  state TEXT NOT NULL,
  amount INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  trace_id TEXT NOT NULL DEFAULT '',
  span_id TEXT NOT NULL DEFAULT '',
  asked_ms INTEGER,
  UNIQUE (project, id)
);
CREATE INDEX calls_due ON calls (project, due_ms);
CREATE INDEX calls_asked ON calls (project, asked_ms) WHERE asked_ms IS NOT NULL;

CREATE TABLE holds (
  call INTEGER NOT NULL REFERENCES calls (key) ON DELETE CASCADE,
  account INTEGER NOT NULL REFERENCES accounts (key),
  until_ms INTEGER NOT NULL,
  PRIMARY KEY (call, account)
) WITHOUT ROWID;
CREATE INDEX holds_account ON holds (account);

CREATE TABLE counts (
  project TEXT PRIMARY KEY,
  accounts INTEGER NOT NULL DEFAULT 0,
  calls INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TRIGGER account_kept AFTER INSERT ON accounts BEGIN
  INSERT INTO counts (project, accounts) VALUES (NEW.project, 1) ON CONFLICT (project) DO UPDATE SET accounts = accounts + 1;
END;
CREATE TRIGGER account_gone AFTER DELETE ON accounts BEGIN
  UPDATE counts SET accounts = accounts - 1 WHERE project = OLD.project;
  DELETE FROM counts WHERE project = OLD.project AND accounts = 0;
END;
CREATE TRIGGER call_kept AFTER INSERT ON calls BEGIN
  UPDATE counts SET calls = calls + 1 WHERE project = NEW.project;
END;
CREATE TRIGGER call_gone AFTER DELETE ON calls BEGIN
  UPDATE counts SET calls = calls - 1 WHERE project = OLD.project;
END;
`;

const refusing = `
ALTER TABLE accounts ADD COLUMN refused_usd TEXT;
ALTER TABLE accounts ADD COLUMN refused_ms INTEGER;
`;

export const budgetSchema: SqliteSchema = { version: 2, tables: budgetTables, upgrades: [refusing] };
