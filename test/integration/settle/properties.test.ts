import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../../server/queries/db.ts';
import { connectDatabase, newProjectId, type OwnDatabase, startDatabase } from '../../support/database.ts';
import { batchWriter, captureBatch, mixedCaptures, scheduleSeed, shuffle } from './capture-schedule.ts';
import { readLedger, settlerOf } from './settle-fixture.ts';

const scheduleCount = 6;
const batchesMax = 10;
const pauseMaxMs = 1_500;
/** Longer than an insert takes on a machine that is busy with other tests; the batches take longer still. */
const verifiedLagMs = 9_000;

let database: OwnDatabase;
let client: ClickHouseClient;

beforeAll(async () => {
  database = await startDatabase();
  client = connectDatabase(database);
});
afterAll(async () => {
  await client.close();
  await database.stop();
});

describe('spans of real SDK bodies, each once or twice, in any order and any batches', () => {
  const seed = scheduleSeed();
  const writeNothing = 'settled once more, from the first arrival on, write nothing';

  it(
    'come out as if they had come at once, with two settlers at work between the batches',
    { timeout: 120_000 },
    async () => {
      const [reference, ...projects] = Array.from({ length: scheduleCount + 1 }, newProjectId);
      if (reference === undefined) throw new Error('there is no project');
      // One of them works off small windows of the past, as after a long stop.
      const settlers = [
        settlerOf(database, { verifiedLagMs }),
        settlerOf(database, { verifiedLagMs, verifiedRowsMax: 20, batchRowsMax: 10 }),
      ];
      const writer = batchWriter(database);
      const stop = new AbortController();
      const running = settlers.map(({ settler }, place) => keepTicking(settler, 30 + 70 * place, stop.signal));
      await Promise.all([
        writer.write(captureBatch(reference)),
        ...projects.map((projectId, place) => send(writer, { projectId, seed: seed + place })),
      ]);
      const last = settlerOf(database);
      await last.settleAll();
      stop.abort();
      await Promise.all(running);
      await last.settleAll();
      const expected = await readState(last.db, reference);
      expect(sumsOf(expected.ledger)).toEqual(truth());
      for (const projectId of projects) expect(await readState(last.db, projectId)).toEqual(expected);
      expect(await countCorrections(last.db)).toBeGreaterThan(scheduleCount); // or nothing was settled in between
      await Promise.all([...settlers, last].map((settlement) => settlement.close()));
      await writer.close();
    },
  );

  it(writeNothing, async () => {
    const before = await countRows(client);
    await client.command({ query: 'TRUNCATE TABLE settlement_cursors' });
    const settlement = settlerOf(database);
    await settlement.settleAll();
    await settlement.close();
    expect(await countRows(client)).toEqual(before);
  });

  it.each([
    ['by_hour_agent_model', 'toStartOfHour(start_time), agent_name, model'],
    ['by_day_user_model', 'toDate(start_time), user_id, model'],
    ['by_day_agent_model', 'toDate(start_time), agent_name, model'],
  ])('leave the rollup %s equal to the ledger', async (_name, dimensions) => {
    const rollup = await readSums(client, dimensions, { optimize_use_projections: 1, force_optimize_projection: 1 });
    expect(rollup).toEqual(await readSums(client, dimensions, { optimize_use_projections: 0 }));
    expect(rollup.length).toBeGreaterThan(scheduleCount);
  });
});

type Settler = ReturnType<typeof settlerOf>['settler'];

async function keepTicking(settler: Settler, pauseMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await settler.tick();
    await sleep(pauseMs);
  }
}

async function send(
  writer: ReturnType<typeof batchWriter>,
  { projectId, seed }: { projectId: string; seed: number },
): Promise<void> {
  for (const [place, batch] of shuffle(captureBatch(projectId), { seed, count: 2 + (seed % batchesMax) }).entries()) {
    await writer.write(batch);
    await sleep((seed * (place + 1) * 7_919) % pauseMaxMs);
  }
}

/** Everything that is told of a project, without what depends on when it was told. */
async function readState(db: Db, projectId: string) {
  const read = (table: string, without: string) =>
    db.rows<Record<string, unknown>>(
      `SELECT * EXCEPT (project_id, pass, is_deleted, digest${without}) REPLACE (toString(cost_usd) AS cost_usd,
         toString(mapSort(labels)) AS labels)
       FROM ${table} FINAL WHERE project_id = {projectId:String} ORDER BY ALL LIMIT 10000`,
      { projectId },
    );
  return {
    ledger: await readLedger(db, projectId),
    traces: await read('traces', ', last_ingested_at'),
    sessionTraces: await read('session_traces', ''),
    sessions: await read('sessions', ''),
  };
}

async function countCorrections(db: Db): Promise<number> {
  const [row] = await db.rows<{ taken: string }>('SELECT countIf(sign < 0) AS taken FROM ledger LIMIT 1', {});
  return Number(row?.taken);
}

const sumNames = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'reasoning_tokens'];

function sumsOf(ledger: readonly Record<string, unknown>[]): Record<string, number> {
  return Object.fromEntries(
    sumNames.map((name) => [name, ledger.reduce((total, row) => total + Number(row[name]), 0)]),
  );
}

/** What the model server gave, whoever reported it. */
function truth(): Record<string, number> {
  const captures = mixedCaptures().map(({ derivable }) => derivable);
  const sum = (read: (of: (typeof captures)[number]) => number) => captures.reduce((total, of) => total + read(of), 0);
  return {
    input_tokens: sum((of) => of.input_total),
    output_tokens: sum((of) => of.output_total),
    cache_read_tokens: sum((of) => of.cache_read),
    cache_write_tokens: sum((of) => of.cache_write),
    reasoning_tokens: sum((of) => of.reasoning),
  };
}

async function countRows(client: ClickHouseClient): Promise<unknown> {
  const tables = ['ledger', 'traces', 'session_traces', 'sessions'];
  // Only the ledger keeps every row: of the others, merges leave the latest.
  const counts = tables.map(
    (table) => `(SELECT (max(pass), ${table === 'ledger' ? 'count()' : '0'}) FROM ${table}) AS ${table}`,
  );
  counts.push(`(SELECT sum(cityHash64(*)) FROM trace_places FINAL) AS trace_places`);
  const reply = await client.query({ query: `SELECT ${counts.join(', ')}`, format: 'JSONEachRow' });
  return reply.json();
}

async function readSums(
  client: ClickHouseClient,
  dimensions: string,
  settings: Record<string, number>,
): Promise<unknown[]> {
  const sums = [
    ...['model_calls', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'reasoning_tokens'],
    ...['priced_calls', 'unpriced_calls', 'costed_rows', 'cost_usd', 'reported_cost_usd'],
  ].map((name) => `sum(${name})`);
  const reply = await client.query({
    query: `SELECT project_id, ${dimensions}, ${sums.join(', ')} FROM ledger
      GROUP BY project_id, ${dimensions} ORDER BY ALL`,
    format: 'JSONCompactEachRow',
    clickhouse_settings: { output_format_json_quote_decimals: 1, ...settings },
  });
  return reply.json();
}
