import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  chooseMemoryBytes,
  countCores,
  renderServerConfig,
  renderUsersConfig,
  type ClickHouseConfig,
} from './clickhouse-config.ts';
import { sendStatement } from './clickhouse-statement.ts';
import { compileCacheEnvironment } from './compile-cache.ts';
import { getPlatformLibrary } from './platform-library.ts';
import type { Exit, Running } from './keep-running.ts';
import { StartError } from './start-error.ts';

/** The data folder belongs to a ClickHouse that still runs. */
export class DataLockedError extends StartError {}

export interface ClickHouseOptions {
  /** Tables go to `clickhouse/` in it, configuration to `run/`; made when absent. */
  dataDir: string;
  /** Absent or 0: any free port. */
  port?: number;
  /** A restart after a crash passes the old ones, so that running programs find the server again. */
  secret?: string;
  password?: string;
  /** Gets what the server writes to standard error, line by line. */
  log: (line: string) => void;
}

export interface EmbeddedClickHouse extends Running {
  /** `http://user:password@127.0.0.1:PORT/sightglass`; useless without the secret header. */
  url: string;
  secret: string;
  password: string;
  port: number;
  version: string;
}

/** From spawn to the port: 0.3 s on a quiet machine, 1.6 s on a busy one; the rest is for many parts on a cold disk. */
const startLimitMs = 60_000;
const portPollMs = 10;
/** ClickHouse waits five seconds for connections that are kept open; longer than that and it hangs. */
const stopLimitMs = 7_000;
const keptErrorLines = 40;

const databaseName = 'sightglass';
const userName = 'sightglass';

/**
 * Starts the embedded ClickHouse as a child process and returns when the database answers. It ends when `stop` is
 * called, when it fails, or when this process dies. Throws a StartError with the reason when it cannot start.
 */
export async function startClickHouse(options: ClickHouseOptions): Promise<EmbeddedClickHouse> {
  const library = getPlatformLibrary();
  const paths = prepareFolder(options.dataDir);
  const config: ClickHouseConfig = {
    secret: options.secret ?? randomBytes(24).toString('hex'),
    user: userName,
    password: options.password ?? randomBytes(24).toString('hex'),
    memoryBytes: chooseMemoryBytes(),
    cores: countCores(),
  };
  writeConfig(paths.run, config);
  const { child, errors } = spawnChild({ library, paths, port: options.port ?? 0, log: options.log });
  const exited = new Promise<Exit>((resolveExit) => {
    child.once('error', () => resolveExit({ code: 1, signal: null }));
    // `close` comes after the last line of output.
    child.once('close', (code, signal) => resolveExit({ code, signal }));
  });
  try {
    const port = await waitForPort({ file: paths.portFile, exited, errors, dataDir: options.dataDir });
    const target = { port, secret: config.secret, user: config.user, password: config.password };
    await sendStatement(target, `CREATE DATABASE IF NOT EXISTS ${databaseName} ENGINE = Atomic`);
    const version = (await sendStatement(target, 'SELECT version()')).trim();
    let stopping: Promise<unknown> | undefined;
    return {
      kill: () => child.kill('SIGKILL'),
      url: `http://${config.user}:${config.password}@127.0.0.1:${String(port)}/${databaseName}`,
      secret: config.secret,
      password: config.password,
      port,
      pid: child.pid ?? 0,
      version,
      exited,
      stop: () => (stopping ??= stopChild(child, exited, () => sendStatement(target, 'SYSTEM STOP LISTEN HTTP'))),
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

interface Paths {
  data: string;
  run: string;
  portFile: string;
}

function prepareFolder(dataDir: string): Paths {
  const data = resolve(dataDir, 'clickhouse');
  const run = resolve(dataDir, 'run');
  for (const folder of [data, run]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const portFile = join(run, 'port.json');
  rmSync(portFile, { force: true });
  return { data, run, portFile };
}

function writeConfig(run: string, config: ClickHouseConfig): void {
  for (const [name, text] of [
    ['clickhouse.xml', renderServerConfig(config)],
    ['users.xml', renderUsersConfig(config)],
  ] as const) {
    const file = join(run, name);
    rmSync(file, { force: true }); // an existing file would keep its old mode
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
  }
}

/**
 * The three statements of the bootstrap session: open the HTTP port, say which one it is, then block on standard input.
 * A result never reaches standard output in this mode, so the port goes through a file. The folder of these files is the
 * working directory and everything in it is named relatively: no path needs quoting in SQL or XML.
 */
const bootstrap = [
  'SYSTEM START LISTEN HTTP',
  `SELECT getServerPort('http_port') AS port INTO OUTFILE 'port.json' TRUNCATE FORMAT JSONEachRow`,
  `SELECT count() FROM file('-', LineAsString) FORMAT Null`,
].join('; ');

function spawnChild(options: { library: string; paths: Paths; port: number; log: (line: string) => void }): {
  child: ChildProcess;
  errors: string[];
} {
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'clickhouse-child.ts'),
      options.library,
      '--config-file=clickhouse.xml',
      `--path=${options.paths.data}`,
      '--listen_host=127.0.0.1',
      `--http_port=${String(options.port)}`,
      '--tcp_port=0',
      '--log-level=warning', // the one in the file is not read
      '--multiquery',
      `--query=${bootstrap}`,
    ],
    // Its own process group: Ctrl-C in the terminal reaches the supervisor alone, which stops things in order.
    {
      cwd: options.paths.run,
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
      env: { TZ: 'UTC', ...compileCacheEnvironment() },
    },
  );
  child.stdin.on('error', () => undefined); // a dead child is reported by its exit
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('Logging ')) return; // where its log file is
    errors.push(line);
    if (errors.length > keptErrorLines) errors.shift();
    options.log(line);
  });
  return { child, errors };
}

