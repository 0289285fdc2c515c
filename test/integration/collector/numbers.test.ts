import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { tables } from '../../../migrations/schema.ts';
import { connectDatabase, newProjectId } from '../../support/database.ts';
import { connectGrpc } from '../../support/grpc-client.ts';
import { attributesOf, encodeJson, encodings, logsOf, tracesOf, type WireSpan } from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { readSamples, type Sample, sumSamples } from '../../support/prometheus-text.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { type FragileDatabase, startFragileDatabase } from './fragile-database.ts';
import { chatAttributes, newSpan } from './live-collector.ts';

let database: FragileDatabase;
let dir: ReturnType<typeof makeTempDir>;
let program: Program;
let project: string;
beforeAll(async () => {
  database = await startFragileDatabase();
  return () => database.remove();
});
beforeEach(async () => {
  dir = makeTempDir('numbers');
  project = newProjectId();
  program = await start();
});
afterEach(async () => {
  await program.stop();
  dir.remove();
});

function start(): Promise<Program> {
  return startProgram('collector/main.ts', { ...environmentOf(database), SIGHTGLASS_DATA_DIR: dir.path });
}

async function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<number> {
  const reply = await fetch(program.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-sightglass-project': project, ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  await reply.arrayBuffer();
  return reply.status;
}

function traces(spans: WireSpan[], service = 'web'): string {
  return encodeJson(tracesOf(spans, { resource: attributesOf({ 'service.name': service }) })).toString();
}

function spansOf(count: number): WireSpan[] {
  return Array.from({ length: count }, () => newSpan());
}

async function readMetrics(): Promise<(what: string, labels?: Record<string, string>) => number> {
  const samples: Sample[] = readSamples(await (await fetch(`${program.url}/metrics`)).text());
  return (what, labels) => sumSamples(samples, `sightglass_${what}`, labels);
}

/** What the equation is made of. */
async function readEquation() {
  const sum = await readMetrics();
  return {
    received: sum('received_items_total'),
    stored: sum('stored_items_total'),
    spooled: sum('spooled_items_total'),
    rejected: sum('rejected_items_total'),
  };
}

async function waitUntil(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error(`${what} did not come`);
    await sleep(50);
  }
}

async function readRows<Row>(query: string): Promise<Row[]> {
  const client = connectDatabase(database);
  try {
    const reply = await client.query({ query, query_params: { project }, format: 'JSONEachRow' });
    return await reply.json<Row>();
  } finally {
    await client.close();
  }
}

async function countStored(): Promise<number> {
  const [row] = await readRows<{ n: string }>(
    `SELECT count() AS n FROM (
       SELECT span_id AS id FROM ${tables.spans} WHERE project_id = {project:String}
       UNION ALL SELECT event_id FROM ${tables.spanEvents} WHERE project_id = {project:String})`,
  );
  return Number(row?.n);
}

async function readSaved(): Promise<Record<string, number>> {
  const rows = await readRows<{ what: string; n: string }>(
    `SELECT what, sum(count) AS n FROM ${tables.ingestCounts}
     WHERE project_id = {project:String} AND what IN ('received', 'stored', 'spooled', 'rejected') GROUP BY what`,
  );
  return Object.fromEntries(rows.map(({ what, n }) => [what, Number(n)]));
}

