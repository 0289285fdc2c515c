// How soon after a span is its cost on the page, at RATE (default 5000) spans a second for SECONDS (default 30)? And what
// processor time does settlement take per million spans, in ClickHouse and in the settler, over SPANS (default 200000)?
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDatabase } from '../support/database.ts';
import { sendLoad } from '../support/load-send.ts';
import { attributesOf, encodeProtobuf, tracesOf } from '../support/otlp-encode.ts';
import { environmentOf } from '../support/pipeline.ts';
import { type Program, startProgram } from '../support/program.ts';

const rate = Number(process.env['RATE'] ?? 5_000);
const seconds = Number(process.env['SECONDS'] ?? 30);
const spans = Number(process.env['SPANS'] ?? 200_000);
const warmupMs = 5_000;
const probeEveryMs = 1_000;
const pollMs = 100;
const patienceMs = 60_000;
/** Of the kernel's clock in /proc. */
const ticksPerSecond = 100;

const database = await startDatabase();
const environment = environmentOf(database);
const collector = await startProgram('collector/main.ts', environment);
try {
  await measureFreshness(await startProgram('server/main.ts', environment));
  await measureCost();
} finally {
  await collector.stop();
  await database.stop();
}

async function measureFreshness(server: Program): Promise<void> {
  const load = sendLoad({
    ...{ spans: rate * seconds, rate, profile: 'mixed', concurrency: 4, retries: 10, seed: 11 },
    url: `${collector.url}/v1/traces`,
  });
  const until = performance.now() + seconds * 1000 - warmupMs;
  await sleep(warmupMs);
  const probes: Promise<number>[] = [];
  for (let number = 0; performance.now() < until; number += 1) {
    probes.push(probe(server, number));
    await sleep(probeEveryMs);
  }
  const lags = (await Promise.all(probes)).sort((a, b) => a - b);
  const { acknowledged, spansPerSecond } = await load;
  const at = (share: number) => Math.round(lags[Math.floor((lags.length - 1) * share)] ?? 0);
  console.log(`${acknowledged.spans} spans at ${spansPerSecond} a second beside ${lags.length} probes`);
  console.log(`span sent to cost in the API, ms: p50 ${at(0.5)}  p95 ${at(0.95)}  max ${at(1)}`);
  await server.stop();
}

/** Milliseconds from the post of one call to its cost in the answer that the costs page reads. */
async function probe(server: Program, number: number): Promise<number> {
  const session = `probe-${number}`;
  const began = performance.now();
  const body = encodeProtobuf(tracesOf([probeSpan(session)]));
  const headers = { 'content-type': 'application/x-protobuf', 'x-sightglass-project': 'probe' };
  const reply = await fetch(`${collector.url}/v1/traces`, { method: 'POST', headers, body: new Uint8Array(body) });
  if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
  while (performance.now() - began < patienceMs) {
    const costs = await fetch(`${server.url}/api/costs?project=probe&session=${session}`);
    const { totals } = (await costs.json()) as { totals: { cost: { usd: string | null } } };
    if (totals.cost.usd !== null) return performance.now() - began;
    await sleep(pollMs);
  }
  throw new Error(`no cost within ${patienceMs} ms`);
}

function probeSpan(session: string) {
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join('');
  const now = BigInt(Date.now()) * 1_000_000n;
  return {
    traceId: hex(32),
    spanId: hex(16),
    name: 'chat gpt-4o-mini',
    kind: 3,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 1_000_000n),
    attributes: attributesOf({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o-mini',
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.output_tokens': 10,
      'session.id': session,
    }),
  };
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
  while (performance.now() - began < patienceMs * 10) {
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