/** The exit code says nothing (0 even when a statement failed), so the port file decides. */
async function waitForPort(options: {
  file: string;
  exited: Promise<unknown>;
  errors: string[];
  dataDir: string;
}): Promise<number> {
  const exit = { seen: false };
  void options.exited.then(() => (exit.seen = true));
  const deadline = Date.now() + startLimitMs;
  while (Date.now() < deadline) {
    const port = readPort(options.file);
    if (port !== undefined) return port;
    if (exit.seen) throw explainFailure(options.errors, options.dataDir);
    await sleep(portPollMs);
  }
  throw new StartError(
    `the embedded ClickHouse did not open its port within ${String(startLimitMs / 1000)} s (data in ${options.dataDir})`,
  );
}

function readPort(file: string): number | undefined {
  try {
    const { port } = JSON.parse(readFileSync(file, 'utf8')) as { port: number };
    return port;
  } catch {
    return undefined; // not there yet, or half written
  }
}

function explainFailure(errors: string[], dataDir: string): StartError {
  const text = errors.join('\n');
  if (/Cannot lock file|Another server instance/.test(text)) {
    return new DataLockedError(
      `another ClickHouse is running on ${dataDir}: stop it, or set SIGHTGLASS_DATA_DIR to another folder`,
    );
  }
  const reason = /DB::Exception: (.*?)(?:\. \(|$)/m.exec(text)?.[1] ?? errors.at(-1) ?? 'it gave no reason';
  return new StartError(`the embedded ClickHouse could not start on ${dataDir}: ${reason}`);
}

async function stopChild(
  child: ChildProcess,
  exited: Promise<unknown>,
  stopListening: () => Promise<unknown>,
): Promise<void> {
  const killer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  // Without a listener no new request can arrive while the server shuts down. A server that does not answer is stopped all the same.
  await stopListening().catch(() => undefined);
  child.stdin?.end();
  await exited;
  clearTimeout(killer);
}
