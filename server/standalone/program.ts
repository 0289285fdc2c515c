import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { formatLogLine } from './log-line.ts';
import type { Exit, Running } from './keep-running.ts';
import { StartError } from './start-error.ts';

/** One of the programs that make up the product. */
export interface ProgramSpec {
  /** Stands before each line of its output. */
  name: string;
  /** What its address is called in the list that the start prints. */
  label: string;
  /** Its main.ts, absolute. */
  main: string;
  portVariable: string;
  /** What it listens on besides, in the order in which the start prints it. */
  otherDoors?: readonly OtherDoor[];
  /**
   * Under this name the programs after it learn its address from their environment, unless that sets it; those before it from a
   * message `{ type: 'urls', urls }` when everything has started.
   */
  urlVariable?: string;
  /** It stops before the others; else the order of starts is kept. */
  stopsFirst?: boolean;
  /** It drains within this time, then it is killed. */
  stopLimitMs: number;
}

/** An address of a program that is not its first. */
export interface OtherDoor {
  label: string;
  portVariable: string;
}

export interface RunningProgram extends Running {
  /** Where it listens, as it said itself. */
  url: string;
  /** Where it listens besides, by the variable that decides the port. */
  otherUrls: Readonly<Record<string, string>>;
  /** Where the others listen, by the variables that name it. */
  tell(urls: Readonly<Record<string, string>>): void;
}

export interface ProgramOptions {
  environment: NodeJS.ProcessEnv;
  print: (line: string) => void;
  /** Aborted before the program is ready: it is killed and the start rejects. */
  signal: AbortSignal;
}

const readyMessage = z.object({
  type: z.literal('ready'),
  url: z.url(),
  otherUrls: z.record(z.string(), z.url()).default({}),
});
type Ready = z.infer<typeof readyMessage>;
const readyLimitMs = 30_000;
/** A complaint of so few lines is the reason itself, not a crash with a stack. */
const reasonLineLimit = 8;

/**
 * Starts a program as a child process of its own process group and returns when it says that it listens. It ends when it
 * gets SIGTERM or its IPC channel closes, which happens when this process dies. Throws a StartError with what the program
 * itself printed when it ends before it is ready.
 */
export async function startProgram(spec: ProgramSpec, options: ProgramOptions): Promise<RunningProgram> {
  const { print, signal } = options;
  const child = spawn(process.execPath, [spec.main], {
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C in the terminal reaches the supervisor alone, which stops things in order.
    detached: true,
  });
  const output = collectOutput(child, (line) => print(`[${spec.name}] ${line}`));
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({ code: 1, signal: null }));
    // `close` comes after the last line of output.
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  try {
    const { url, otherUrls } = await waitForReady(spec, child, exited, output);
    output.release();
    return {
      url,
      otherUrls,
      pid: child.pid ?? 0,
      exited,
      // One that dies at this moment is started again, and told then.
      tell: (urls) => child.connected && child.send({ type: 'urls', urls }, () => undefined),
      stop: () => stopChild(child, exited, spec.stopLimitMs),
      kill,
    };
  } catch (error) {
    kill();
    throw error;
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

interface Output {
  /** Passes on what was held back until the program was ready, and all that follows. */
  release(): void;
  held: string[];
}

function collectOutput(child: ChildProcess, print: (line: string) => void): Output {
  const held: string[] = [];
  let released = false;
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input, crlfDelay: Infinity }).on('line', (written) => {
      const line = formatLogLine(written);
      if (line === undefined) return;
      if (released) print(line);
      else held.push(line);
    });
  }
  return {
    held,
    release: () => {
      released = true;
      for (const line of held.splice(0)) print(line);
    },
  };
}

function waitForReady(spec: ProgramSpec, child: ChildProcess, exited: Promise<Exit>, output: Output): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      output.release();
      reject(new StartError(`the ${spec.name} was not ready within ${readyLimitMs / 1000} s`));
    }, readyLimitMs);
    child.on('message', (message) => {
      const parsed = readyMessage.safeParse(message);
      if (!parsed.success) return;
      clearTimeout(timer);
      resolve(parsed.data);
    });
    void exited.then(({ code, signal }) => {
      clearTimeout(timer);
      reject(new StartError(explainEnd(spec, output, signal ?? `exit code ${code ?? 'unknown'}`)));
    });
  });
}

function explainEnd(spec: ProgramSpec, output: Output, how: string): string {
  const lines = output.held.filter((line) => line.trim() !== '');
  if (lines.length > 0 && lines.length <= reasonLineLimit) {
    return lines.map((line) => `the ${spec.name} could not start: ${line}`).join('\n');
  }
  output.release();
  return `the ${spec.name} could not start (${how})`;
}

async function stopChild(child: ChildProcess, exited: Promise<Exit>, limitMs: number): Promise<Exit> {
  const killer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  child.kill('SIGTERM');
  const exit = await exited;
  clearTimeout(killer);
  return exit;
}
