import { SqliteDatabase } from './sqlite-database.ts';
import { sqlitePlaces } from './sqlite-places.ts';
import { sqliteRates } from './sqlite-rates.ts';
import { sqliteRegistry } from './sqlite-registry.ts';
import { sessionSchema } from './sqlite-schema.ts';
import { sqliteOutbox, sqliteSessions } from './sqlite-sessions.ts';
import { sqliteTurns } from './sqlite-turns.ts';
import type { SessionStore } from './store.ts';

/**
 * Sessions in one SQLite file: for one machine. Several processes may open it at once. Leases and expiry go by this machine's
 * clock. Throws what SQLite says when the file cannot be opened.
 */
export function openSqliteStore(path: string): SessionStore {
  const db = new SqliteDatabase(path, sessionSchema);
  return {
    ...sqliteSessions(db),
    ...sqliteTurns(db),
    ...sqliteOutbox(db),
    ...sqlitePlaces(db),
    ...sqliteRates(db),
    ...sqliteRegistry(db),
    ping: async () => {
      await db.read(() => db.get('SELECT count(*) FROM sqlite_schema'));
    },
    close: () => db.close(),
  };
}
