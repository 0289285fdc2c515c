import type { SqliteDatabase } from './sqlite-database.ts';
import type { SessionStore } from './store.ts';

/** How many sessions of an agent run at a time. */
export function sqlitePlaces(db: SqliteDatabase): Pick<SessionStore, 'takePlace' | 'freePlace'> {
  return {
    takePlace: (agent, { sessionId, limit, leaseMs }) =>
      db.write(() => {
        const nowMs = Date.now();
        db.run('DELETE FROM places WHERE agent = ? AND until_ms <= ?', agent, nowMs);
        const others = db.get(
          'SELECT count(*) AS count FROM places WHERE agent = ? AND session <> ?',
          agent,
          sessionId,
        );
        if (Number(others?.['count']) >= limit) return false;
        db.run(
          'INSERT OR REPLACE INTO places (agent, session, until_ms) VALUES (?, ?, ?)',
          agent,
          sessionId,
          nowMs + leaseMs,
        );
        return true;
      }),
    freePlace: async (agent, sessionId) => {
      await db.write(() => db.run('DELETE FROM places WHERE agent = ? AND session = ?', agent, sessionId));
    },
  };
}
