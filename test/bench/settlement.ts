// What processor time does settlement take per million spans, in ClickHouse and in the settler, over SPANS (default 200000)?
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDatabase } from '../support/database.ts';
import { sendLoad } from '../support/load-send.ts';
import { environmentOf } from '../support/pipeline.ts';
import { startProgram } from '../support/program.ts';

const spans = Number(process.env['SPANS'] ?? 200_000);
const patienceMs = 600_000;
/** Of the kernel's clock in /proc. */
const ticksPerSecond = 100;

const database = await startDatabase();
const environment = environmentOf(database);
const collector = await startProgram('collector/main.ts', environment);
try {
  await measureCost();
} finally {
  await collector.stop();
  await database.stop();
}

/** Loads without a settler, lets ClickHouse come to rest, then lets one settle all of it. */
async function measureCost(): Promise<void> {
  const { acknowledged } = await sendLoad({
    ...{ spans, profile: 'mixed', concurrency: 8, retries: 10, seed: 12 },
    url: `${collector.url}/v1/traces`,
  });
  await sleep(5_000);
  const before = processorSeconds(database.pid);
  const began = performance.now();
  const settler = await startProgram('test/support/settler-process.ts', { ...environment, VERIFIED_LAG_MS: '2000' });
  const started = processorSeconds(settler.pid);
  const nowMs = Date.now();
  while (performance.now() - began < patienceMs) {
    if (await isVerified(nowMs)) break;
    await sleep(200);
  }
  const wall = (performance.now() - began) / 1000;
  const perMillion = (used: number) => ((used * 1e6) / acknowledged.spans).toFixed(0);
  const [clickhouse, node] = [processorSeconds(database.pid) - before, processorSeconds(settler.pid) - started];
  console.log(`${acknowledged.spans} mixed spans settled in ${wall.toFixed(1)} s`);
  console.log(`CPU s per million spans: ClickHouse ${perMillion(clickhouse)}, settler ${perMillion(node)}`);
  await settler.kill();
}

async function isVerified(sinceMs: number): Promise<boolean> {
  const url = new URL(database.url);
  const query = 'SELECT toUnixTimestamp64Milli(max(verified_to)) FROM sightglass.settlement_cursors LIMIT 1';
  const reply = await fetch(`${url.origin}/?query=${encodeURIComponent(query)}`, {
    headers: {
      'x-sightglass-secret': database.secret,
      'x-clickhouse-user': decodeURIComponent(url.username),
      'x-clickhouse-key': decodeURIComponent(url.password),
    },
  });
  return Number(await reply.text()) >= sinceMs;
}

/** User and system time of a process and its threads. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
