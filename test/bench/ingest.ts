// How many spans a second does one collector acknowledge, everything on this machine?
import { startDatabase } from '../support/database.ts';
import { sendLoad } from '../support/load-send.ts';
import { startPipeline } from '../support/pipeline.ts';

const runs = [
  { profile: 'lean', spans: 400_000 },
  { profile: 'mixed', spans: 200_000 },
  { profile: 'chat', spans: 60_000 },
  { profile: 'agent', spans: 10_100 },
] as const;
const concurrency = 16;

const database = await startDatabase();
const pipeline = await startPipeline(database);
try {
  console.log('profile  spans    spans/s  MB/s    ack p50 / p99 ms  failed requests');
  for (const [index, run] of runs.entries()) {
    const result = await sendLoad({
      ...run,
      concurrency,
      seed: index + 1,
      url: `${pipeline.otlp}/v1/traces`,
      warmup: Math.round(run.spans / 20),
      retries: 10,
    });
    const { acknowledged, spansPerSecond, megabytesPerSecond, latencyMs, httpErrors } = result;
    console.log(
      [
        run.profile.padEnd(8),
        String(acknowledged.spans).padEnd(8),
        String(spansPerSecond).padEnd(8),
        String(megabytesPerSecond).padEnd(7),
        `${latencyMs.p50 ?? '–'} / ${latencyMs.p99 ?? '–'}`.padEnd(17),
        String(httpErrors),
      ].join(' '),
    );
  }
} finally {
  await pipeline.stop();
  await database.stop();
}
