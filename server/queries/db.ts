import assert from 'node:assert/strict';
import {
  type ClickHouseClient,
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client';
import { ApiError } from '../contract/errors.ts';

/** Longer than any page should take. ClickHouse ends the query; the client gives up a little later. */
const defaultQueryTimeoutMs = 10_000;
const clientGraceMs = 5_000;
/** One query's share of the memory ClickHouse may use; from half of it on, sorting and grouping go to disk. */
const queryMemoryBytes = 2_000_000_000;
const spillRatio = 0.5;
/** Queries at once; more wait in the client. Two cores are busy long before. */
const maxConnections = 16;

export type QueryValue = string | number | bigint | readonly string[] | readonly number[];
export type QueryParameters = Readonly<Record<string, QueryValue>>;

export type DbSettings = ClickHouseSettings;

export interface DbConnection {
  /** `http(s)://user:password@host:port/database` */
  url: string;
  /** Sent as `x-sightglass-secret`: the embedded ClickHouse answers nobody else. */
  secret?: string | undefined;
  queryTimeoutMs?: number | undefined;
  /** Of every query, beside those that all have. */
  settings?: DbSettings | undefined;
}

/**
 * Reads from ClickHouse: every query is read-only, has values bound, a time and a memory limit, and ends when its signal
 * does. Throws `ApiError` `database_unavailable`, `query_timeout` or `query_too_large`; anything else is a bug.
 */
export class Db {
  readonly #client: ClickHouseClient;
  readonly #signal: AbortSignal | undefined;

  constructor(client: ClickHouseClient, signal?: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** The same database for one request: its queries are cancelled when the signal fires. */
  withSignal(signal: AbortSignal): Db {
    return new Db(this.#client, signal);
  }

  /** 64-bit integers arrive as decimal strings. `Row` is what the SELECT names; integration tests hold it to that. */
  async rows<Row>(sql: string, parameters: QueryParameters): Promise<Row[]> {
    try {
      const result = await this.#client.query({
        query: sql,
        query_params: parameters,
        format: 'JSONEachRow',
        ...(this.#signal === undefined ? {} : { abort_signal: this.#signal }),
      });
      return await result.json<Row>();
    } catch (error) {
      throw toApiError(error);
    }
  }

  /** As `rows`, one after the other as they arrive: for answers that are too large to hold. */
  async *each<Row>(sql: string, parameters: QueryParameters): AsyncGenerator<Row> {
    try {
      const result = await this.#client.query({
        query: sql,
        query_params: parameters,
        format: 'JSONEachRow',
        ...(this.#signal === undefined ? {} : { abort_signal: this.#signal }),
      });
      for await (const rows of result.stream<Row>()) for (const row of rows) yield row.json();
    } catch (error) {
      throw toApiError(error);
    }
  }

  /** As `rows`, of a query `WITH TOTALS` and a `LIMIT`: also its totals, and how many rows there were before the limit. */
  async rowsWithTotals<Row>(
    sql: string,
    parameters: QueryParameters,
  ): Promise<{ rows: Row[]; totals: Row; rowCount: number }> {
    try {
      const result = await this.#client.query({
        query: sql,
        query_params: parameters,
        format: 'JSON',
        ...(this.#signal === undefined ? {} : { abort_signal: this.#signal }),
      });
      const { data, totals, rows_before_limit_at_least: rowCount } = await result.json<Row>();
      assert(totals !== undefined && rowCount !== undefined, 'a query WITH TOTALS and a LIMIT answers both');
      return { rows: data, totals: totals as Row, rowCount };
    } catch (error) {
      throw toApiError(error);
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

/** Connects lazily: a database that is away is an error of the first query. */
export function connectDb({ url, secret, queryTimeoutMs = defaultQueryTimeoutMs, settings }: DbConnection): Db {
  const client = createClient({
    url,
    ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
    application: 'sightglass-server',
    log: { level: ClickHouseLogLevel.OFF }, // errors are logged once, where they are handled
    request_timeout: queryTimeoutMs + clientGraceMs,
    max_open_connections: maxConnections,
    use_multipart_params_auto: true,
    clickhouse_settings: {
      readonly: '1',
      cancel_http_readonly_queries_on_client_close: 1,
      max_execution_time: queryTimeoutMs / 1000,
      max_memory_usage: String(queryMemoryBytes),
      max_bytes_ratio_before_external_group_by: spillRatio,
      max_bytes_ratio_before_external_sort: spillRatio,
      output_format_json_quote_64bit_integers: 1,
      ...settings,
    },
  });
  return new Db(client);
}

/** ClickHouse's own codes: 159 timeout, 160 too slow to finish in time, 241 and 307 memory and bytes, 202 and 210 busy and network. */
function toApiError(error: unknown): unknown {
  if (error instanceof ClickHouseError) {
    if (error.code === '159' || error.code === '160') return queryTimeout(error);
    if (error.code === '241' || error.code === '307') {
      const message = 'the query needs more memory than its limit; a shorter time range or more filters help';
      return new ApiError('query_too_large', message, { cause: error });
    }
    if (error.code === '202' || error.code === '210') return unavailable(error);
    return error;
  }
  if (!(error instanceof Error)) return error;
  if (error.name === 'AbortError' || error.message.includes('aborted')) return error;
  if (error.message.startsWith('Timeout error')) return queryTimeout(error);
  return isNetworkError(error) ? unavailable(error) : error;
}

function isNetworkError(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return (
    /^(ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|UND_)/.test(code) || error.message.includes('socket hang up')
  );
}

function queryTimeout(cause: Error): ApiError {
  const message = 'the query took longer than its limit; a shorter time range or more filters help';
  return new ApiError('query_timeout', message, { cause });
}

function unavailable(cause: Error): ApiError {
  return new ApiError('database_unavailable', 'ClickHouse does not answer; try again', { cause });
}
