// How does the collector compare with a straightforward pipeline on the same ClickHouse, settlement stopped? PROFILE=lean,mixed,chat,
// SECONDS (default 10) a round, ROUNDS (default 3) of each in turn: medians.
import { startChildServer } from '../support/child-server.ts';
import { waitForMerges } from '../support/database.ts';
import { formatRow, medianOf, readIngestSettings, saturate, watchCpu, withDatabase } from '../support/ingest-bench.ts';
import type { LoadProfile } from '../support/load-model.ts';
import { readMetricSum } from '../support/metric-sum.ts';
import { environmentOf } from '../support/pipeline.ts';
import { startProgram } from '../support/program.ts';
import { waitUntilStored } from '../support/stored-sums.ts';
import { naiveTable } from './naive/table.ts';

const warmupSeconds = 3;
const storePatienceMs = 60_000;
/** Requests under way: as many as either side gets faster by, whatever memory they take. */
const requestsAtOnce: Record<LoadProfile, number> = { lean: 64, mixed: 64, chat: 32, agent: 16 };
const widths = [8, 10, 9, 8, 14, 14, 10];
const settings = readIngestSettings({ profiles: ['lean', 'mixed', 'chat'], seconds: 10, rounds: 3 });

interface Side {
  name: string;
  url: string;
  pid: number;
  table: string;
  spansPerSecond: number[];
  megabytesPerSecond: number[];
  ackP50Ms: number[];
  cpu: number[];
  clickHouseCpu: number[];
  acknowledged: number;
}

console.log(`${settings.rounds} rounds of ${settings.seconds} s each in turn; CPU in seconds per million spans`);
console.log(formatRow(['profile', 'pipeline', 'spans/s', 'MB/s', 'ack p50 ms', 'CPU pipeline', 'ClickHouse'], widths));
for (const profile of settings.profiles) await compare(profile);

async function compare(profile: LoadProfile): Promise<void> {
  await withDatabase(async (database, client) => {
    const collector = await startProgram('collector/main.ts', environmentOf(database));
    const naive = await startChildServer('test/bench/naive/main.ts', [database.url, database.secret]);
    try {
      const sides = [sideOf('naive', naiveTable, naive), sideOf('collector', 'spans', collector)];
      let seed = 0;
      for (let round = -1; round < settings.rounds; round += 1) {
        for (const side of sides) {
          seed += 1;
          const readCpu = watchCpu({ pipeline: side.pid, clickHouse: database.pid });
          const seconds = round < 0 ? warmupSeconds : settings.seconds;
          const load = await saturate(side.url, { profile, seconds, seed, concurrency: requestsAtOnce[profile] });
          const used = readCpu();
          side.acknowledged += load.acknowledged.spans;
          if (round >= 0) {
            side.spansPerSecond.push(load.spansPerSecond);
            side.megabytesPerSecond.push(load.megabytesPerSecond);
            side.ackP50Ms.push(load.latencyMs.p50 ?? Number.NaN);
            side.cpu.push((used.pipeline * 1e6) / load.acknowledged.spans);
            side.clickHouseCpu.push((used.clickHouse * 1e6) / load.acknowledged.spans);
          }
          await waitForMerges(client); // one side's merges are not the other's burden
        }
      }
      for (const { name, table, acknowledged } of sides) {
        const stored = await waitUntilStored(client, { table, spans: acknowledged, patienceMs: storePatienceMs });
        if (stored === acknowledged) continue;
        console.log(`WRONG ${profile}, ${name}: ${stored} spans stored, acknowledged ${acknowledged}`);
        process.exitCode = 1;
      }
      const spooled = await readMetricSum(collector.url, 'sightglass_spooled_items_total');
      if (spooled > 0) console.log(`${spooled} spans of the collector went through its spool`);
      report(profile, sides);
    } finally {
      await Promise.all([naive.stop(), collector.stop()]);
    }
  });
}

function sideOf(name: string, table: string, { url, pid }: { url: string; pid: number }): Side {
  return {
    ...{ name, table, url, pid, acknowledged: 0 },
    ...{ spansPerSecond: [], megabytesPerSecond: [], ackP50Ms: [], cpu: [], clickHouseCpu: [] },
  };
}

function report(profile: LoadProfile, sides: readonly Side[]): void {
  for (const side of sides) {
    const figures = [side.spansPerSecond, side.megabytesPerSecond, side.ackP50Ms, side.cpu, side.clickHouseCpu];
    console.log(formatRow([profile, side.name, ...figures.map((values) => medianOf(values).toFixed(0))], widths));
  }
  const [naive, collector] = sides;
  const ratio = medianOf(collector?.spansPerSecond ?? []) / medianOf(naive?.spansPerSecond ?? []);
  console.log(formatRow([profile, 'ratio', ratio.toFixed(2)], widths));
}
