import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { tables } from '../../migrations/schema.ts';
import type { StoredKey } from '../domain/keys/stored-key.ts';
import type { DbConnection } from './db.ts';

const insertTimeoutMs = 20_000;

/** Writes keys and when they were used. Returns when it is stored, and throws when it is not. */
export class KeyWriter {
  readonly #client: ReturnType<typeof createClient>;

  constructor({ url, secret }: DbConnection) {
    this.#client = createClient({
      url,
      request_timeout: insertTimeoutMs,
      application: 'sightglass-keys',
      log: { level: ClickHouseLogLevel.OFF },
      ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
    });
  }

  /** The highest version of a key is the one that counts. */
  async writeKey({ keyId, projectId, ...body }: StoredKey, version: number, author: string): Promise<void> {
    await this.#client.insert({
      table: tables.configuration,
      columns: ['object_type', 'project_id', 'object_id', 'version', 'body', 'author', 'is_deleted'],
      values: [
        {
          ...{ object_type: 'key', project_id: projectId, object_id: keyId, version, author, is_deleted: 0 },
          body: JSON.stringify(body),
        },
      ],
      format: 'JSONEachRow',
    });
  }

  async writeUses(uses: ReadonlyMap<string, number>): Promise<void> {
    await this.#client.insert({
      table: tables.keyUsage,
      columns: ['key_id', 'day', 'spans', 'last_used'],
      values: [...uses].map(([keyId, usedMs]) => {
        const time = new Date(usedMs).toISOString();
        return { key_id: keyId, day: time.slice(0, 10), spans: 0, last_used: time.slice(0, 23).replace('T', ' ') };
      }),
      format: 'JSONEachRow',
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
