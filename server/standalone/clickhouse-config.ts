import { availableParallelism, totalmem } from 'node:os';

/** Everything about the embedded server that is decided at its start. */
export interface ClickHouseConfig {
  secret: string;
  user: string;
  password: string;
  memoryBytes: number;
  cores: number;
}

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;

/** Name of the HTTP header that opens the server's door. */
export const secretHeader = 'x-sightglass-secret';

/** A laptop has other work to do, so ClickHouse takes at most 40 % of the memory this process may use, and never more than 8 GiB. */
export function chooseMemoryBytes(constrained = process.constrainedMemory(), total = totalmem()): number {
  const usable = constrained === 0 ? total : Math.min(constrained, total); // 0 = no limit known
  return Math.round(Math.min(Math.max(usable * 0.4, gibibyte), 8 * gibibyte));
}

/** Cores that this process may use. */
export function countCores(): number {
  return availableParallelism();
}

/**
 * The server's own file. One HTTP rule is the only door: a request without the secret header matches no rule and gets
 * 404. There is no TCP port. No `…_log` section stands here, so ClickHouse keeps no system log tables at all; what goes
 * wrong is in a log file of bounded size.
 * Cache sizes are upper bounds that fill with use; ClickHouse's defaults add up to 25 GB.
 */
export function renderServerConfig(config: ClickHouseConfig): string {
  return toXml({
    clickhouse: {
      users_config: 'users.xml',
      http_handlers: {
        rule: {
          headers: { [secretHeader]: config.secret },
          handler: { type: 'dynamic_query_handler', query_param_name: 'query' },
        },
      },
      logger: { log: 'clickhouse.log', size: '10M', count: 2 },
      timezone: 'UTC',
      // Else whoever may create a table may create one that reads files or addresses.
      access_control_improvements: { table_engines_require_grant: 'true' },
      max_server_memory_usage: config.memoryBytes,
      max_concurrent_queries: 100,
      max_connections: 256,
      keep_alive_timeout: 10,
      mark_cache_size: 256 * mebibyte,
      primary_index_cache_size: 256 * mebibyte,
      index_mark_cache_size: 128 * mebibyte,
      uncompressed_cache_size: 0,
      index_uncompressed_cache_size: 0,
      text_index_tokens_cache_size: 64 * mebibyte,
      text_index_header_cache_size: 64 * mebibyte,
      text_index_postings_cache_size: 128 * mebibyte,
      vector_similarity_index_cache_size: 16 * mebibyte,
      unique_key_index_cache_size_bytes: 16 * mebibyte,
      unique_key_bitmap_cache_size_bytes: 16 * mebibyte,
      parquet_metadata_cache_size: 16 * mebibyte,
      iceberg_metadata_files_cache_size: 16 * mebibyte,
      paimon_metadata_files_cache_size: 16 * mebibyte,
      point_in_polygon_cache_size: mebibyte,
      compiled_expression_cache_size: 32 * mebibyte,
      background_pool_size: Math.min(Math.max(2, Math.floor(config.cores / 2)), 8),
      background_schedule_pool_size: 4,
    },
  });
}

/** Those that stay inside the database. */
const tableEngines = [
  ...['', 'Replacing', 'Summing', 'Aggregating', 'Coalescing', 'Collapsing', 'VersionedCollapsing'].map(
    (kind) => `${kind}MergeTree`,
  ),
  ...['Atomic', 'View', 'MaterializedView', 'Memory', 'Null', 'Buffer', 'Merge', 'Dictionary'],
];

/**
 * The users' file. `default` is the session that keeps the server alive: it cannot have a password, so it may only open
 * the port and write the port file. Everything else is done as the one user of the application, which may change tables
 * but has no way out of the database: no files, no URLs, no other servers.
 */
export function renderUsersConfig(config: ClickHouseConfig): string {
  const loopback = { ip: ['127.0.0.1', '::1'] };
  return toXml({
    clickhouse: {
      profiles: {
        default: {},
        application: {
          max_memory_usage: Math.round(config.memoryBytes * 0.6),
          max_bytes_before_external_group_by: Math.round(config.memoryBytes * 0.3),
          max_bytes_before_external_sort: Math.round(config.memoryBytes * 0.3),
          max_execution_time: 60,
          timeout_before_checking_execution_speed: 0,
          cancel_http_readonly_queries_on_client_close: 1,
          log_queries: 0,
        },
      },
      quotas: { default: {} },
      users: {
        default: {
          password: '',
          networks: loopback,
          profile: 'default',
          quota: 'default',
          grants: {
            query: ['GRANT SYSTEM LISTEN ON *.*', 'GRANT FILE ON *.*', 'GRANT CREATE TEMPORARY TABLE ON *.*'],
          },
        },
        [config.user]: {
          password: config.password,
          networks: loopback,
          profile: 'application',
          quota: 'default',
          grants: {
            query: [
              'GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE DICTIONARY, CREATE TEMPORARY TABLE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, CHECK, KILL QUERY, SYSTEM, dictGet ON *.*',
              ...tableEngines.map((engine) => `GRANT TABLE ENGINE ON ${engine}`),
              'GRANT SET DEFINER ON *',
            ],
          },
        },
      },
    },
  });
}

/** What `renderServerConfig` and `renderUsersConfig` wrote of secret and password; undefined where they did not. */
export function findSecrets(
  { server, users }: { server: string; users: string },
  user: string,
): { secret: string; password: string } | undefined {
  const secret = new RegExp(`<${secretHeader}>([^<]+)</`).exec(server)?.[1];
  const password = new RegExp(`<${user}>\\s*<password>([^<]+)</password>`).exec(users)?.[1];
  if (secret === undefined || password === undefined) return undefined;
  return { secret: unescapeXml(secret), password: unescapeXml(password) };
}

interface Elements {
  [name: string]: string | number | Elements | (string | Elements)[];
}

function toXml(elements: Elements): string {
  return Object.entries(elements)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((one) => element(name, one)) : [element(name, value)],
    )
    .join('\n');
}

function element(name: string, value: string | number | Elements): string {
  const body = typeof value === 'object' ? toXml(value) : escapeXml(String(value));
  return `<${name}>${body}</${name}>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function unescapeXml(text: string): string {
  return text.replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
