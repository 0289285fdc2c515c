import type { DatabaseSync } from 'node:sqlite';

/** What a file of one kind holds. Another version is another shape. */
export interface SqliteSchema {
  version: number;
  tables: string;
  /** What brings a file of version 1 to 2, of 2 to 3, and so on. */
  upgrades?: readonly string[] | undefined;
}

/**
 * `key` is a row's own number; ids of sessions and turns come from outside. JSON is kept as it was given. Entries are rows of
 * their own, so that a long turn is never written anew.
 */
const sessionTables = `
CREATE TABLE sessions (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  agent TEXT NOT NULL,
  json TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  ttl_ms INTEGER NOT NULL DEFAULT 0,
  last_turn INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  lease_turn INTEGER,
  lease_owner TEXT,
  lease_until_ms INTEGER NOT NULL DEFAULT 0,
  paused TEXT
);
CREATE INDEX sessions_created ON sessions (created_ms);
CREATE INDEX sessions_agent ON sessions (agent, created_ms);
CREATE INDEX sessions_expires ON sessions (expires_ms);
CREATE INDEX sessions_paused ON sessions (key) WHERE paused IS NOT NULL;

CREATE TABLE turns (
  key INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions (key) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  id TEXT NOT NULL,
  state TEXT NOT NULL,
  accepted_ms INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms INTEGER,
  idempotency_key TEXT,
  content_hash TEXT NOT NULL,
  input TEXT NOT NULL,
  result TEXT,
  claims INTEGER NOT NULL DEFAULT 0,
  asked TEXT,
  ended_by INTEGER,
  UNIQUE (session, number),
  UNIQUE (session, id),
  UNIQUE (session, idempotency_key)
);
CREATE INDEX turns_open ON turns (session, number) WHERE ended_ms IS NULL;

CREATE TABLE entries (
  turn INTEGER NOT NULL REFERENCES turns (key) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  json TEXT NOT NULL,
  UNIQUE (turn, position)
);

CREATE TABLE unexported (
  turn INTEGER PRIMARY KEY REFERENCES turns (key) ON DELETE CASCADE,
  session INTEGER NOT NULL,
  ended_ms INTEGER NOT NULL
);
CREATE INDEX unexported_ended ON unexported (ended_ms);
CREATE INDEX unexported_session ON unexported (session);

CREATE TABLE places (
  agent TEXT NOT NULL,
  session TEXT NOT NULL,
  until_ms INTEGER NOT NULL,
  PRIMARY KEY (agent, session)
) WITHOUT ROWID;

CREATE TABLE rates (agent TEXT PRIMARY KEY, buckets TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE calls (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, json TEXT NOT NULL);

CREATE TABLE revisions (
  key INTEGER PRIMARY KEY,
  agent TEXT NOT NULL,
  revision TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,
  definition TEXT NOT NULL,
  registered_ms INTEGER NOT NULL
);
CREATE INDEX revisions_agent ON revisions (agent, key);

CREATE TABLE deployments (
  key INTEGER PRIMARY KEY,
  agent TEXT NOT NULL,
  revision TEXT NOT NULL,
  previous TEXT,
  deployed_ms INTEGER NOT NULL
);
CREATE INDEX deployments_agent ON deployments (agent, key);
`;

const pausing = `
ALTER TABLE sessions ADD COLUMN paused TEXT;
CREATE INDEX sessions_paused ON sessions (key) WHERE paused IS NOT NULL;
`;

const counting = `
CREATE TABLE rates (agent TEXT PRIMARY KEY, buckets TEXT NOT NULL) WITHOUT ROWID;
`;

export const sessionSchema: SqliteSchema = { version: 3, tables: sessionTables, upgrades: [pausing, counting] };

/** Creates the tables in a new file, changes those of an older one; several processes may do so at once. Throws where a newer program wrote the file. */
export function prepareSchema(db: DatabaseSync, { version, tables, upgrades = [] }: SqliteSchema): void {
  if (readVersion(db) === version) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    const found = readVersion(db);
    if (found > version) throw new Error(`is of version ${found}, this program knows ${version}`);
    const needed = found === 0 ? tables : upgrades.slice(found - 1).join('');
    if (found < version) db.exec(`${needed} PRAGMA user_version = ${version}`);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

function readVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}
