// How many spans a second does one collector acknowledge, durably, while settlement books them; how soon is every sum that of the
// acknowledged; and what does it cost? PROFILE=lean,mixed,chat,agent, SECONDS (default 20) each, ROUNDS (default 1): medians.
import { formatRow, medianOf, readIngestSettings, saturate, watchCpu, withDatabase } from '../support/ingest-bench.ts';
import type { LoadProfile } from '../support/load-model.ts';
import { readMetricSum } from '../support/metric-sum.ts';
import { startPipeline } from '../support/pipeline.ts';
import { readPeakMemoryMib } from '../support/process-figures.ts';
import { compareStored, readStoredSums, waitUntilBooked } from '../support/stored-sums.ts';

const settlePatienceMs = 180_000;
const widths = [8, 9, 8, 7, 14, 11, 9, 11, 10, 8, 7, 9, 9];
const settings = readIngestSettings({ profiles: ['lean', 'mixed', 'chat', 'agent'], seconds: 20, rounds: 1 });

console.log(
  `${settings.seconds} s each; CPU in seconds per million spans, until all is settled; memory is the collector's peak; others: cores that other work took`,
);
console.log(
  formatRow(
    [
      ...['profile', 'spans', 'spans/s', 'MB/s', 'ack p50/p99 ms', 'settled s', 'memory', 'CPU coll.', 'ClickHouse'],
      ...['settler', 'sender', 'others', 'errors'],
    ],
    widths,
  ),
);
for (const profile of settings.profiles) {
  const rounds: Awaited<ReturnType<typeof measure>>[] = [];
  for (let round = 0; round < settings.rounds; round += 1) rounds.push(await measure(profile, round));
  report(profile, rounds);
}

/** On a database of its own. */
function measure(profile: LoadProfile, round: number) {
  return withDatabase(async (database, client) => {
    const pipeline = await startPipeline(database);
    try {
      const { collector, server } = pipeline;
      const readCpu = watchCpu({ collector: collector.pid, clickHouse: database.pid, settler: server.pid });
      const load = await saturate(pipeline.otlp, { profile, seconds: settings.seconds, seed: round + 1 });
      const endedMs = performance.now();
      const settled = await waitUntilBooked(client, load.acknowledged, {
        sinceMs: endedMs,
        patienceMs: settlePatienceMs,
      });
      const cpu = readCpu();
      const stored = await readStoredSums(client);
      for (const difference of compareStored(stored, load.acknowledged)) {
        console.log(`WRONG ${profile}: ${difference}`);
        process.exitCode = 1;
      }
      const spooled = await readMetricSum(pipeline.otlp, 'sightglass_spooled_items_total');
      const perMillion = (seconds: number) => (seconds * 1e6) / load.acknowledged.spans;
      return {
        ...{ load, spooled, settledSeconds: settled.seconds, memoryMib: readPeakMemoryMib(collector.pid) },
        collector: perMillion(cpu.collector),
        clickHouse: perMillion(cpu.clickHouse),
        settler: perMillion(cpu.settler),
        sender: perMillion(load.generatorCpuSeconds),
        others: (cpu.machine - cpu.collector - cpu.clickHouse - cpu.settler - load.generatorCpuSeconds) / cpu.wall,
      };
    } finally {
      await pipeline.stop();
    }
  });
}

function report(profile: LoadProfile, rounds: readonly Awaited<ReturnType<typeof measure>>[]): void {
  const of = (value: (round: (typeof rounds)[number]) => number, digits = 0) =>
    medianOf(rounds.map(value)).toFixed(digits);
  const errors = rounds.reduce((sum, { load }) => sum + load.httpErrors, 0);
  const spooled = rounds.reduce((sum, round) => sum + round.spooled, 0);
  const retried = rounds.reduce((sum, { load }) => sum + load.retried, 0);
  console.log(
    formatRow(
      [
        profile,
        of(({ load }) => load.acknowledged.spans),
        of(({ load }) => load.spansPerSecond),
        of(({ load }) => load.megabytesPerSecond),
        `${of(({ load }) => load.latencyMs.p50 ?? Number.NaN)} / ${of(({ load }) => load.latencyMs.p99 ?? Number.NaN)}`,
        of(({ settledSeconds }) => settledSeconds, 1),
        `${of(({ memoryMib }) => memoryMib)} MiB`,
        of(({ collector }) => collector),
        of(({ clickHouse }) => clickHouse),
        of(({ settler }) => settler),
        of(({ sender }) => sender, 1),
        of(({ others }) => others, 1),
        [
          String(errors),
          ...(retried > 0 ? [`${retried} repeated`] : []),
          ...(spooled > 0 ? [`${spooled} spans spooled`] : []),
        ].join(', '),
      ],
      widths,
    ),
  );
}
