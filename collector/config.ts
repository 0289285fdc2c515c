import { resolve } from 'node:path';
import { z } from 'zod';

/** What the collector knows of its environment; made once, by `main.ts`. */
export type Config = Readonly<{
  host: string;
  /** 0 = any free port. */
  httpPort: number;
  /** 0 = any free port. */
  grpcPort: number;
  retentionDays: number;
  /** The spool and the dead letters are in it. */
  dataDir: string;
  spoolMaxBytes: number;
  /** `http(s)://user:password@host:port/database` */
  clickhouseUrl: string;
  /** What the embedded ClickHouse wants to see in `x-sightglass-secret`; absent with any other. */
  clickhouseSecret: string | undefined;
  /** Present where keys are needed: what the installation's own programs present. */
  internalSecret: string | undefined;
}>;

/** A wrong environment: one line per variable, each naming the variable, its value and what is allowed. */
export class ConfigError extends Error {}

/** Their values hold a password: an error line shows only that they are set. */
const secretNames = new Set(['CLICKHOUSE_URL', 'SIGHTGLASS_CLICKHOUSE_SECRET', 'SIGHTGLASS_INTERNAL_SECRET']);
const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
/** A name or an address. */
const address = /^[A-Za-z0-9.:_-]{1,255}$/;

const minSpoolBytes = 1024 ** 2;

const environment = z.object({
  SIGHTGLASS_HOST: z.string().regex(address).default('127.0.0.1'),
  SIGHTGLASS_OTLP_HTTP_PORT: wholeNumber(0, 65_535).default(4318),
  SIGHTGLASS_OTLP_GRPC_PORT: wholeNumber(0, 65_535).default(4317),
  SIGHTGLASS_AUTH: z.enum(['off', 'on']).default('off'),
  SIGHTGLASS_INTERNAL_SECRET: z.string().min(32).max(500).optional(),
  SIGHTGLASS_RETENTION_DAYS: wholeNumber(1, 36_500).default(400),
  SIGHTGLASS_DATA_DIR: z.string().default('.sightglass'),
  SIGHTGLASS_SPOOL_MAX_BYTES: wholeNumber(minSpoolBytes, Number.MAX_SAFE_INTEGER).default(10 * 1024 ** 3),
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }),
  CLICKHOUSE_CLUSTER: z.undefined().optional(),
  SIGHTGLASS_CLICKHOUSE_SECRET: z.string().optional(),
});

const allowed: Record<keyof z.infer<typeof environment>, string> = {
  SIGHTGLASS_HOST:
    'a loopback address (127.0.0.1, ::1 or localhost); with SIGHTGLASS_AUTH=on any address of this machine',
  SIGHTGLASS_OTLP_HTTP_PORT: 'a port from 0 to 65535, where 0 is any free one',
  SIGHTGLASS_OTLP_GRPC_PORT: 'a port from 0 to 65535, where 0 is any free one',
  SIGHTGLASS_AUTH: 'off, or on: every request needs a key',
  SIGHTGLASS_INTERNAL_SECRET: '32 to 500 characters, the same for all programs, needed with SIGHTGLASS_AUTH=on',
  SIGHTGLASS_RETENTION_DAYS: 'a number of days from 1 to 36500',
  SIGHTGLASS_DATA_DIR: 'a folder',
  SIGHTGLASS_SPOOL_MAX_BYTES: 'a number of bytes, at least 1048576',
  CLICKHOUSE_URL: 'http(s)://user:password@host:8123/database',
  CLICKHOUSE_CLUSTER: 'no value (clusters are not part of this release)',
  SIGHTGLASS_CLICKHOUSE_SECRET: 'any text',
};

/** Reads and checks the environment; an empty variable counts as absent. Throws `ConfigError`. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(present);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => issue.path[0] as keyof typeof allowed));
    throw new ConfigError([...names].map((name) => describe(name, present[name])).join('\n'));
  }
  const values = parsed.data;
  const isAuthOn = values.SIGHTGLASS_AUTH === 'on';
  const wrong: keyof typeof allowed | undefined =
    !isAuthOn && !loopback.test(values.SIGHTGLASS_HOST)
      ? 'SIGHTGLASS_HOST'
      : isAuthOn && values.SIGHTGLASS_INTERNAL_SECRET === undefined
        ? 'SIGHTGLASS_INTERNAL_SECRET'
        : undefined;
  if (wrong !== undefined) throw new ConfigError(describe(wrong, present[wrong]));
  return Object.freeze({
    host: values.SIGHTGLASS_HOST,
    httpPort: values.SIGHTGLASS_OTLP_HTTP_PORT,
    grpcPort: values.SIGHTGLASS_OTLP_GRPC_PORT,
    retentionDays: values.SIGHTGLASS_RETENTION_DAYS,
    dataDir: resolve(values.SIGHTGLASS_DATA_DIR),
    spoolMaxBytes: values.SIGHTGLASS_SPOOL_MAX_BYTES,
    clickhouseUrl: values.CLICKHOUSE_URL,
    clickhouseSecret: values.SIGHTGLASS_CLICKHOUSE_SECRET,
    internalSecret: isAuthOn ? values.SIGHTGLASS_INTERNAL_SECRET : undefined,
  });
}

function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);
}

function describe(name: keyof typeof allowed, value: string | undefined): string {
  if (value === undefined) return `${name} is not set; allowed: ${allowed[name]}`;
  return `${name}=${secretNames.has(name) ? '…' : value} is not allowed; allowed: ${allowed[name]}`;
}
