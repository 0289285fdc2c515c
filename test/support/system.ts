import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { keepForeverDays } from './database.ts';
import { cleanEnvironment, repositoryDir } from './program.ts';
import { makeTempDir } from './temp-dir.ts';

export interface System {
  /** UI and API: the address of the last line, `ready http://…`. */
  url: string;
  otlp: string;
  otlpGrpc: string;
  /** The agents' door. */
  runtime: string;
  dataDir: string;
  /** The supervisor's. */
  pid: number;
  /** Everything that it printed so far. */
  output(): string;
  /** Ctrl-C: answers the exit code once all of it has ended. Data stays. */
  stop(): Promise<number | null>;
  /** Kills the supervisor alone. */
  kill(): Promise<void>;
  /** Ends what still runs and deletes the data. */
  remove(): Promise<void>;
}

const startLimitMs = 60_000;
const stopLimitMs = 30_000;

/**
 * The product as a user starts it (`sightglass start`), on free ports. Without `dataDir` it gets a
 * folder of its own; give the folder of a stopped system to continue with its data.
 */
export async function startSystem(
  options: { dataDir?: string; environment?: Record<string, string> } = {},
): Promise<System> {
  const own = options.dataDir === undefined ? makeTempDir('system') : undefined;
  const dataDir = options.dataDir ?? own?.path ?? '';
  const child = spawn(process.execPath, [join(repositoryDir, 'server/standalone/sightglass.mjs'), 'start'], {
    cwd: dataDir,
    env: {
      ...cleanEnvironment(),
      SIGHTGLASS_DATA_DIR: dataDir,
      SIGHTGLASS_PORT: '0',
      SIGHTGLASS_OTLP_HTTP_PORT: '0',
      SIGHTGLASS_OTLP_GRPC_PORT: '0',
      SIGHTGLASS_RUNTIME_PORT: '0',
      SIGHTGLASS_RETENTION_DAYS: String(keepForeverDays),
      SIGHTGLASS_CONTENT_DAYS: String(keepForeverDays),
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const stop = async () => {
    const killer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    child.kill('SIGINT');
    const code = await exited;
    clearTimeout(killer);
    return code;
  };
  const remove = async () => {
    await stop();
    own?.remove();
  };
  try {
    const ready = /^ready (http:\S+)$/m;
    await waitForOutput({ pattern: ready, output: () => output, exited });
    return {
      url: ready.exec(output)?.[1] ?? '',
      otlp: /OTLP\/HTTP\s+(http:\S+)/.exec(output)?.[1] ?? '',
      otlpGrpc: /OTLP\/gRPC\s+(http:\S+)/.exec(output)?.[1] ?? '',
      runtime: /Agents\s+(http:\S+)/.exec(output)?.[1] ?? '',
      dataDir,
      pid: child.pid ?? 0,
      output: () => output,
      stop,
      kill: async () => {
        child.kill('SIGKILL');
        await exited;
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Polls, because a line may come in pieces. Throws with the output when the process ends or the time is over. */
async function waitForOutput(options: {
  pattern: RegExp;
  output: () => string;
  exited: Promise<number | null>;
}): Promise<void> {
  const gone = options.exited.then((code) => `ended with ${code ?? 'a signal'} before it was ready`);
  const deadline = Date.now() + startLimitMs;
  while (!options.pattern.test(options.output())) {
    const failure = await Promise.race([gone, new Promise<void>((wake) => setTimeout(wake, 20))]);
    if (failure !== undefined) throw new Error(`the system ${failure}\n${options.output()}`);
    if (Date.now() > deadline) throw new Error(`the system was not ready in time\n${options.output()}`);
  }
}
