import { randomUUID } from 'node:crypto';
import { AlertTicker, type TickOutcome } from '../../../server/alerts/ticker.ts';
import { tickAt } from '../../../server/alerts/tick-clock.ts';
import { Budgets } from '../../../server/budgets/budgets.ts';
import { AlertWriter } from '../../../server/queries/alert-writer.ts';
import { connectDb } from '../../../server/queries/db.ts';
import { RuntimeClient } from '../../../server/runtime-client.ts';
import { configurationOn } from '../../support/configuration.ts';
import type { TestDatabase } from '../../support/database.ts';

/** One server that looks at alert rules, at moments that the test names. Its tables are its own: ticks are of all projects. */
export function alertServer(
  database: TestDatabase,
  { owner = randomUUID(), runtimeUrl }: { owner?: string; runtimeUrl?: string } = {},
) {
  const db = connectDb({ ...database, queryTimeoutMs: 20_000 });
  const writer = new AlertWriter(database);
  const configuration = configurationOn(database);
  const warnings: string[] = [];
  let nowMs = 0;
  let verifiedToMs: number | undefined;
  const ticker = new AlertTicker({
    ...{ db, writer, owner },
    budgets: new Budgets({ configuration, runtime: new RuntimeClient(runtimeUrl, undefined) }),
    log: {
      info: () => undefined,
      warn: (fields, message) => void warnings.push(`${message}: ${JSON.stringify(fields)}`),
      error: () => undefined,
    },
    now: () => nowMs,
    monotonicMs: () => performance.now(),
    readVerifiedTo: () => Promise.resolve(verifiedToMs),
  });
  return {
    ...{ db, writer, configuration, warnings },
    /** Looks at the moment at which a window ends at `atMs`, with settlement so far behind. */
    tickAt: async (atMs: number, { lagMs = 35_000 }: { lagMs?: number } = {}): Promise<TickOutcome> => {
      nowMs = atMs + 5_000;
      verifiedToMs = nowMs - lagMs;
      if (tickAt(nowMs) * 30_000 !== atMs) throw new Error('ticks are whole half minutes');
      return ticker.tick();
    },
    close: () => Promise.all([db.close(), writer.close(), configuration.close()]),
  };
}
