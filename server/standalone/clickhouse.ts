import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  chooseMemoryBytes,
  countCores,
  findSecrets,
  renderServerConfig,
  renderUsersConfig,
  type ClickHouseConfig,
} from './clickhouse-config.ts';
import { readPort, spawnClickHouse, type ClickHousePaths } from './clickhouse-process.ts';
import { sendStatement } from './clickhouse-statement.ts';
import { refuseFolder } from './data-dir.ts';
import type { Running } from './keep-running.ts';
import { getPlatformLibrary } from './platform-library.ts';

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

/** ClickHouse waits five seconds for connections that are kept open; longer than that and it hangs. */
const stopLimitMs = 7_000;
const secretBytes = 24;

const databaseName = 'sightglass';
const userName = 'sightglass';

/**
 * Starts the embedded ClickHouse as a child process and returns when the database answers. It ends when `stop` is
 * called, when it fails, or when this process dies. Throws a StartError with the reason when it cannot start.
 */
export async function startClickHouse(options: ClickHouseOptions): Promise<EmbeddedClickHouse> {
  const library = getPlatformLibrary();
  const config: ClickHouseConfig = {
    secret: options.secret ?? randomBytes(secretBytes).toString('hex'),
    user: userName,
    password: options.password ?? randomBytes(secretBytes).toString('hex'),
    memoryBytes: chooseMemoryBytes(),
    cores: countCores(),
  };
  const paths = prepareFolder(options.dataDir, config);
  const {
    child,
    exited,
    port: opened,
  } = spawnClickHouse({ library, paths, port: options.port ?? 0, log: options.log });
  try {
    const port = await opened;
    const { secret, user, password } = config;
    const target = { port, secret, user, password };
    await sendStatement(target, `CREATE DATABASE IF NOT EXISTS ${databaseName} ENGINE = Atomic`);
    const version = (await sendStatement(target, 'SELECT version()')).trim();
    let stopping: Promise<unknown> | undefined;
    return {
      url: urlOf(password, port),
      secret,
      password,
      port,
      version,
      pid: child.pid ?? 0,
      exited,
      stop: () => (stopping ??= stopChild(child, exited, () => sendStatement(target, 'SYSTEM STOP LISTEN HTTP'))),
      kill: () => child.kill('SIGKILL'),
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/**
 * How to reach the embedded ClickHouse that another process runs on this data folder: by the files it was started with, which
 * only its user can read. Undefined where they do not say, as while it starts.
 */
export function findRunningClickHouse(dataDir: string): { url: string; secret: string } | undefined {
  const run = resolve(dataDir, 'run');
  const port = readPort(join(run, 'port.json'));
  const secrets = findSecrets(
    { server: readText(join(run, 'clickhouse.xml')), users: readText(join(run, 'users.xml')) },
    userName,
  );
  if (port === undefined || secrets === undefined) return undefined;
  return { url: urlOf(secrets.password, port), secret: secrets.secret };
}

function urlOf(password: string, port: number): string {
  return `http://${userName}:${password}@127.0.0.1:${port}/${databaseName}`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // not written yet
  }
}

function prepareFolder(dataDir: string, config: ClickHouseConfig): ClickHousePaths {
  const run = resolve(dataDir, 'run');
  const paths = { dataDir, run, data: resolve(dataDir, 'clickhouse'), portFile: join(run, 'port.json') };
  try {
    for (const folder of [paths.data, run]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    rmSync(paths.portFile, { force: true });
    writePrivate(join(run, 'clickhouse.xml'), renderServerConfig(config));
    writePrivate(join(run, 'users.xml'), renderUsersConfig(config));
  } catch (error) {
    throw refuseFolder(dataDir, error);
  }
  return paths;
}

function writePrivate(file: string, text: string): void {
  rmSync(file, { force: true }); // an existing file would keep its old mode
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
}

async function stopChild(
  child: ChildProcess,
  exited: Promise<unknown>,
  stopListening: () => Promise<unknown>,
): Promise<void> {
  const killer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  // Without a listener no new request can arrive meanwhile. A server that does not answer is stopped all the same.
  await stopListening().catch(() => undefined);
  child.stdin?.end();
  await exited;
  clearTimeout(killer);
}
