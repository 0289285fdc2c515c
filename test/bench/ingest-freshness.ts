// At 5,000 mixed spans a second for 30 s, and at 10,000 for 60 s: how soon can a span be read, how soon is its cost on the page, how far
// is settlement behind, and is everything booked when the load ends? RATE and SECONDS for one run of your own, PROBE=off without asking
// the API: ten askers at a time, who ask until the cost is there, take what settlement needs on two cores.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Freshness, probeFreshness } from '../support/freshness-probe.ts';
import { formatRow, withDatabase } from '../support/ingest-bench.ts';
import { runLoad } from '../support/load-process.ts';
import { startPipeline } from '../support/pipeline.ts';
import { compareStored, readRowCounts, readStoredSums, waitUntilBooked } from '../support/stored-sums.ts';

const warmupMs = 5_000;
const probeEveryMs = 1_000;
const concurrency = 32;
const settlePatienceMs = 180_000;
const widths = [10, 9, 18, 18, 18, 18, 12];
/** Less busy work than this tells the same of a run in which nobody asks. */
const countEveryMs = 2_000;
const rate = Number(process.env['RATE'] ?? 0);
const seconds = Number(process.env['SECONDS'] ?? 30);
const isProbed = process.env['PROBE'] !== 'off';
const runs =
  rate > 0
    ? [{ rate, seconds, isProbed }]
    : [
        { rate: 5_000, seconds: 30, isProbed: true },
        { rate: 10_000, seconds: 60, isProbed: false },
      ];

console.log(
  'ms: p50 / p95 / max, from sending to being readable and booked, and how far settlement is behind what has arrived; the last third of a run tells whether it falls further behind',
);
console.log(
  formatRow(
    ['rate', 'spans/s', 'readable', 'booked', 'behind', 'behind, last third', 'all booked s after the end'],
    widths,
  ),
);
for (const run of runs) await measure(run);

function measure(run: { rate: number; seconds: number; isProbed: boolean }): Promise<void> {
  return withDatabase(async (database, client) => {
    const pipeline = await startPipeline(database);
    try {
      const probes: Promise<Freshness>[] = [];
      const counts: { arrived: number; booked: number }[] = [];
      const spans = run.rate * run.seconds;
      const sending = new AbortController();
      const load = runLoad({
        ...{ spans, rate: run.rate, profile: 'mixed', concurrency, retries: 10, seed: 11 },
        url: `${pipeline.otlp}/v1/traces`,
      }).finally(() => {
        sending.abort();
      });
      await sleep(warmupMs);
      while (!sending.signal.aborted) {
        if (run.isProbed) {
          const probe = probeFreshness(pipeline);
          probe.catch(() => undefined); // looked at below, with all others
          probes.push(probe);
        }
        counts.push(await readRowCounts(client));
        await sleep(run.isProbed ? probeEveryMs : countEveryMs);
      }
      const { acknowledged, spansPerSecond } = await load;
      const sinceMs = performance.now();
      const outcomes = await Promise.allSettled(probes);
      const found = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      if (found.length < outcomes.length) {
        console.log(`WRONG at ${run.rate} spans/s: ${outcomes.length - found.length} probes did not come back`);
        process.exitCode = 1;
      }
      // The probes are booked too, each a call of 100 and 10 tokens.
      const expected = {
        ...acknowledged,
        spans: acknowledged.spans + probes.length,
        modelCalls: acknowledged.modelCalls + probes.length,
        inputTokens: acknowledged.inputTokens + 100 * probes.length,
        outputTokens: acknowledged.outputTokens + 10 * probes.length,
      };
      const settled = await waitUntilBooked(client, expected, { sinceMs, patienceMs: settlePatienceMs });
      for (const difference of compareStored(await readStoredSums(client), expected)) {
        console.log(`WRONG at ${run.rate} spans/s: ${difference}`);
        process.exitCode = 1;
      }
      const all = await readRowCounts(client);
      const behindMs = counts.map(
        ({ arrived, booked }) => ((arrived - (booked * all.arrived) / all.booked) / run.rate) * 1000,
      );
      const figures = [found.map(({ readableMs }) => readableMs), found.map(({ bookedMs }) => bookedMs), behindMs];
      const last = behindMs.slice(Math.floor((behindMs.length * 2) / 3));
      const described = [...figures, last].map(describe);
      console.log(formatRow([run.rate, spansPerSecond, ...described, settled.seconds.toFixed(1)], widths));
    } finally {
      await pipeline.stop();
    }
  });
}

function describe(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(0);
  return `${at(0.5)} / ${at(0.95)} / ${at(1)}`;
}
