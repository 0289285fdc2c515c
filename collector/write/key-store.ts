import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { tables } from '../../migrations/schema.ts';
import type { Connection } from './clickhouse.ts';

/** Shorter than an insert's: whoever waits for a key waits for this. */
const timeoutMs = 5_000;
/** Keys in force come first; the server makes 5,000 at most. */
const keysMax = 10_000;

/** As the server keeps it. */
export interface KeptKey {
  keyId: string;
  projectId: string;
  name: string;
  scopes: readonly string[];
  hash: string;
  expiresMs: number | null;
  revokedMs: number | null;
  spansPerSecond: number | null;
  spansPerDay: number | null;
}

/** What was sent under a key on a UTC day, given in days since 1970. */
export interface KeptUse {
  keyId: string;
  day: number;
  spans: number;
  lastUsedMs: number;
}

/** Reads keys, and counts what is sent under them. Everything rejects while ClickHouse is away. */
export class KeyStore {
  readonly #client: ReturnType<typeof createClient>;

  constructor({ url, secret }: Connection) {
    this.#client = createClient({
      url,
      request_timeout: timeoutMs,
      max_open_connections: 2,
      application: 'sightglass-collector-keys',
      log: { level: ClickHouseLogLevel.OFF },
      ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
    });
  }

  async listKeys(): Promise<KeptKey[]> {
    const rows = await this.#rows<{ keyId: string; projectId: string; bodyText: string }>(
      `SELECT object_id AS keyId, project_id AS projectId, argMax(body, version) AS bodyText
       FROM ${tables.configuration}
       WHERE object_type = 'key'
       GROUP BY projectId, keyId
       ORDER BY JSONExtractUInt(bodyText, 'revokedMs') > 0, JSONExtractUInt(bodyText, 'createdMs') DESC
       LIMIT {limit:UInt32}`,
      { limit: keysMax },
    );
    // Written by the server alone.
    return rows.map(({ bodyText, ...ids }) => ({ ...(JSON.parse(bodyText) as KeptKey), ...ids }));
  }

  /** Spans by key; those without any have no entry. */
  async countSpans(keyIds: readonly string[], day: number): Promise<Map<string, number>> {
    if (keyIds.length === 0) return new Map();
    const rows = await this.#rows<{ keyId: string; spanCount: string }>(
      `SELECT key_id AS keyId, sum(spans) AS spanCount
       FROM ${tables.keyUsage}
       WHERE key_id IN {keyIds:Array(String)} AND day = toDate({day:UInt16})
       GROUP BY key_id
       LIMIT {limit:UInt32}`,
      { keyIds, day, limit: keyIds.length },
    );
    return new Map(rows.map(({ keyId, spanCount }) => [keyId, Number(spanCount)]));
  }

  /** Adds to what was counted; the same token with the same uses adds nothing. */
  async addUses(uses: readonly KeptUse[], token: string): Promise<void> {
    await this.#client.insert({
      table: tables.keyUsage,
      columns: ['key_id', 'day', 'spans', 'last_used'],
      values: uses.map(({ keyId, day, spans, lastUsedMs }) => ({
        key_id: keyId,
        day: new Date(day * 86_400_000).toISOString().slice(0, 10),
        spans,
        last_used: new Date(lastUsedMs).toISOString().slice(0, 23).replace('T', ' '),
      })),
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplication_token: token },
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #rows<Row>(query: string, parameters: Record<string, unknown>): Promise<Row[]> {
    const reply = await this.#client.query({
      query,
      query_params: parameters,
      format: 'JSONEachRow',
      clickhouse_settings: {
        readonly: '1',
        max_execution_time: timeoutMs / 1000,
        output_format_json_quote_64bit_integers: 1,
      },
    });
    return reply.json<Row>();
  }
}
