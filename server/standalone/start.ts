import { compileCacheEnvironment } from './compile-cache.ts';
import type { EmbeddedClickHouse } from './clickhouse.ts';
import { installDir, type StandaloneConfig } from './config.ts';
import { holdDataDir, type HeldDataDir } from './data-dir.ts';
import { keepRunning, type Kept, type Running } from './keep-running.ts';
import { checkPorts, type WantedPort } from './port-check.ts';
import { connectExternal, keepClickHouse, migrateDatabase, type Connection } from './prepare-database.ts';
import { printRow, type Print } from './print-row.ts';
import { startProgram, type ProgramSpec, type RunningProgram } from './program.ts';
import { buildUiWhenStale } from './ui-build.ts';

export interface StartOptions {
  config: StandaloneConfig;
  /** In the order in which they start; the address of the last is the product's. */
  programs: readonly ProgramSpec[];
  print: Print;
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

/**
 * Starts ClickHouse (unless the configuration names one), brings the database up to date, builds the UI if it is stale and
 * starts the programs. Prints one line for each. Rejects with a StartError, after stopping what it had started.
 */
export async function startEverything({ config, programs, print, signal }: StartOptions): Promise<Supervisor> {
  const dataDir = holdDataDir(config.dataDir);
  const started = new Started(dataDir, programs);
  const failed = new AbortController();
  const ending = AbortSignal.any([signal, failed.signal]);
  const patience = { patienceMs: dataDir.unclean ? patienceMs : 0, signal: ending };
  let tasks: Promise<unknown>[] = [];
  try {
    await checkPorts(wantedPorts(config, programs), patience.patienceMs);
    ending.throwIfAborted();
    printRow(print, 'data', config.dataDir);
    const ui = buildUiWhenStale(installDir, (line) => printRow(print, 'UI', line), ending);
    const database = prepareDatabase();
    const ready: Promise<void>[] = [];
    for (const [index, spec] of programs.entries()) ready.push(prepareProgram(spec, index));
    tasks = [ui, database, ...ready];
    await Promise.all(tasks);
    ending.throwIfAborted();

    async function prepareDatabase(): Promise<Connection> {
      const connection = await connect();
      await migrateDatabase(connection, config, print);
      return connection;
    }

    async function connect(): Promise<Connection> {
      const { clickhouseUrl } = config;
      if (clickhouseUrl !== undefined) return connectExternal({ ...config, clickhouseUrl }, print);
      started.clickhouse = await keepClickHouse(config.dataDir, print, patience);
      return started.clickhouse.current();
    }

    async function prepareProgram(spec: ProgramSpec, index: number): Promise<void> {
      const connection = await database;
      if (index === programs.length - 1) await ui; // the last one serves the UI's files
      const before = programs.slice(0, index);
      await Promise.all(ready.filter((_, place) => before[place]?.urlVariable !== undefined));
      ending.throwIfAborted();
      const urls = Object.fromEntries(
        before.flatMap(({ urlVariable }, place) =>
          urlVariable === undefined ? [] : [[urlVariable, started.urlOf(place)]],
        ),
      );
      started.programs[index] = await keepProgram(spec, config, { connection, urls, print, signal: ending, started });
    }
  } catch (error) {
    failed.abort();
    await Promise.allSettled(tasks);
    await started.stop();
    throw error;
  }
  started.tellUrls();
  for (const [index, { label, otherDoors = [] }] of programs.entries()) {
    printRow(print, label, started.urlOf(index));
    for (const other of otherDoors) printRow(print, other.label, started.urlOf(index, other.portVariable));
  }
  return {
    url: started.urlOf(programs.length - 1),
    stop: () => started.stop(),
    kill: () => started.kill(),
    gaveUp: Promise.race(started.all().map((kept) => kept.gaveUp)),
  };
}

class Started {
  readonly programs: Kept<RunningProgram>[] = [];
  clickhouse: Kept<EmbeddedClickHouse> | undefined;
  private readonly dataDir: HeldDataDir;
  private readonly specs: readonly ProgramSpec[];
  private isComplete = false;

