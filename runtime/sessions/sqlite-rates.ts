import { correctWindow, type RateBucket, takeOfWindow } from './rate-window.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { SessionStore } from './store.ts';

/** How much the model calls of an agent are in a minute. */
export function sqliteRates(db: SqliteDatabase): Pick<SessionStore, 'takeRate' | 'correctRate'> {
  const read = (agent: string) => {
    const row = db.get('SELECT buckets FROM rates WHERE agent = ?', agent);
    return row === undefined ? [] : (JSON.parse(String(row['buckets'])) as RateBucket[]);
  };
  const keep = (agent: string, buckets: readonly RateBucket[]) =>
    db.run('INSERT OR REPLACE INTO rates (agent, buckets) VALUES (?, ?)', agent, JSON.stringify(buckets));
  return {
    takeRate: (agent, wanted) =>
      db.write(() => {
        const { taken, buckets } = takeOfWindow(read(agent), { ...wanted, nowMs: Date.now() });
        if (taken.status === 'taken') keep(agent, buckets);
        return taken;
      }),
    correctRate: async (agent, correction) => {
      await db.write(() => keep(agent, correctWindow(read(agent), correction)));
    },
  };
}
