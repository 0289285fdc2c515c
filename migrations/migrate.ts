import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { applyRetention, type Retention } from './retention.ts';
import { tables } from './schema.ts';

interface Migration {
  name: string;
  checksum: string;
  statements: string[];
}

export interface MigrationResult {
  applied: string[];
  current: string;
}

export interface Connection {
  /** `http(s)://user:password@host:port/database` */
  url: string;
  /** What the embedded ClickHouse wants to see in `x-sightglass-secret`. */
  secret?: string | undefined;
}

/**
 * Brings the database that the URL names to this release's schema: creates it if need be, applies the files that are not
 * recorded yet in the order of their names, then the retention. Statements are idempotent, so a run that was cut off is
 * repeated. Throws with one line when a released file was edited or the database is newer than this release.
 */
export async function migrate(connection: Connection, retention: Retention): Promise<MigrationResult> {
  const url = new URL(connection.url);
  const database = decodeURIComponent(url.pathname.slice(1)) || 'default';
  const system = connect(connection, 'system');
  try {
    const query = 'CREATE DATABASE IF NOT EXISTS {database:Identifier} ENGINE = Atomic';
    await system.command({ query, query_params: { database } });
  } finally {
    await system.close();
  }
  const client = connect(connection, database);
  try {
    return await applyMigrations(client, database, retention);
  } finally {
    await client.close();
  }
}

/** The name of the newest migration file: what `migrate` brings a database to. */
export async function latestMigration(): Promise<string> {
  return (await migrationNames()).at(-1) ?? '';
}

function connect({ url, secret }: Connection, database: string): ClickHouseClient {
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(database)}`;
  return createClient({
    url: address,
    request_timeout: 60_000,
    log: { level: ClickHouseLogLevel.OFF }, // errors are thrown, and logged where they are handled
    ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
  });
}

async function applyMigrations(
  client: ClickHouseClient,
  database: string,
  retention: Retention,
): Promise<MigrationResult> {
  await client.command({
    query: `CREATE TABLE IF NOT EXISTS ${tables.schemaMigrations}
      (name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
      ENGINE = ReplacingMergeTree(applied_at) ORDER BY name SETTINGS fsync_after_insert = 1`,
  });
  const migrations = await readMigrations();
  const recorded = await readRecorded(client);
  for (const name of recorded.keys()) {
    if (!migrations.some((migration) => migration.name === name)) {
      throw new Error(
        `the database "${database}" has migration ${name}, which this release does not know: use a newer release`,
      );
    }
  }
  const applied: string[] = [];
  for (const migration of migrations) {
    const checksum = recorded.get(migration.name);
    if (checksum === migration.checksum) continue;
    if (checksum !== undefined) {
      throw new Error(
        `migration ${migration.name} was changed after it had been applied to the database "${database}"`,
      );
    }
    for (const query of migration.statements) await client.command({ query });
    await client.insert({
      table: tables.schemaMigrations,
      values: [{ name: migration.name, checksum: migration.checksum }],
      format: 'JSONEachRow',
    });
    applied.push(migration.name);
  }
  await applyRetention(client, retention);
  return { applied, current: migrations.at(-1)?.name ?? '' };
}

async function migrationNames(): Promise<string[]> {
  const files = await readdir(import.meta.dirname);
  return files.filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
}

async function readMigrations(): Promise<Migration[]> {
  const names = await migrationNames();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, import.meta.url), 'utf8');
      return {
        name,
        checksum: createHash('sha256').update(text).digest('hex'),
        // A statement ends with a semicolon at the end of a line; comments hold none there.
        statements: text.split(/;\s*$/m).filter((statement) => /^\s*[A-Z]/m.test(statement)),
      };
    }),
  );
}

async function readRecorded(client: ClickHouseClient): Promise<Map<string, string>> {
  const reply = await client.query({
    query: `SELECT name, argMax(checksum, applied_at) AS checksum FROM ${tables.schemaMigrations} GROUP BY name LIMIT 10000`,
    format: 'JSONEachRow',
  });
  const rows = await reply.json<{ name: string; checksum: string }>();
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}
