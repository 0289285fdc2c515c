import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from '../../migrations/migrate.ts';
import { DataLockedError } from './clickhouse-process.ts';
import { startClickHouse, type EmbeddedClickHouse } from './clickhouse.ts';
import type { StandaloneConfig } from './config.ts';
import { checkExternalClickHouse } from './external-clickhouse.ts';
import { keepRunning, type Kept } from './keep-running.ts';
import { printRow, type Print } from './print-row.ts';
import { StartError } from './start-error.ts';

/** How the programs reach the database. */
export interface Connection {
  url: string;
  secret?: string | undefined;
}

/** Some time for the ClickHouse of a Sightglass that was killed: it drains before it frees the folder. */
interface Patience {
  patienceMs: number;
  signal: AbortSignal;
}

const lockPollMs = 200;

/** Starts the embedded ClickHouse; a restart has the port and secrets of the first, so that the programs find it again. */
export async function keepClickHouse(
  dataDir: string,
  print: Print,
  patience: Patience,
): Promise<Kept<EmbeddedClickHouse>> {
  const log = (line: string) => print(`[clickhouse] ${line}`);
  const kept = await keepRunning<EmbeddedClickHouse>({
    name: 'ClickHouse',
    log: print,
    start: (previous) => {
      const again = previous && { port: previous.port, secret: previous.secret, password: previous.password };
      return waitForLock(() => startClickHouse({ dataDir, log, ...again }), patience);
    },
  });
  printRow(print, 'ClickHouse', `embedded ${kept.current().version}`);
  return kept;
}

async function waitForLock<T>(start: () => Promise<T>, { patienceMs, signal }: Patience): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof DataLockedError) || Date.now() >= deadline) throw error;
      await sleep(lockPollMs, undefined, { signal });
    }
  }
}

/** The ClickHouse that the configuration names, once it has answered. */
export async function connectExternal(
  config: StandaloneConfig & { clickhouseUrl: string },
  print: Print,
): Promise<Connection> {
  const { clickhouseUrl: url, clickhouseSecret: secret } = config;
  const { version, address } = await checkExternalClickHouse(url, secret);
  printRow(print, 'ClickHouse', `${version} at ${address}`);
  return { url, secret };
}

/** Applies the migrations that are missing and the retention; prints a line only when it applies one. */
export async function migrateDatabase(connection: Connection, config: StandaloneConfig, print: Print): Promise<void> {
  const { url, secret } = connection;
  const { applied } = await migrate({ url, secret }, config.retention).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`the database could not be brought up to date: ${reason}`);
  });
  if (applied.length > 0) printRow(print, 'database', `applied ${applied.join(', ')}`);
}
