import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Connection, latestMigration, migrate } from '../../../migrations/migrate.ts';
import { tables } from '../../../migrations/schema.ts';
import { connectDatabase, useDatabase } from '../../support/database.ts';

const retention = { retentionDays: 400, contentDays: 90 };
let connection: Connection & { secret: string };
let client: ClickHouseClient;

/** A database of its own on the run's ClickHouse. */
beforeEach(() => {
  const shared = useDatabase();
  const url = new URL(shared.url);
  url.pathname = `/migrate_${randomUUID().replaceAll('-', '')}`;
  connection = { url: url.href, secret: shared.secret };
  client = connectDatabase(connection);
});

afterEach(async () => {
  await client.command({ query: `DROP DATABASE IF EXISTS ${new URL(connection.url).pathname.slice(1)} SYNC` });
  await client.close();
});

async function rows(query: string): Promise<Record<string, unknown>[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<Record<string, unknown>>();
}

async function definitionOf(table: string): Promise<string> {
  const [row] = await rows(
    `SELECT create_table_query AS definition FROM system.tables WHERE database = currentDatabase() AND name = '${table}'`,
  );
  return String(row?.['definition']);
}

test('makes every table once and has nothing to do the second time', async () => {
  const first = await migrate(connection, retention);
  expect(first.applied.length).toBeGreaterThan(0);
  expect(first.current).toBe(await latestMigration());
  const names = (await rows('SELECT name FROM system.tables WHERE database = currentDatabase()')).map(
    ({ name }) => name,
  );
  expect(names).toEqual(expect.arrayContaining(Object.values(tables)));
  const altered = await rows('SELECT count() AS n FROM system.mutations WHERE database = currentDatabase()');

  expect((await migrate(connection, retention)).applied).toEqual([]);
  expect(await rows('SELECT count() AS n FROM system.mutations WHERE database = currentDatabase()')).toEqual(altered);
});

test('finishes a migration that was cut off half way', async () => {
  await migrate(connection, retention);
  await client.command({ query: `ALTER TABLE ${tables.schemaMigrations} DELETE WHERE 1 SETTINGS mutations_sync = 2` });
  await client.command({ query: `DROP TABLE ${tables.ledger} SYNC` });

  await migrate(connection, retention);
  expect(await rows(`SELECT count() AS n FROM ${tables.ledger}`)).toEqual([{ n: 0 }]);
});

test('refuses a released file that was edited', async () => {
  await migrate(connection, retention);
  await client.insert({
    table: tables.schemaMigrations,
    values: [{ name: await latestMigration(), checksum: 'another' }],
    format: 'JSONEachRow',
  });
  await expect(migrate(connection, retention)).rejects.toThrow(/was changed after it had been applied/);
});

test('refuses a database that is newer than the release', async () => {
  await migrate(connection, retention);
  await client.insert({
    table: tables.schemaMigrations,
    values: [{ name: '9999_later.sql', checksum: 'x' }],
    format: 'JSONEachRow',
  });
  await expect(migrate(connection, retention)).rejects.toThrow(/9999_later.sql.*use a newer release/);
});

test('a changed retention is in force in every table after the next start', async () => {
  await migrate(connection, retention);
  expect(await definitionOf(tables.spans)).toContain('TTL toDate(start_time) + toIntervalDay(400) SETTINGS');
  expect(await definitionOf(tables.messages)).toContain('TTL week + toIntervalDay(97) SETTINGS');

  await migrate(connection, { retentionDays: 30, contentDays: 7 });
  expect(await definitionOf(tables.spans)).toContain('TTL toDate(start_time) + toIntervalDay(30) SETTINGS');
  expect(await definitionOf(tables.spans)).toMatch(
    /`tool_result` String CODEC\(ZSTD\(1\)\) TTL toDate\(start_time\) \+ toIntervalDay\(7\)/,
  );
  expect(await definitionOf(tables.messages)).toContain('TTL week + toIntervalDay(14) SETTINGS');
  expect(await definitionOf(tables.ledger)).toContain('TTL toDate(booked_at) + toIntervalDay(30) SETTINGS');
});

