import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnvironment, repositoryDir } from '../../support/program.ts';

/** A supervisor that runs as a process of its own, as `npm start` runs it. */
export interface SightglassProcess {
  pid: number;
  /** Everything it printed so far, both streams. */
  output(): string;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Waits for a line and answers it; rejects with the output when the process ends first or it takes too long. */
  line(pattern: RegExp): Promise<string>;
  /** The address after `ready`. */
  ready(): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** As when the terminal or the pipe's reader is gone. */
  closeOutput(): void;
}

const lineLimitMs = 40_000;
const pollMs = 20;

/** Free ports, a data folder and nothing of the caller's own settings. */
export function startSightglass(
  dataDir: string,
  options: { script?: string; args?: string[]; env?: Record<string, string> } = {},
): SightglassProcess {
  const script = options.script ?? join(repositoryDir, 'server', 'standalone', 'sightglass.mjs');
  const child = spawn(process.execPath, [script, ...(options.args ?? ['start'])], {
    env: {
      ...cleanEnvironment(),
      SIGHTGLASS_DATA_DIR: dataDir,
      SIGHTGLASS_PORT: '0',
      SIGHTGLASS_OTLP_HTTP_PORT: '0',
      SIGHTGLASS_OTLP_GRPC_PORT: '0',
      SIGHTGLASS_RUNTIME_PORT: '0',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  let ended = false;
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      resolve({ code, signal });
    });
  });
  const line = async (pattern: RegExp): Promise<string> => {
    const deadline = Date.now() + lineLimitMs;
    for (;;) {
      const over = ended || Date.now() > deadline;
      const found = output.split('\n').find((one) => pattern.test(one));
      if (found !== undefined) return found;
      if (over) throw new Error(`no line like ${String(pattern)} in:\n${output}`);
      await sleep(pollMs);
    }
  };
  return {
    pid: child.pid ?? 0,
    output: () => output,
    exited,
    line,
    ready: async () => (await line(/^ready /)).replace('ready ', ''),
    signal: (name) => child.kill(name),
    closeOutput: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

/** The process that listens as `name` says in its command line, among the children of a supervisor. */
export function findChild(supervisorPid: number, name: RegExp): number {
  const found = listChildren(supervisorPid).find((pid) => name.test(readCommandLine(pid)));
  if (found === undefined) throw new Error(`process ${supervisorPid} has no child like ${String(name)}`);
  return found;
}

export function listChildren(parentPid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && readParent(pid) === parentPid);
}

export function isAlive(pid: number): boolean {
  const state = readStat(pid)?.[0];
  return state !== undefined && state !== 'Z';
}

/** Waits until none of the processes is left. */
export async function waitUntilGone(pids: readonly number[], limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (pids.some(isAlive)) {
    if (Date.now() > deadline) throw new Error(`still running after ${limitMs} ms: ${pids.filter(isAlive).join(', ')}`);
    await sleep(pollMs);
  }
}

/** Waits until the condition holds. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so within ${limitMs} ms: ${condition.toString()}`);
    await sleep(pollMs);
  }
}

function readParent(pid: number): number | undefined {
  const parent = readStat(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** State, parent and so on: what follows the name in parentheses, which may hold anything. */
function readStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function readCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
