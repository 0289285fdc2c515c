import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import { cleanEnvironment, repositoryDir } from './program.ts';

export interface ContainerProgram {
  /** Where it listens, by the name its log gives to the address. */
  urls: Readonly<Record<string, string>>;
  /** SIGTERM, as `docker stop`; answers the exit code. */
  stop(): Promise<number | null>;
}

const startLimitMs = 60_000;
const listening = z.looseObject({ msg: z.string().startsWith('listening') });

/** Runs the image's entry point with these arguments, from the repository, to its end. */
export async function runInContainer(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string }> {
  const { exited, output } = enter(args, environment);
  return { code: await exited, output: output() };
}

/** Starts one program through the image's entry point and waits for the line of its log that says where it listens. */
export async function startInContainer(
  program: 'collector' | 'server' | 'runtime',
  environment: Readonly<Record<string, string>>,
): Promise<ContainerProgram> {
  const { child, exited, output } = enter([program], environment);
  const stop = () => {
    child.kill('SIGTERM');
    return exited;
  };
  const deadline = Date.now() + startLimitMs;
  for (;;) {
    const line = output()
      .split('\n')
      .slice(0, -1)
      .find((text) => listening.safeParse(parseJson(text)).success);
    if (line !== undefined) {
      const fields = Object.entries(parseJson(line) as Record<string, unknown>);
      const urls = fields.filter((field): field is [string, string] => String(field[1]).startsWith('http://'));
      return { urls: Object.fromEntries(urls), stop };
    }
    const ended = await Promise.race([exited.then(() => true), new Promise<void>((wake) => setTimeout(wake, 20))]);
    if (ended === true || Date.now() > deadline) {
      await stop();
      throw new Error(`${program} did not listen\n${output()}`);
    }
  }
}

function enter(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  const child = spawn(join(repositoryDir, 'server/standalone/container/entrypoint.sh'), [...args], {
    env: { ...cleanEnvironment(), PATH: path, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, exited, output: () => output };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
