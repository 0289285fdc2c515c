// What does a long agent run, which resends its whole history with each of 50 calls, take on disk? RUNS (default 100) of them, no two
// alike, with everything: settled, all parts of all tables merged. Their speed is in `ingest`, profile agent.
import type { ClickHouseClient } from '@clickhouse/client';
import { withDatabase } from '../support/ingest-bench.ts';
import { runLoad } from '../support/load-process.ts';
import { startPipeline } from '../support/pipeline.ts';
import { waitUntilBooked } from '../support/stored-sums.ts';

const runs = Number(process.env['RUNS'] ?? 100);
const steps = 50;
const settlePatienceMs = 180_000;

await withDatabase(async (database, client) => {
  const pipeline = await startPipeline(database);
  try {
    const load = await runLoad({
      ...{ profile: 'agent', spans: runs * (1 + 2 * steps), steps, concurrency: 8, retries: 10 },
      // A template for each: text that repeats would be compressed away.
      templates: runs,
      url: `${pipeline.otlp}/v1/traces`,
    });
    const { seconds, differences } = await waitUntilBooked(client, load.acknowledged, {
      sinceMs: performance.now(),
      patienceMs: settlePatienceMs,
    });
    for (const difference of differences) {
      console.log(`WRONG: ${difference}`);
      process.exitCode = 1;
    }
    const sent = load.bytesPerSpan * (1 + 2 * steps);
    console.log(
      `${runs} runs of ${(sent / 1e6).toFixed(2)} MB at ${load.megabytesPerSecond} MB/s, settled ${seconds.toFixed(1)} s later`,
    );
    await mergeAll(client);
    const tables = await readSizes(client);
    const total = tables.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { table, bytes, rows } of tables) {
      console.log(`${table.padEnd(22)} ${(bytes / runs / 1e3).toFixed(1).padStart(7)} KB a run, ${rows} rows`);
    }
    console.log(
      `${'everything'.padEnd(22)} ${(total / runs / 1e3).toFixed(1).padStart(7)} KB a run, 1 : ${(sent / (total / runs)).toFixed(0)}`,
    );
  } finally {
    await pipeline.stop();
  }
});

/** One part a partition in each table. */
async function mergeAll(client: ClickHouseClient): Promise<void> {
  for (const { table } of await readSizes(client)) await client.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
}

/** On disk: columns, indexes, projections and marks of active parts, largest first. */
async function readSizes(client: ClickHouseClient): Promise<{ table: string; bytes: number; rows: number }[]> {
  const answer = await client.query({
    query: `SELECT table, sum(bytes_on_disk) AS bytes, sum(rows) AS rowCount FROM system.parts
      WHERE active AND database = currentDatabase() GROUP BY table ORDER BY bytes DESC LIMIT 100`,
    format: 'JSONEachRow',
  });
  const rows = await answer.json<{ table: string; bytes: string; rowCount: string }>();
  return rows.map(({ table, bytes, rowCount }) => ({ table, bytes: Number(bytes), rows: Number(rowCount) }));
}
