import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { WriteEvent } from '../../../collector/write/write-stats.ts';
import { tables } from '../../../migrations/schema.ts';
import { connectDatabase, newProjectId, type TestDatabase } from '../../support/database.ts';
import { tracesOf, type WireSpan } from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { type FragileDatabase, startFragileDatabase } from './fragile-database.ts';
import { chatAttributes, type LiveOptions, newSpan, startLiveCollector } from './live-collector.ts';

const tenMinutesMs = 600_000;
/** Of a server that nobody has started: an outage that takes no time. */
const nowhere: TestDatabase = { url: 'http://user:password@127.0.0.1:9/sightglass', secret: 'none' };
const quick = { retryMs: 200 };

let database: FragileDatabase;
let client: ClickHouseClient;
let dataDir: string;
let projectId: string;
const programs: Program[] = [];
beforeAll(async () => {
  database = await startFragileDatabase();
  client = connectDatabase(database);
  return async () => {
    await client.close();
    await database.remove();
  };
});
beforeEach(() => {
  projectId = newProjectId();
  const dir = makeTempDir('spool');
  dataDir = dir.path;
  return () => {
    dir.remove();
  };
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.kill()));
});

/** Bodies of spans, acknowledged while there is no ClickHouse. */
async function spool(bodies: readonly WireSpan[][], options: LiveOptions = {}): Promise<void> {
  const collector = startLiveCollector(nowhere, { dataDir, projectId, limits: quick, ...options });
  for (const spans of bodies) expect((await collector.post(tracesOf(spans))).status).toBe(200);
  await collector.close();
}

async function start(main: string, environment: Record<string, string> = {}): Promise<Program> {
  const program = await startProgram(main, {
    ...environmentOf(database),
    SIGHTGLASS_DATA_DIR: dataDir,
    ...environment,
  });
  programs.push(program);
  return program;
}

function isReplayed(): boolean {
  return !readdirSync(join(dataDir, 'spool')).some((name) => name.endsWith('.segment'));
}

async function readRow(query: string): Promise<Record<string, number>> {
  const reply = await client.query({ query, query_params: { project: projectId }, format: 'JSONEachRow' });
  const [row = {}] = await reply.json<Record<string, string>>();
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
}

it('is booked when it is replayed ten minutes late, after everything else of that time is verified', async () => {
  const receivedMs = Date.now() - tenMinutesMs;
  const startNs = BigInt(receivedMs) * 1_000_000n;
  const usage = { 'gen_ai.request.model': 'gpt-4o-mini', 'gen_ai.provider.name': 'openai' };
  const call = () =>
    newSpan(
      chatAttributes(['late'], { ...usage, 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 10 }),
      { startTimeUnixNano: String(startNs), endTimeUnixNano: String(startNs + 5_000_000n) },
    );
  await spool([[call()], [call(), call()]], { nowMs: () => receivedMs });
  await start('test/support/settler-process.ts', { VERIFIED_LAG_MS: '1000' });
  const verified = 'SELECT toUnixTimestamp64Milli(max(verified_to)) AS ms FROM settlement_cursors LIMIT 1';
  await expect.poll(async () => (await readRow(verified))['ms']).toBeGreaterThan(receivedMs);

  await start('collector/main.ts');
  const booked = `SELECT sum(model_calls) AS calls, sum(input_tokens) AS input FROM ledger WHERE project_id = {project:String} LIMIT 1`;
  await expect.poll(() => readRow(booked)).toEqual({ calls: 3, input: 3000 });
  const arrived = `SELECT toUnixTimestamp64Milli(min(ingested_at)) AS ms, count() AS spans FROM ${tables.spans}
    WHERE project_id = {project:String} LIMIT 1`;
  const { ms, spans } = await readRow(arrived);
  expect(spans).toBe(3);
  expect(ms).toBeGreaterThan(receivedMs + tenMinutesMs - 1);
});

