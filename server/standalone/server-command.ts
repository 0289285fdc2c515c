import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseDoctorArguments } from '../doctor/arguments.ts';
import { parseResettleArguments } from '../resettle/arguments.ts';
import { findRunningClickHouse, startClickHouse } from './clickhouse.ts';
import { compileCacheEnvironment } from './compile-cache.ts';
import { installDir, loadStandaloneConfig, type StandaloneConfig } from './config.ts';
import { DataDirHeldError, holdDataDir } from './data-dir.ts';
import { checkExternalClickHouse } from './external-clickhouse.ts';
import type { Connection } from './prepare-database.ts';
import { StartError } from './start-error.ts';

/** Commands that are the server's, by what says whether their arguments are right. */
const commands = {
  doctor: parseDoctorArguments,
  resettle: parseResettleArguments,
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

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a command of the server as a child on our own terminal. What ends us ends the child first, then what it works on. */
async function startServerCommand(
  args: readonly string[],
  { config, connection }: { config: StandaloneConfig; connection: Connection },
): Promise<number> {
  const { url, secret } = connection;
  const child = spawn(process.execPath, [join(installDir, 'server', 'cli.ts'), ...args], {
    env: {
      ...compileCacheEnvironment(),
      ...config.environment,
      CLICKHOUSE_URL: url,
      ...(secret === undefined ? {} : { SIGHTGLASS_CLICKHOUSE_SECRET: secret }),
    },
    stdio: 'inherit',
  });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}
