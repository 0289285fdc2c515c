import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { cleanEnvironment, repositoryDir } from './program.ts';

export interface ChildServer {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** Starts a program of tests that prints `{"url":"…"}` when it listens and ends with its standard input. */
export async function startChildServer(file: string, args: readonly string[] = []): Promise<ChildServer> {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: repositoryDir,
    env: cleanEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(() => {
    throw new Error(`${file} ended before it listened`);
  });
  exited.catch(() => undefined);
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), exited])) as [string];
  return {
    url: (JSON.parse(line) as { url: string }).url,
    pid: child.pid ?? 0,
    stop: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
