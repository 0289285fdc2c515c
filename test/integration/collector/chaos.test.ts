import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startChaosClients } from '../../support/chaos-clients.ts';
import { connectDatabase } from '../../support/database.ts';
import { createRandom } from '../../support/load-random.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';
import { compareStored, readStoredSums, waitUntilBooked } from '../../support/stored-sums.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { type FragileDatabase, startFragileDatabase } from './fragile-database.ts';

/** Every kind of trouble once; CHAOS_MINUTES goes on with random ones for so long. */
const minutes = Number(process.env['CHAOS_MINUTES'] ?? 0);
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const random = createRandom(seed);

/** The collector leaves 256 MiB of its disk free: this is what its spool gets. */
const spoolMebibytes = 24;
/** Longer than a batch is tried before it is spooled (6 s). */
const spoolingMs = 7_000;
/** Longer than an insert lives. */
const verifiedLagMs = 21_000;

const disk = mountSmallDisk('chaos', 256 + spoolMebibytes);
const folder = disk ?? makeTempDir('chaos');
let database: FragileDatabase;
let collector: Program;
let settler: Program;
let client: ClickHouseClient;

beforeAll(async () => {
  database = await startFragileDatabase();
  client = connectDatabase(database);
  collector = await startCollector();
  settler = await startSettler();
});
afterAll(async () => {
  database.thaw();
  await Promise.all([collector.kill(), settler.kill()]);
  await client.close();
  await database.remove();
  folder.remove();
});

function startCollector(): Promise<Program> {
  return startProgram('collector/main.ts', {
    ...environmentOf(database),
    SIGHTGLASS_DATA_DIR: folder.path,
    // Where no disk may be mounted the limit stands for it.
    ...(disk === undefined ? { SIGHTGLASS_SPOOL_MAX_BYTES: String(2 * 1024 * 1024) } : {}),
  });
}

function startSettler(): Promise<Program> {
  return startProgram('test/support/settler-process.ts', {
    ...environmentOf(database),
    VERIFIED_LAG_MS: String(verifiedLagMs),
  });
}

async function restartCollector(): Promise<void> {
  await collector.kill();
  collector = await startCollector();
}

const troubles = {
  'the collector is killed': restartCollector,
  'the settler is killed': async () => {
    await settler.kill();
    settler = await startSettler();
  },
  'ClickHouse is killed': async () => {
    await database.kill();
    await sleep(1_000 * random());
    await database.restart();
  },
  'both are killed': async () => {
    await Promise.all([database.kill(), collector.kill()]);
    await database.restart();
    collector = await startCollector();
  },
  'the collector pauses': async () => {
    process.kill(collector.pid, 'SIGSTOP');
    await sleep(2_000 * random());
    process.kill(collector.pid, 'SIGCONT');
  },
  'ClickHouse pauses': async () => {
    database.freeze();
    await sleep(3_000 * random());
    database.thaw();
  },
  'ClickHouse is away, the collector is killed as it spools and as it replays': async () => {
    await database.kill();
    await sleep(spoolingMs + 1_000 * random());
    await restartCollector();
    await sleep(1_000 * random());
    await database.restart();
    await sleep(1_000 * random());
    await restartCollector();
    await sleep(500 * random());
    await restartCollector();
  },
  'ClickHouse stands still until its inserts are given up': async () => {
    database.freeze();
    await sleep(spoolingMs + 2_000 * random());
    database.thaw();
  },
  'ClickHouse is killed as the spool is replayed': async () => {
    await database.kill();
    await sleep(spoolingMs + 1_000 * random());
    await database.restart();
    await sleep(600 * random());
    await database.kill();
    await sleep(1_000 * random());
    await database.restart();
  },
  'ClickHouse is away and the disk is full': async () => {
    disk?.fill();
    await database.kill();
    await sleep(spoolingMs + 1_000);
    await restartCollector();
    await sleep(1_000);
    disk?.empty();
    await sleep(2_000 * random());
    await database.restart();
  },
} satisfies Record<string, () => Promise<void>>;

it(
  'has stored and booked exactly what was acknowledged, whatever is killed, paused or full',
  async () => {
    console.log(
      `chaos: CHAOS_SEED=${seed}${disk === undefined ? ', without a disk of its own: a spool limit instead' : ''}`,
    );
    const clients = startChaosClients(() => collector.url, seed);
    const ends = Date.now() + minutes * 60_000;
    const names = Object.keys(troubles) as (keyof typeof troubles)[];
    for (let queue = shuffle(names); queue.length > 0 || Date.now() < ends;) {
      const name = queue.pop();
      if (name === undefined) {
        queue = shuffle(names);
        continue;
      }
      await sleep(500 + 1_000 * random());
      await troubles[name]();
    }
    await sleep(1_000);
    await clients.stop();
    const { acknowledged, ids, statuses } = clients;
    console.log(`chaos: ${ids.size} spans acknowledged; answers ${JSON.stringify([...statuses])}`);
    expect([...statuses.keys()].filter((status) => ![0, 200, 429, 503].includes(status))).toEqual([]);
    expect(statuses.get(503), 'the full disk was seen').toBeGreaterThan(0);

    await expect.poll(() => spooledSegments(), { timeout: 60_000 }).toEqual([]);
    const stored = await readIds();
    expect({ lost: missing(ids, stored), strange: missing(stored, ids) }).toEqual({ lost: [], strange: [] });
    const booked = await waitUntilBooked(client, acknowledged, { sinceMs: performance.now(), patienceMs: 90_000 });
    expect(booked.differences).toEqual([]);
    await untilVerified();
    expect(compareStored(await readStoredSums(client), acknowledged)).toEqual([]);
    expect(await readSummaries()).toEqual({ spans: acknowledged.spans, calls: acknowledged.modelCalls });
  },
  400_000 + minutes * 60_000,
);

function shuffle<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value);
}

function spooledSegments(): string[] {
  return readdirSync(join(folder.path, 'spool')).filter((name) => /\.(segment|damaged|unreadable)$/.test(name));
}

async function readIds(): Promise<Set<string>> {
  const reply = await client.query({
    query: 'SELECT DISTINCT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span FROM spans LIMIT 100000000',
    format: 'JSONEachRow',
  });
  return new Set((await reply.json<{ trace: string; span: string }>()).map(({ trace, span }) => `${trace} ${span}`));
}

function missing(from: ReadonlySet<string>, others: ReadonlySet<string>): string[] {
  return [...from.difference(others)].slice(0, 10);
}

/** Everything that has arrived so far is booked for good. */
async function untilVerified(): Promise<void> {
  const now = Date.now();
  await expect.poll(readVerifiedMs, { timeout: 90_000 }).toBeGreaterThan(now);
}

async function readVerifiedMs(): Promise<number> {
  const [row] = await readRow('SELECT toUnixTimestamp64Milli(max(verified_to)) AS ms FROM settlement_cursors LIMIT 1');
  return Number(row?.['ms']);
}

/** What the lists show: no span and no call twice. */
async function readSummaries(): Promise<{ spans: number; calls: number }> {
  const query = 'SELECT sum(span_count) AS spans, sum(model_calls) AS calls FROM traces FINAL LIMIT 1';
  const [row] = await readRow(query);
  return { spans: Number(row?.['spans']), calls: Number(row?.['calls']) };
}

async function readRow(query: string): Promise<Record<string, string>[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<Record<string, string>>();
}
