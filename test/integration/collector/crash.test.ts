import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { tables } from '../../../migrations/schema.ts';
import { newProjectId } from '../../support/database.ts';
import { encodeProtobuf, tracesOf } from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { type FragileDatabase, startFragileDatabase } from './fragile-database.ts';
import { chatAttributes, newSpan, startLiveCollector } from './live-collector.ts';

const posters = 6;
const spansPerRequest = 5;
const rounds = 4;

const dataDir = makeTempDir('crash');
let database: FragileDatabase;
let collector: Program;
beforeAll(async () => {
  database = await startFragileDatabase();
  collector = await startCollector();
  return async () => {
    await collector.stop();
    await database.remove();
    dataDir.remove();
  };
});

/** What one has spooled the next one stores. */
function startCollector(): Promise<Program> {
  return startProgram('collector/main.ts', { ...environmentOf(database), SIGHTGLASS_DATA_DIR: dataDir.path });
}

/** Posts without a pause until it is told to end; answers the ids of the spans that were acknowledged. */
function startPosters(project: string): { acknowledged: string[]; stop: () => Promise<void> } {
  const acknowledged: string[] = [];
  let running = true;
  const post = async (poster: number) => {
    const history: string[] = [];
    while (running) {
      history.push(`poster ${poster} says ${history.length}`);
      const spans = Array.from({ length: spansPerRequest }, () =>
        newSpan(chatAttributes(history, { 'session.id': `poster ${poster}` })),
      );
      const headers = { 'content-type': 'application/x-protobuf', 'x-sightglass-project': project };
      const body = new Uint8Array(encodeProtobuf(tracesOf(spans)));
      const reply = await fetch(`${collector.url}/v1/traces`, { method: 'POST', headers, body }).catch(() => undefined);
      if (reply?.status === 200) acknowledged.push(...spans.map(({ spanId }) => spanId));
      else await sleep(50);
    }
  };
  const all = Array.from({ length: posters }, (_, poster) => post(poster));
  return {
    acknowledged,
    stop: async () => {
      running = false;
      await Promise.all(all);
    },
  };
}

it('keeps every acknowledged span through crashes of the collector and of ClickHouse', async () => {
  const project = newProjectId();
  const { acknowledged, stop } = startPosters(project);
  for (let round = 0; round < rounds; round += 1) {
    await sleep(300 + 200 * Math.random());
    await collector.kill();
    collector = await startCollector();
    await sleep(300 + 200 * Math.random());
    await database.kill();
    await database.restart();
  }
  await sleep(300);
  await stop();
  expect(acknowledged.length).toBeGreaterThan(rounds * spansPerRequest);

  const reader = startLiveCollector(database, { projectId: project });
  try {
    await expect.poll(() => hasSpooled(dataDir.path)).toBe(false);
    const own = 'WHERE project_id = {project:String}';
    const idsIn = async (query: string) => (await reader.rows<{ id: string }>(query)).map(({ id }) => id);
    const spans = await idsIn(
      `SELECT lower(hex(span_id)) AS id FROM ${tables.spans} ${own} LIMIT 1 BY trace_id, span_id`,
    );
    expect(missing(acknowledged, spans)).toEqual([]);
    expect(new Set(spans).size).toBe(spans.length);
    const skeletons = await idsIn(`SELECT lower(hex(span_id)) AS id FROM ${tables.skeletons} ${own}`);
    expect(missing(acknowledged, skeletons)).toEqual([]);
    const hashes = await idsIn(`SELECT DISTINCT hex(arrayJoin(input_messages)) AS id FROM ${tables.spans} ${own}`);
    const messages = await idsIn(`SELECT DISTINCT hex(hash) AS id FROM ${tables.messages} ${own}`);
    expect(missing(hashes, messages)).toEqual([]);
  } finally {
    await reader.close();
  }
});

function hasSpooled(dir: string): boolean {
  return readdirSync(join(dir, 'spool')).some((name) => name.endsWith('.segment'));
}

function missing(expected: readonly string[], present: readonly string[]): string[] {
  const set = new Set(present);
  return expected.filter((id) => !set.has(id));
}
