import { connectDatabase, type OwnDatabase, startDatabase } from './database.ts';
import { type LoadProfile, loadProfiles } from './load-model.ts';
import { runLoad } from './load-process.ts';
import type { LoadResult } from './load-send.ts';
import { readCpuSeconds, readMachineCpuSeconds } from './process-figures.ts';

/** What a caller may narrow a benchmark down to, for a quick look: PROFILE, SECONDS, ROUNDS, CONCURRENCY. */
export function readIngestSettings(defaults: { profiles: LoadProfile[]; seconds: number; rounds: number }) {
  const asked = (process.env['PROFILE'] ?? '').split(',').filter((name) => name !== '');
  const unknown = asked.filter((name) => !loadProfiles.some((profile) => profile === name));
  if (unknown.length > 0) throw new Error(`PROFILE=${unknown.join()}: ${loadProfiles.join(', ')}`);
  return {
    profiles: defaults.profiles.filter((profile) => asked.length === 0 || asked.includes(profile)),
    seconds: Number(process.env['SECONDS'] ?? defaults.seconds),
    rounds: Number(process.env['ROUNDS'] ?? defaults.rounds),
  };
}

/** Requests under way: as many as keep the pipelines busy; of the larger bodies (2.5 and 5 MB) fewer are enough. */
const requestsAtOnce: Record<LoadProfile, number> = { lean: 64, mixed: 48, chat: 16, agent: 16 };
/** More than any pipeline takes in the time; decides how many sessions live at once. */
const spansASecondMax = 100_000;

/** As much as the pipeline takes for so long. */
export function saturate(
  otlp: string,
  load: { profile: LoadProfile; seconds: number; seed: number; templates?: number; concurrency?: number },
): Promise<LoadResult> {
  return runLoad({
    ...load,
    spans: spansASecondMax * load.seconds,
    concurrency: Number(process.env['CONCURRENCY'] ?? load.concurrency ?? requestsAtOnce[load.profile]),
    retries: 10,
    url: `${otlp}/v1/traces`,
  });
}

/** Seconds of CPU that each process and the whole machine used since the last call, by the names given, and of the clock. */
export function watchCpu<Name extends string>(
  pids: Record<Name, number>,
): () => Record<Name | 'machine' | 'wall', number> {
  type Figures = Record<Name | 'machine' | 'wall', number>;
  const names = Object.keys(pids) as Name[];
  const read = () => {
    const own = names.map((name) => [name, readCpuSeconds(pids[name])] as const);
    return Object.fromEntries([
      ...own,
      ['machine', readMachineCpuSeconds()],
      ['wall', performance.now() / 1000],
    ]) as Figures;
  };
  let last = read();
  return () => {
    const before = last;
    last = read();
    const since = (Object.keys(last) as (keyof Figures)[]).map((name) => [name, last[name] - before[name]]);
    return Object.fromEntries(since) as Figures;
  };
}

/** With a database and a client of one's own, removed afterwards. */
export async function withDatabase<T>(
  run: (database: OwnDatabase, client: ReturnType<typeof connectDatabase>) => Promise<T>,
): Promise<T> {
  const database = await startDatabase();
  const client = connectDatabase(database);
  try {
    return await run(database, client);
  } finally {
    await client.close();
    await database.stop();
  }
}

/** Of an odd count the middle one. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A line of a table: each cell as wide as it is told. */
export function formatRow(cells: readonly (string | number)[], widths: readonly number[]): string {
  return cells
    .map((cell, at) => String(cell).padEnd(widths[at] ?? 0))
    .join(' ')
    .trimEnd();
}
