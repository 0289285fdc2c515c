import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { makeTempDir } from './temp-dir.ts';

export const repositoryDir = join(import.meta.dirname, '..', '..');

export interface Program {
  /** Where it listens. */
  url: string;
  /** Where it listens besides, by the variable that decides the port. */
  otherUrls: Readonly<Record<string, string>>;
  pid: number;
  /** What it wrote to standard output and error so far. */
  output(): string;
  /** Drains and ends it, as the supervisor does; answers its exit code, `null` when it had to be killed. */
  stop(): Promise<number | null>;
  /** Ends it without any warning. */
  kill(): Promise<void>;
  exited: Promise<number | null>;
}

const startLimitMs = 30_000;
const stopLimitMs = 20_000;
const ready = z.object({
  type: z.literal('ready'),
  url: z.string(),
  otherUrls: z.record(z.string(), z.string()).default({}),
});

/**
 * Starts one program (`collector/main.ts`, `server/main.ts`) as the one-machine start does and waits
 * until it listens. The environment holds what is given and nothing of the caller's own settings. Without a
 * SIGHTGLASS_DATA_DIR it has a data folder of its own, which is gone when it ends.
 */
export async function startProgram(main: string, environment: Record<string, string>): Promise<Program> {
  const dataDir = environment['SIGHTGLASS_DATA_DIR'] === undefined ? makeTempDir('program') : undefined;
  const child = spawn(process.execPath, [join(repositoryDir, main)], {
    cwd: repositoryDir,
    env: { ...cleanEnvironment(), ...(dataDir && { SIGHTGLASS_DATA_DIR: dataDir.path }), ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  void exited.then(() => dataDir?.remove());
  const { url, otherUrls } = await waitForReady(child, main, () => output);
  return {
    url,
    otherUrls,
    pid: child.pid ?? 0,
    output: () => output,
    exited,
    stop: async () => {
      const killer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
      child.kill('SIGTERM');
      const code = await exited;
      clearTimeout(killer);
      return code;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The caller's environment without what configures Sightglass. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(SIGHTGLASS_|CLICKHOUSE_|REDIS_URL|OTEL_|VITEST|NODE_ENV$)/;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name))),
    TZ: 'UTC',
  };
}

function waitForReady(child: ChildProcess, main: string, output: () => string): Promise<z.infer<typeof ready>> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${main} ${what}\n${output()}`));
    };
    const timer = setTimeout(() => {
      fail(`was not ready within ${startLimitMs} ms`);
    }, startLimitMs);
    const onExit = (code: number | null) => {
      fail(`ended with ${code ?? 'a signal'} before it was ready`);
    };
    child.once('exit', onExit);
    child.on('message', (message) => {
      const parsed = ready.safeParse(message);
      if (!parsed.success) return;
      clearTimeout(timer);
      child.off('exit', onExit);
      resolve(parsed.data);
    });
  });
}
