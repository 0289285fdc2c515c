import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { productionEnvironment } from './config.ts';
import { StartError } from './start-error.ts';

const notSources = new Set(['dist', 'node_modules']);
const buildLimitMs = 120_000;

/**
 * Builds the UI when it was never built or a source of it changed since. `print` gets a line only when it builds.
 * Throws a StartError with the build's own output when it fails.
 */
export async function buildUiWhenStale(
  installDir: string,
  print: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (!isUiStale(installDir)) return;
  print('building the UI (only at the first start and after changes)');
  const { code, output } = await runBuild(installDir, signal);
  if (code !== 0) throw new StartError(`the UI could not be built (exit code ${code ?? 'unknown'}):\n${output.trim()}`);
}

/** By modification times: a folder changes when a file in it comes or goes. */
export function isUiStale(installDir: string): boolean {
  const built = statSync(join(installDir, 'ui', 'dist', 'index.html'), { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return true;
  return newestSourceMs(join(installDir, 'ui')) > built;
}

function newestSourceMs(folder: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (notSources.has(entry.name)) continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, statSync(path).mtimeMs, entry.isDirectory() ? newestSourceMs(path) : 0);
  }
  return newest;
}

function runBuild(
  installDir: string,
  signal: AbortSignal | undefined,
): Promise<{ code: number | null; output: string }> {
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [vite, 'build', 'ui', '--logLevel', 'warn'], {
      cwd: installDir,
      env: productionEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: buildLimitMs,
      signal,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}