it('stores nothing twice when the collector is killed in the middle of the replay, again and again', async () => {
  const bodies = Array.from({ length: 60 }, (_, body) =>
    Array.from({ length: 200 }, (_span, span) => newSpan({ text: 'x'.repeat(500) }, { name: `${body} ${span}` })),
  );
  await spool(bodies, { limits: { ...quick, rows: 200 } });
  const counts = `SELECT count() AS stored, uniqExact(trace_id, span_id) AS spans FROM ${tables.spans}
    WHERE project_id = {project:String} LIMIT 1`;
  let kills = 0;
  while (!isReplayed()) {
    const collector = await start('collector/main.ts');
    await new Promise((resume) => setTimeout(resume, 300 * Math.random()));
    await collector.kill();
    kills += 1;
    if (kills === 8) {
      await start('collector/main.ts');
      await expect.poll(isReplayed).toBe(true);
    }
  }
  await expect.poll(() => readRow(counts)).toEqual({ stored: 12_000, spans: 12_000 });
});

it('waits while a table is missing, and stores then', async () => {
  const collector = startLiveCollector(database, { projectId, limits: quick });
  try {
    await client.command({ query: `RENAME TABLE ${tables.spans} TO spans_elsewhere` });
    expect((await collector.post(tracesOf([newSpan({}, { name: 'a' })]))).status).toBe(200);
    expect(await collector.status()).toMatchObject({ spoolRecords: 1 });
    await client.command({ query: `RENAME TABLE spans_elsewhere TO ${tables.spans}` });
    await expect.poll(() => collector.status()).toMatchObject({ spoolRecords: 0, circuit: 'closed' });
    expect(await collector.rows(`SELECT name FROM ${tables.spans} WHERE project_id = {project:String}`)).toEqual([
      { name: 'a' },
    ]);
  } finally {
    await collector.close();
  }
});

it('keeps one row that a table refuses as a dead letter, tells its sender, and stores all others', async () => {
  await client.command({ query: `ALTER TABLE ${tables.spans} ADD CONSTRAINT sober CHECK name != 'poison'` });
  const events: WriteEvent[] = [];
  const collector = startLiveCollector(database, { projectId, dataDir, onEvent: (event) => events.push(event) });
  try {
    const names = Array.from({ length: 300 }, (_, index) => (index === 123 ? 'poison' : `span ${index}`));
    const [reply, neighbour] = await Promise.all([
      collector.post(tracesOf(names.map((name) => newSpan(chatAttributes([name]), { name })))),
      collector.post(tracesOf([newSpan({}, { name: 'neighbour' })])),
    ]);
    expect([reply.status, neighbour.status]).toEqual([200, 200]);
    const answer = (await reply.json()) as { partialSuccess: { rejectedSpans: string; errorMessage: string } };
    expect(answer.partialSuccess.rejectedSpans).toBe('1');
    expect(answer.partialSuccess.errorMessage).toMatch(/^1 cannot be stored: .*sober/);
    expect(await neighbour.json()).toEqual({});
    const own = `SELECT count() AS stored, uniqExact(name) AS names FROM ${tables.spans} WHERE project_id = {project:String}`;
    expect(await readRow(own)).toEqual({ stored: 300, names: 300 });
    expect(events.filter(({ type }) => type === 'dead_letter')).toMatchObject([
      { rows: 1, kept: true, source: 'live' },
    ]);
    expect(existsSync(join(dataDir, 'dead-letters', '0000000001.segment'))).toBe(true);
  } finally {
    await collector.close();
    await client.command({ query: `ALTER TABLE ${tables.spans} DROP CONSTRAINT sober` });
  }
});

it('is refused to a second collector, in one line', async () => {
  await start('collector/main.ts');
  const second = start('collector/main.ts');
  await expect(second).rejects.toThrow(
    /ended with 1 before it was ready\nanother collector uses the spool .*: stop it, or/,
  );
});
