import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

const benchDir = join(import.meta.dirname, '..', 'bench');

/** Runs every benchmark, or those whose name holds one of the arguments, one after the other. */
function runBenchmarks(filters: string[]): void {
  describeMachine();
  const names = readdirSync(benchDir).filter(
    (name) => name.endsWith('.ts') && (filters.length === 0 || filters.some((filter) => name.includes(filter))),
  );
  if (names.length === 0) throw new Error(`no benchmark is named ${filters.join(' or ')}`);
  for (const name of names) {
    console.log(`\n# ${name.replace(/\.ts$/, '')}`);
    const { status } = spawnSync(process.execPath, [join(benchDir, name)], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}

/** A figure without its machine and revision says nothing. */
function describeMachine(): void {
  const git = (...args: string[]) => spawnSync('git', args, { encoding: 'utf8' }).stdout.trim();
  const changed = git('status', '--porcelain') === '' ? '' : ' with uncommitted changes';
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  console.log(`machine: ${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, ${memoryGib} GiB`);
  console.log(`system: ${type()} ${release()}, Node ${process.version}`);
  console.log(`revision: ${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed}`);
}

runBenchmarks(process.argv.slice(2));