  constructor(dataDir: HeldDataDir, specs: readonly ProgramSpec[]) {
    this.dataDir = dataDir;
    this.specs = specs;
  }

  /** In the order in which they stop: what sends comes first, then what lets data in, the database last. */
  all(): Kept<Running>[] {
    const { true: first = [], false: last = [] } = Object.groupBy(this.programs, (_, index) =>
      this.specs[index]?.stopsFirst === true ? 'true' : 'false',
    );
    return [...first, ...last, this.clickhouse].filter((kept) => kept !== undefined);
  }

  /** Everything listens: every program learns where. */
  tellUrls(): void {
    this.isComplete = true;
    for (const program of this.programs) this.tell(program.current());
  }

  /** One that was started again learns what the others know; nothing before all of them have started. */
  tell(program: RunningProgram): void {
    if (!this.isComplete) return;
    const urls = this.specs.flatMap(({ urlVariable }, index) =>
      urlVariable === undefined ? [] : [[urlVariable, this.urlOf(index)] as const],
    );
    program.tell(Object.fromEntries(urls));
  }

  /** Where a program listens; with the variable of one of its other doors, where that is. */
  urlOf(index: number, otherDoor?: string): string {
    const program = this.programs[index]?.current();
    return reachable((otherDoor === undefined ? program?.url : program?.otherUrls[otherDoor]) ?? '');
  }

  async stop(): Promise<void> {
    for (const kept of this.all()) await kept.stop();
    this.dataDir.release();
  }

  kill(): void {
    for (const kept of this.all()) kept.kill();
  }
}

/** From this machine; a program that listens on every address is named by one that can be called. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

/** A restart listens on the port that was printed, even where the configuration says "any". */
function keepProgram(
  spec: ProgramSpec,
  config: StandaloneConfig,
  {
    connection,
    urls,
    print,
    signal,
    started,
  }: {
    connection: Connection;
    urls: Record<string, string>;
    print: Print;
    signal: AbortSignal;
    started: Started;
  },
): Promise<Kept<RunningProgram>> {
  const environment: NodeJS.ProcessEnv = {
    ...compileCacheEnvironment(),
    ...urls,
    ...config.environment,
    SIGHTGLASS_HOST: config.host,
    SIGHTGLASS_DATA_DIR: config.dataDir,
    CLICKHOUSE_URL: connection.url,
  };
  if (connection.secret !== undefined) environment['SIGHTGLASS_CLICKHOUSE_SECRET'] = connection.secret;
  if (config.internalSecret !== undefined) environment['SIGHTGLASS_INTERNAL_SECRET'] = config.internalSecret;
  return keepRunning({
    name: `the ${spec.name}`,
    log: print,
    start: async (previous, stopping) => {
      if (previous !== undefined) {
        const urls = { ...previous.otherUrls, [spec.portVariable]: previous.url };
        for (const [variable, url] of Object.entries(urls)) environment[variable] = new URL(url).port;
      }
      const program = await startProgram(spec, { environment, print, signal: AbortSignal.any([signal, stopping]) });
      started.tell(program);
      return program;
    },
  });
}

function wantedPorts(config: StandaloneConfig, programs: readonly ProgramSpec[]): WantedPort[] {
  const ports: Readonly<Record<string, number>> = {
    SIGHTGLASS_PORT: config.port,
    SIGHTGLASS_OTLP_HTTP_PORT: config.otlpHttpPort,
    SIGHTGLASS_OTLP_GRPC_PORT: config.otlpGrpcPort,
    SIGHTGLASS_RUNTIME_PORT: config.runtimePort,
  };
  return programs
    .flatMap(({ portVariable, otherDoors = [] }) => [portVariable, ...otherDoors.map((door) => door.portVariable)])
    .map((variable) => ({ variable, host: config.host, port: ports[variable] ?? 0 }));
}
