import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { inject } from 'vitest';
import { migrate } from '../../migrations/migrate.ts';
import { startClickHouse } from '../../server/standalone/clickhouse.ts';
import { makeTempDir } from './temp-dir.ts';

/** The captures' dates and the load generator's must never expire in a test. */
export const keepForeverDays = 4000;

export interface TestDatabase {
  /** `http://user:password@127.0.0.1:PORT/sightglass` */
  url: string;
  /** Value of the header `x-sightglass-secret`; without it the port answers 404. */
  secret: string;
}

/** What `database-setup.ts` hands to the tests. */
declare module 'vitest' {
  interface ProvidedContext {
    database: TestDatabase;
  }
}

export interface OwnDatabase extends TestDatabase {
  dataDir: string;
  pid: number;
  stop(): Promise<void>;
}

/**
 * A real ClickHouse with all migrations applied, on a free port, with data of its own: for tests that
 * stop or kill it. Takes a second and 300 MB: tests that only read and write share one (`useDatabase`).
 */
export async function startDatabase(): Promise<OwnDatabase> {
  const dir = makeTempDir('database');
  const errors: string[] = [];
  const clickhouse = await startClickHouse({ dataDir: dir.path, log: (line) => errors.push(line) });
  const { url, secret, pid } = clickhouse;
  await migrate({ url, secret }, { retentionDays: keepForeverDays, contentDays: keepForeverDays });
  return {
    url,
    secret,
    pid,
    dataDir: dir.path,
    stop: async () => {
      await clickhouse.stop();
      dir.remove();
    },
  };
}

/** The run's shared database. Use a project of your own (`newProjectId`) in every test. */
export function useDatabase(): TestDatabase {
  return inject('database');
}

/** A name that no other test uses. */
export function newProjectId(): string {
  return `test-${randomUUID()}`;
}

/** The client as the programs make it; the test closes it. */
export function connectDatabase({ url, secret }: TestDatabase): ClickHouseClient {
  return createClient({ url, http_headers: { 'x-sightglass-secret': secret } });
}

/** Waits until nothing is merged any more: what has lain for days has been merged long ago. */
export async function waitForMerges(client: ClickHouseClient): Promise<void> {
  for (let idle = 0; idle < 3;) {
    await sleep(1_000);
    const answer = await client.query({
      query: 'SELECT count() AS merges FROM system.merges LIMIT 1',
      format: 'JSONEachRow',
    });
    const [row] = await answer.json<{ merges: string }>();
    idle = Number(row?.merges) === 0 ? idle + 1 : 0;
  }
}
