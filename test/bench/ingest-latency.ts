// How long does a sender wait for its acknowledgement at 10 % and at 90 % of what the collector takes, settlement running? What it takes
// is measured first. PROFILE=lean,mixed,chat, SECONDS (default 15) each.
import { setTimeout as sleep } from 'node:timers/promises';
import { formatRow, readIngestSettings, saturate, withDatabase } from '../support/ingest-bench.ts';
import { runLoad } from '../support/load-process.ts';
import { startPipeline } from '../support/pipeline.ts';

const shares = [0.1, 0.9];
const concurrency = 256;
const restMs = 5_000;
const widths = [8, 8, 10, 10, 9, 9, 9];
const settings = readIngestSettings({ profiles: ['lean', 'mixed', 'chat'], seconds: 15, rounds: 1 });

console.log('ms from the moment a request of 512 spans was due to its acknowledgement');
console.log(formatRow(['profile', 'load', 'asked/s', 'spans/s', 'p50', 'p99', 'max'], widths));
for (const profile of settings.profiles) {
  await withDatabase(async (database) => {
    const pipeline = await startPipeline(database);
    try {
      const most = await saturate(pipeline.otlp, { profile, seconds: settings.seconds, seed: 1 });
      console.log(formatRow([profile, 'all', '', most.spansPerSecond, ...latencies(most.latencyMs)], widths));
      for (const [number, share] of shares.entries()) {
        await sleep(restMs);
        const rate = Math.round(most.spansPerSecond * share);
        const spans = rate * settings.seconds;
        const paced = { profile, rate, spans, concurrency, retries: 10, seed: 2 + number };
        const load = await runLoad({ ...paced, url: `${pipeline.otlp}/v1/traces` });
        const cells = [profile, `${share * 100} %`, rate, load.spansPerSecond, ...latencies(load.latencyMs)];
        console.log(formatRow(cells, widths));
      }
    } finally {
      await pipeline.stop();
    }
  });
}

function latencies({ p50, p99, max }: Record<'p50' | 'p99' | 'max', number | null>): string[] {
  return [p50, p99, max].map((value) => (value ?? Number.NaN).toFixed(0));
}
