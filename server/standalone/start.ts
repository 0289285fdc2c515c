import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from '../../migrations/migrate.ts';
import { DataLockedError, startClickHouse, type EmbeddedClickHouse } from './clickhouse.ts';
import { compileCacheEnvironment } from './compile-cache.ts';
import { installDir, type StandaloneConfig } from './config.ts';
import { holdDataDir, type HeldDataDir } from './data-dir.ts';
import { checkExternalClickHouse } from './external-clickhouse.ts';
import { keepRunning, type Kept, type Running } from './keep-running.ts';
import { checkPorts } from './port-check.ts';
import { startProgram, type ProgramSpec, type RunningProgram } from './program.ts';
import { StartError } from './start-error.ts';
import { buildUiWhenStale } from './ui-build.ts';

export interface StartOptions {
  config: StandaloneConfig;
  programs: readonly ProgramSpec[];
  print: (line: string) => void;
  /** Aborted: the start ends, what it has started is stopped. */
  signal: AbortSignal;
}

/** Everything that was started, kept running. */
export interface Supervisor {
  /** Where the last of the programs listens. */
  url: string;
  /** Drains and ends all of it, in order, each within its own limit. */
  stop(): Promise<void>;
  /** Ends all of it at once. */
  kill(): void;
  /** Resolves with one line when a process died too often. */
  gaveUp: Promise<string>;
}

/** The programs of a Sightglass that was killed drain for so long at most. */
const patienceMs = 20_000;
const lockPollMs = 200;

/**
 * Starts ClickHouse (unless the configuration names one), brings the database up to date, builds the UI if it is stale and
 * starts the programs. Prints one line for each. Rejects with a StartError, after stopping what it had started.
 */
export async function startEverything(options: StartOptions): Promise<Supervisor> {
  const { config, print } = options;
  const dataDir = holdDataDir(config.dataDir);
  const started = new Started(dataDir);
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const tasks: Promise<unknown>[] = [];
  const begin = <T>(task: Promise<T>): Promise<T> => {
    tasks.push(task);
    return task;
  };
  try {
    await checkPorts(wantedPorts(config, options.programs), dataDir.unclean ? patienceMs : 0);
    signal.throwIfAborted();
    printRow(print, 'data', config.dataDir);
    const ui = begin(buildUiWhenStale(installDir, (line) => printRow(print, 'UI', line), signal));
    const database = begin(prepareDatabase(config, { dataDir, started, print, signal }));
    const programs = options.programs.map((spec, index) =>
      begin(
        (async () => {
          const connection = await database;
          if (index === options.programs.length - 1) await ui; // the last one serves the UI's files
          signal.throwIfAborted();
          const program = await keepProgram(spec, config, { connection, print, signal });
          started.programs[index] = program;
          return program;
        })(),
      ),
    );
    const urls = (await Promise.all(programs)).map((program) => program.current().url);
    signal.throwIfAborted();
    for (const [index, url] of urls.entries()) printRow(print, options.programs[index]?.label ?? '', url);
    return {
      url: urls.at(-1) ?? '',
      stop: () => started.stop(),
      kill: () => started.kill(),
      gaveUp: Promise.race(started.all().map((kept) => kept.gaveUp)),
    };
  } catch (error) {
    failed.abort();
    await Promise.allSettled(tasks);
    await started.stop();
    throw error;
  }
}

class Started {
  readonly programs: Kept<RunningProgram>[] = [];
  clickhouse: Kept<EmbeddedClickHouse> | undefined;
  private readonly dataDir: HeldDataDir;

  constructor(dataDir: HeldDataDir) {
    this.dataDir = dataDir;
  }

  /** In the order in which they stop: what lets data in comes first, the database last. */
  all(): Kept<Running>[] {
    return [...this.programs, this.clickhouse].filter((kept) => kept !== undefined);
  }

  async stop(): Promise<void> {
    for (const kept of this.all()) await kept.stop();
    this.dataDir.release();
  }

