import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileCacheEnvironment } from './compile-cache.ts';
import type { Exit } from './keep-running.ts';
import { StartError } from './start-error.ts';

/** Where the child finds and leaves its files. */
export interface ClickHousePaths {
  dataDir: string;
  /** Tables. */
  data: string;
  /** Configuration, log and port file; the child's working directory. */
  run: string;
  portFile: string;
}

export interface ClickHouseProcess {
  child: ChildProcess;
  exited: Promise<Exit>;
  /** Resolves when the server listens; rejects with a StartError when it ends before. */
  port: Promise<number>;
}

/** The data folder belongs to a ClickHouse that still runs. */
export class DataLockedError extends StartError {}

/** From spawn to the port: 0.2 s on a quiet machine, 1.6 s on a busy one; the rest is for many parts on a cold disk. */
const startLimitMs = 60_000;
const portPollMs = 10;
const reasonLimitCharacters = 600;

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

/** Starts the child. What it writes to standard error goes to `log` once it listens, and into the reason if it never does. */
export function spawnClickHouse(options: {
  library: string;
  paths: ClickHousePaths;
  port: number;
  log: (line: string) => void;
}): ClickHouseProcess {
  const { library, paths, log } = options;
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'clickhouse-child.ts'),
      library,
      '--config-file=clickhouse.xml',
      `--path=${paths.data}`,
      '--listen_host=127.0.0.1',
      `--http_port=${options.port}`,
      '--tcp_port=0',
      '--log-level=warning', // the one in the file is not read
      '--multiquery',
      `--query=${bootstrap}`,
    ],
    {
      cwd: paths.run,
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true, // Ctrl-C in the terminal reaches the supervisor alone, which stops things in order
      env: { TZ: 'UTC', ...compileCacheEnvironment() },
    },
  );
  child.stdin.on('error', () => undefined); // a dead child is reported by its exit
  const held: string[] = [];
  let print = (line: string): void => void held.push(line);
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!line.startsWith('Logging ')) print(line); // that one says where its log file is
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({ code: 1, signal: null }));
    // `close` comes after the last line of output.
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const port = waitForPort(paths, exited, held).then((opened) => {
    print = log;
    for (const line of held.splice(0)) log(line);
    return opened;
  });
  return { child, exited, port };
}

/** The exit code says nothing (0 even when a statement failed), so the port file decides. */
async function waitForPort(paths: ClickHousePaths, exited: Promise<Exit>, errors: string[]): Promise<number> {
  const exit = { seen: false };
  void exited.then(() => (exit.seen = true));
  const deadline = Date.now() + startLimitMs;
  while (Date.now() < deadline) {
    const port = readPort(paths.portFile);
    if (port !== undefined) return port;
    if (exit.seen) throw explainFailure(errors.join(' '), paths);
    await sleep(portPollMs);
  }
  throw new StartError(
    `the embedded ClickHouse on ${paths.dataDir} did not open its port within ${startLimitMs / 1000} s`,
  );
}

/** What the server wrote of its port; undefined before it has. */
export function readPort(file: string): number | undefined {
  try {
    const { port } = JSON.parse(readFileSync(file, 'utf8')) as { port: number };
    return port;
  } catch {
    return undefined; // not there yet, or half written
  }
}

function explainFailure(errors: string, { dataDir, run }: ClickHousePaths): StartError {
  if (/Cannot lock file|Another server instance/.test(errors)) {
    return new DataLockedError(
      `another ClickHouse is running on ${dataDir}: stop it, or set SIGHTGLASS_DATA_DIR to another folder`,
    );
  }
  const reason = errors.trim().slice(0, reasonLimitCharacters) || `its log may say why: ${join(run, 'clickhouse.log')}`;
  return new StartError(`the embedded ClickHouse could not start on ${dataDir}: ${reason}`);
}
