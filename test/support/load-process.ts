import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadOptions } from './load-model.ts';
import type { LoadResult, SendOptions } from './load-send.ts';
import { cleanEnvironment } from './program.ts';

/** Sends a load as `sendLoad` does, from a process of its own: what measures does not share its thread. */
export async function runLoad(options: Partial<LoadOptions & Omit<SendOptions, 'headers'>>): Promise<LoadResult> {
  const flags = Object.entries(options).map(([name, value]) =>
    value === true ? flagOf(name) : `${flagOf(name)}=${String(value)}`,
  );
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.ts'), ...flags], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`the load generator ended without a result: ${last}`);
  return JSON.parse(last) as LoadResult;
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
