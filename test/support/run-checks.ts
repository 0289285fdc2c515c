import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** What did not change since the last run is not checked again; ESLint has no such cache, as its rules look across files. */
const cacheDir = 'node_modules/.cache';

/** Longest first, so that the short ones fill the gaps. ESLint is two processes, because one keeps a single core busy. */
const checks = [
  { name: 'eslint', command: 'eslint . --ignore-pattern ui/ --ignore-pattern test/unit/ui/ --max-warnings 0' },
  { name: 'eslint ui', command: 'eslint ui test/unit/ui --max-warnings 0' },
  { name: 'unit', command: 'vitest run --project unit --reporter=dot' },
  { name: 'svelte-check', command: 'svelte-check --tsconfig ui/tsconfig.json --fail-on-warnings' },
  { name: 'tsc', command: `tsc --noEmit --incremental --tsBuildInfoFile ${cacheDir}/tsc.json` },
  {
    name: 'tsc e2e',
    command: `tsc --noEmit --project test/e2e --incremental --tsBuildInfoFile ${cacheDir}/tsc-e2e.json`,
  },
  { name: 'prettier', command: 'prettier --check --log-level warn --cache --cache-strategy content .' },
  { name: 'knip', command: 'knip' },
  { name: 'container', command: 'dockerfile-utils lint Dockerfile && dclint compose.yaml --max-warnings 0' },
  { name: 'imports', command: 'depcruise server collector runtime migrations ui test --output-type err' },
];

/**
 * Runs the checks beside each other, without those named as `--no-unit`. Prints the output of what failed, and its
 * names last. Exits 1 if anything did.
 */
async function runChecks(options: readonly string[]): Promise<void> {
  const waiting = checks.filter(({ name }) => !options.includes(`--no-${name}`));
  const failed: string[] = [];
  const worker = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const started = performance.now();
      const { code, output } = await run(check.command);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${check.name} (${seconds} s)`);
      if (code !== 0) {
        failed.push(check.name);
        console.log(output);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
  if (failed.length > 0) console.log(`checks that failed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/** Through a shell, so that Windows finds the .cmd wrappers in `node_modules/.bin` too. */
function run(command: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

await runChecks(process.argv.slice(2));
