import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseBudgetsArguments } from '../budgets/arguments.ts';
import { parseDoctorArguments } from '../doctor/arguments.ts';
import { parseKeysArguments } from '../keys/arguments.ts';
import { parseResettleArguments } from '../resettle/arguments.ts';
import { findRunningClickHouse, startClickHouse } from './clickhouse.ts';
import { installDir, loadStandaloneConfig, type StandaloneConfig } from './config.ts';
import { DataDirHeldError, holdDataDir } from './data-dir.ts';
import { checkExternalClickHouse } from './external-clickhouse.ts';
import type { Connection } from './prepare-database.ts';
import { runCommand } from './run-command.ts';
import { StartError } from './start-error.ts';

/** Commands that are the server's, by what says whether their arguments are right. */
const commands = {
  doctor: parseDoctorArguments,
  resettle: parseResettleArguments,
  keys: parseKeysArguments,
  budgets: parseBudgetsArguments,
} as const;

/**
 * Runs a command of the server on the database that the environment names, on that of a Sightglass that runs on the data
 * folder, or on the data folder itself. Answers its exit code.
 */
export async function runServerCommand(verb: keyof typeof commands, args: readonly string[]): Promise<number> {
  const parsed = commands[verb](args);
  if ('fault' in parsed) throw new StartError(parsed.fault);
  const config = loadStandaloneConfig();
  const { clickhouseUrl: url, clickhouseSecret: secret, dataDir } = config;
  if (url !== undefined) {
    await checkExternalClickHouse(url, secret);
    return startServerCommand([verb, ...args], { config, connection: { url, secret } });
  }
  if (!existsSync(join(dataDir, 'clickhouse'))) {
    throw new StartError(`there is no data in ${dataDir}: set SIGHTGLASS_DATA_DIR or CLICKHOUSE_URL to where it is`);
  }
  const held = holdUnlessRunning(dataDir);
  if (held === undefined) {
    const connection = findRunningClickHouse(dataDir);
    if (connection !== undefined) return startServerCommand([verb, ...args], { config, connection });
    throw new StartError(`the Sightglass on ${dataDir} is just starting or stopping: try again when it is ready`);
  }
  try {
    const clickhouse = await startClickHouse({ dataDir, log: console.error });
    const command = startServerCommand([verb, ...args], { config, connection: clickhouse });
    return await command.finally(() => clickhouse.stop());
  } finally {
    held.release();
  }
}

function holdUnlessRunning(dataDir: string): { release: () => void } | undefined {
  try {
    return holdDataDir(dataDir);
  } catch (error) {
    if (error instanceof DataDirHeldError) return undefined;
    throw error;
  }
}

function startServerCommand(
  args: readonly string[],
  { config, connection: { url, secret } }: { config: StandaloneConfig; connection: Connection },
): Promise<number> {
  return runCommand([join(installDir, 'server', 'cli.ts'), ...args], {
    ...config.environment,
    // A command listens on nothing.
    SIGHTGLASS_AUTH: 'off',
    SIGHTGLASS_HOST: '127.0.0.1',
    CLICKHOUSE_URL: url,
    ...(secret === undefined ? {} : { SIGHTGLASS_CLICKHOUSE_SECRET: secret }),
  });
}
