import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Columns } from '../../migrations/schema.ts';

export interface Connection {
  /** `http(s)://user:password@host:port/database` */
  url: string;
  /** What the embedded ClickHouse wants to see in `x-sightglass-secret`. */
  secret?: string | undefined;
}

/** Both sides give up an insert after this long, well before the settlement's verified cursor (30 s) passes it. */
export const insertTimeoutMs = 20_000;

const pingLimitMs = 5_000;
const youngServerS = 4;

/** `retryable`: ClickHouse said that it failed. `lost`: it said nothing; the rows may be stored, or half stored. */
export type InsertOutcome = { status: 'stored' } | { status: 'retryable' | 'lost' | 'refused'; error: Error };

/** One block of rows, encoded. */
export interface Insert {
  table: string;
  columns: Columns;
  format: 'RowBinary' | 'Native';
  /** In chunks, as they are sent. */
  data: readonly Uint8Array[];
}

export interface Inserter {
  /** Inserts one block; a repeated token with the same bytes stores nothing twice. The signal gives it up. Never throws. */
  insert: (request: Insert & { token: string }, signal?: AbortSignal) => Promise<InsertOutcome>;
  /** When the server started, in milliseconds since 1970, to a second or two; undefined where that cannot be told. */
  findServerStart: () => Promise<number | undefined>;
  ping: () => Promise<boolean>;
  close: () => Promise<void>;
}

/** ClickHouse errors that say the data itself is wrong: repeating the insert cannot help. */
const refusals = new Set([
  '6', // CANNOT_PARSE_TEXT
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '33', // CANNOT_READ_ALL_DATA
  '53', // TYPE_MISMATCH
  '69', // ARGUMENT_OUT_OF_BOUND
  '117', // INCORRECT_DATA
  '131', // TOO_LARGE_STRING_SIZE
  '469', // VIOLATED_CONSTRAINT
]);

export function connect({ url, secret }: Connection): Inserter {
  const client = createClient({
    url,
    request_timeout: insertTimeoutMs,
    max_open_connections: 8,
    log: { level: ClickHouseLogLevel.OFF }, // errors are thrown, and logged where they are handled
    ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
    clickhouse_settings: {
      async_insert: 0,
      max_execution_time: insertTimeoutMs / 1000,
      // One insert is one block a table and partition: what the token counts.
      max_insert_block_size: '1048576',
      min_insert_block_size_rows: '1048576',
      min_insert_block_size_bytes: '1073741824',
      max_partitions_per_insert_block: '1000',
      deduplicate_blocks_in_dependent_materialized_views: 1,
      // The text index of the messages is built by merges: on insert it costs half the speed (measured), search finds both.
      exclude_materialize_skip_indexes_on_insert: 'body_text',
    },
  });
  return {
    async insert({ table, columns, format, data, token }, signal) {
      try {
        const reply = await client.exec({
          query: `INSERT INTO ${table} (${Object.keys(columns).join(', ')}) FORMAT ${format}`,
          values: Readable.from(data, { objectMode: false }),
          clickhouse_settings: { insert_deduplication_token: token },
          ...(signal === undefined ? {} : { abort_signal: signal }),
        });
        await finished(reply.stream.resume());
        return { status: 'stored' };
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error(String(cause));
        if (!(cause instanceof ClickHouseError)) return { status: 'lost', error };
        return { status: refusals.has(cause.code) ? 'refused' : 'retryable', error };
      }
    },
    async findServerStart() {
      const query = 'SELECT uptime() AS uptime, toUnixTimestamp64Milli(now64(3)) AS nowMs LIMIT 1';
      try {
        const reply = await client.query({
          query,
          format: 'JSONEachRow',
          abort_signal: AbortSignal.timeout(pingLimitMs),
        });
        const [row] = await reply.json<{ uptime: number; nowMs: string }>();
        // One that has just started cannot be told from the one before.
        return row === undefined || row.uptime < youngServerS ? undefined : Number(row.nowMs) - row.uptime * 1000;
      } catch {
        return undefined;
      }
    },
    async ping() {
      const { success } = await client.ping({ select: true });
      return success;
    },
    close: () => client.close(),
  };
}