test('payloads are forgotten after the content days, the span stays', async () => {
  await migrate(connection, retention);
  const age = (days: number) => `now64(9) - toIntervalDay(${String(days)})`;
  const columns = '(project_id, trace_id, span_id, start_time, name, tool_result)';
  for (const days of [1, 100]) {
    await client.command({
      query: `INSERT INTO ${tables.spans} ${columns} SELECT 'p', toString(${String(days)}), 's', ${age(days)}, 'lookup', '"secret"'`,
    });
  }
  await client.command({ query: `OPTIMIZE TABLE ${tables.spans} FINAL` });
  expect(await rows(`SELECT name, tool_result FROM ${tables.spans} ORDER BY start_time`)).toEqual([
    { name: 'lookup', tool_result: '' },
    { name: 'lookup', tool_result: '"secret"' },
  ]);
});

test('the ledger answers roll-ups from its projections, with the exact sums of its rows', async () => {
  await migrate(connection, retention);
  await client.command({
    query: `INSERT INTO ${tables.ledger}
      (project_id, trace_id, span_id, start_time, sign, agent_name, model, user_id, model_calls, cost_usd, pass)
      SELECT 'p', toString(number), toString(number % 1000), now64(9) - number % 100000, 1, 'agent-' || number % 5,
        'model-' || number % 3, 'user-' || number % 100, 1, toDecimal64('0.000000000001', 12) * (number % 7), 1
      FROM numbers(100000)`,
  });
  const rollups = {
    by_day_agent_model: `SELECT toDate(start_time) AS day, agent_name, model, sum(cost_usd) AS usd FROM ledger
      WHERE project_id = 'p' AND toDate(start_time) >= '2020-01-01' GROUP BY day, agent_name, model`,
    by_hour_agent_model: `SELECT toStartOfHour(start_time) AS hour, sum(cost_usd) AS usd FROM ledger
      WHERE project_id = 'p' AND toStartOfHour(start_time) >= '2020-01-01 00:00:00' GROUP BY hour`,
    by_day_user_model: `SELECT user_id, sum(cost_usd) AS usd FROM ledger
      WHERE project_id = 'p' AND toDate(start_time) >= '2020-01-01' GROUP BY user_id`,
    last_pass: 'SELECT max(pass) AS last FROM ledger WHERE shard = 0',
  };
  for (const [projection, query] of Object.entries(rollups)) {
    const plan = await rows(`EXPLAIN projections = 1 ${query}`);
    expect(JSON.stringify(plan)).toContain(`ReadFromMergeTree (${projection})`);
  }
  const total = 'SELECT sum(usd) AS usd FROM';
  const raw = await rows(`${total} (SELECT cost_usd AS usd FROM ledger) SETTINGS optimize_use_projections = 0`);
  expect(await rows(`${total} (${rollups.by_day_agent_model})`)).toEqual(raw);
  expect(await rows(`${total} (${rollups.by_day_user_model})`)).toEqual(raw);
});

test('keeps the places of traces, also when it is repeated from any statement on', async () => {
  const todayMs = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  await migrate(connection, retention);
  await client.command({
    query: `INSERT INTO trace_places VALUES ('0123456789abcdef', 'p', ${todayMs}, ${todayMs + 9}, [${todayMs / 86_400_000}], ['s'])`,
  });
  const places = () => rows('SELECT * FROM trace_places ORDER BY ALL');
  const before = await places();
  expect(before).toMatchObject([{ project_id: 'p', sessions: ['s'] }]);
  const text = await readFile('migrations/0008_growing_places.sql', 'utf8');
  const statements = text.split(/;\s*$/m).filter((statement) => /^\s*[A-Z]/m.test(statement));
  for (let ended = 1; ended <= statements.length; ended += 1) {
    for (const query of [...statements.slice(0, ended), ...statements]) await client.command({ query });
    expect(await rows('SELECT * FROM trace_places FINAL ORDER BY ALL')).toEqual(before);
  }
});