  kill(): void {
    for (const kept of this.all()) kept.kill();
  }
}

interface Connection {
  url: string;
  secret: string | undefined;
}

async function prepareDatabase(
  config: StandaloneConfig,
  options: { dataDir: HeldDataDir; started: Started; print: (line: string) => void; signal: AbortSignal },
): Promise<Connection> {
  const { started, print } = options;
  let connection: Connection;
  if (config.clickhouseUrl === undefined) {
    const kept = await keepClickHouse(options);
    started.clickhouse = kept;
    connection = kept.current();
    printRow(print, 'ClickHouse', `embedded ${kept.current().version}`);
  } else {
    connection = { url: config.clickhouseUrl, secret: config.clickhouseSecret };
    const { version, address } = await checkExternalClickHouse(config.clickhouseUrl, config.clickhouseSecret);
    printRow(print, 'ClickHouse', `${version} at ${address}`);
  }
  await migrateDatabase(connection, config, print);
  return connection;
}

/** Applies what is missing; says so only when it does something. */
export async function migrateDatabase(
  connection: Connection,
  config: StandaloneConfig,
  print: (line: string) => void,
): Promise<void> {
  const { applied } = await migrate(connection, config.retention).catch((error: unknown) => {
    throw new StartError(
      `the database could not be brought up to date: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  if (applied.length > 0) printRow(print, 'database', `applied ${applied.join(', ')}`);
}

/** A restart uses the port and the secrets of the first start, so that the running programs find the server again. */
function keepClickHouse({
  dataDir,
  print,
  signal,
}: {
  dataDir: HeldDataDir;
  print: (line: string) => void;
  signal: AbortSignal;
}): Promise<Kept<EmbeddedClickHouse>> {
  const log = (line: string) => print(`[clickhouse] ${line}`);
  return keepRunning({
    name: 'ClickHouse',
    log: print,
    start: async (previous) => {
      const deadline = Date.now() + (dataDir.unclean ? patienceMs : 0);
      for (;;) {
        try {
          const again = previous && { port: previous.port, secret: previous.secret, password: previous.password };
          return await startClickHouse({ dataDir: dataDir.path, log, ...again });
        } catch (error) {
          if (!(error instanceof DataLockedError) || Date.now() > deadline) throw error;
          await sleep(lockPollMs, undefined, { signal });
        }
      }
    },
  });
}

/** A restart listens on the port that was printed, even where the configuration says "any". */
function keepProgram(
  spec: ProgramSpec,
  config: StandaloneConfig,
  { connection, print, signal }: { connection: Connection; print: (line: string) => void; signal: AbortSignal },
): Promise<Kept<RunningProgram>> {
  const environment: NodeJS.ProcessEnv = {
    ...compileCacheEnvironment(),
    ...config.environment,
    SIGHTGLASS_HOST: config.host,
    SIGHTGLASS_DATA_DIR: config.dataDir,
    CLICKHOUSE_URL: connection.url,
  };
  if (connection.secret !== undefined) environment['SIGHTGLASS_CLICKHOUSE_SECRET'] = connection.secret;
  return keepRunning({
    name: `the ${spec.name}`,
    log: print,
    start: (previous, ending) => {
      if (previous !== undefined) environment[spec.portVariable] = new URL(previous.url).port;
      return startProgram(spec, { environment, print, signal: AbortSignal.any([signal, ending]) });
    },
  });
}

function wantedPorts(config: StandaloneConfig, programs: readonly ProgramSpec[]) {
  const ports: Readonly<Record<string, number>> = {
    SIGHTGLASS_PORT: config.port,
    SIGHTGLASS_OTLP_HTTP_PORT: config.otlpHttpPort,
  };
  return programs.map(({ portVariable }) => ({
    variable: portVariable,
    host: config.host,
    port: ports[portVariable] ?? 0,
  }));
}

const labelWidth = 12;

function printRow(print: (line: string) => void, label: string, text: string): void {
  print(`  ${label.padEnd(labelWidth)}${text}`);
}