it('received = stored + rejected, by every door, in /metrics, in the tables and in what is stored', async () => {
  expect(await post('/v1/traces', traces([...spansOf(10), newSpan({}, { traceId: 'ab' })]))).toBe(200);
  expect(await post('/v1/traces', traces(spansOf(5), 'jobs'))).toBe(200);
  const protobuf = { 'content-type': encodings.protobuf.contentType };
  expect(await post('/v1/traces', encodings.protobuf.encode(tracesOf(spansOf(3))), protobuf)).toBe(200);
  const { traceId, spanId, startTimeUnixNano } = newSpan();
  const record = { traceId, spanId, timeUnixNano: startTimeUnixNano };
  const logs = logsOf([
    { ...record, eventName: 'gen_ai.user.message' },
    { ...record, eventName: 'boot' },
  ]);
  expect(await post('/v1/logs', encodeJson(logs))).toBe(200);
  expect(await post('/v1/traces', '{')).toBe(400);
  expect(await post('/v1/traces', '{}', { 'content-type': 'text/plain' })).toBe(415);
  const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024));
  expect(await post('/v1/traces', bomb, { 'content-encoding': 'gzip' })).toBe(413);

  const grpc = connectGrpc(program.otherUrls['SIGHTGLASS_OTLP_GRPC_PORT'] ?? '');
  try {
    const metadata = { 'x-sightglass-project': project };
    const sent = encodings.protobuf.encode(tracesOf([...spansOf(4), newSpan({}, { spanId: '' })]));
    expect((await grpc.send('traces', sent, { metadata })).code).toBe(0);
    expect((await grpc.send('traces', Buffer.from([0xff]), { metadata })).code).toBe(3);
    const foreign = { ...metadata, origin: 'http://evil.example' };
    expect((await grpc.send('traces', sent, { metadata: foreign })).code).toBe(7);
    expect((await grpc.send('traces', Buffer.alloc(65 * 1024 * 1024), { metadata })).code).toBe(8);
  } finally {
    grpc.close();
  }

  const requests = async () => {
    const sum = await readMetrics();
    const outcomes = ['ok', 'partial', '400', '403', '413', '415'];
    return outcomes.map((outcome) => sum('requests_total', { outcome }));
  };
  // A call is told of when it has ended, which its client may know a moment sooner.
  await waitUntil('every request', async () => (await requests()).reduce((all, one) => all + one, 0) === 11);
  expect(await requests()).toEqual([2, 3, 2, 1, 2, 1]);
  expect(await readEquation()).toEqual({ received: 26, stored: 23, spooled: 0, rejected: 3 });
  const sum = await readMetrics();
  for (const protocol of ['http-json', 'http-protobuf', 'grpc']) {
    const of = (what: string) => sum(`${what}_items_total`, { protocol });
    expect(of('received')).toBe(of('stored') + of('rejected'));
  }
  expect(await countStored()).toBe(23);
  expect(sum('queue_bytes')).toBe(0);

  await program.stop();
  expect(await readSaved()).toEqual({ received: 26, stored: 23, rejected: 3 });
  const rejects = await readRows(
    `SELECT code, place FROM ${tables.ingestRejects} WHERE project_id = {project:String} AND place != '' ORDER BY time`,
  );
  expect(rejects).toEqual([
    { code: 'trace_id_length', place: 'resourceSpans[0].scopeSpans[0].spans[10]' },
    { code: 'not_a_genai_event', place: 'resourceLogs[0].scopeLogs[0].logRecords[1]' },
    { code: 'span_id_length', place: 'resourceSpans[0].scopeSpans[0].spans[4]' },
  ]);
  program = await start();
});

it('what goes by way of the disk is counted once, and is in the tables when ClickHouse is back', async () => {
  expect(await post('/v1/traces', traces(spansOf(2)))).toBe(200);
  await database.kill();
  const replies = [3, 4].map((count) => post('/v1/traces', traces([...spansOf(count), newSpan({}, { traceId: '' })])));
  expect(await Promise.all(replies)).toEqual([200, 200]);
  expect(await readEquation()).toEqual({ received: 11, stored: 2, spooled: 7, rejected: 2 });
  const away = await readMetrics();
  expect([away('spool_requests'), away('circuit_state', { state: 'closed' })]).toEqual([2, 0]);
  expect(away('spool_bytes')).toBeGreaterThan(0);

  await database.restart();
  await waitUntil('the replay', async () => (await readMetrics())('spool_requests') === 0);
  const back = await readMetrics();
  expect([back('replayed_items_total'), back('replayed_requests_total')]).toEqual([7, 2]);
  expect(await readEquation()).toEqual({ received: 11, stored: 2, spooled: 7, rejected: 2 });
  expect(await countStored()).toBe(9);
  await waitUntil('the counts', async () => (await readSaved())['received'] === 11);
  expect(await readSaved()).toEqual({ received: 11, stored: 2, spooled: 7, rejected: 2 });
  // What was saved is not saved again.
  await program.stop();
  expect(await readSaved()).toEqual({ received: 11, stored: 2, spooled: 7, rejected: 2 });
  program = await start();
});

it('a history that comes again is counted as not sent again', async () => {
  const call = () => newSpan(chatAttributes(['a', 'b', 'c'], { 'session.id': project }));
  for (let times = 0; times < 3; times += 1) expect(await post('/v1/traces', traces([call()]))).toBe(200);
  expect((await readMetrics())('repeated_messages_total')).toBe(6);
});

it('a collector that is killed forgets at most its last counts, and no span', async () => {
  expect(await post('/v1/traces', traces(spansOf(6)))).toBe(200);
  await waitUntil('the counts', async () => (await readSaved())['received'] === 6);
  expect(await post('/v1/traces', traces(spansOf(3)))).toBe(200);
  await program.kill();
  program = await start();
  expect(await countStored()).toBe(9);
  const { received = 0, stored = 0 } = await readSaved();
  expect(received).toBe(stored);
  expect([6, 9]).toContain(received);
});
