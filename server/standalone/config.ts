import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { StartError } from './start-error.ts';

/** What the one-machine start knows of its environment; the programs read their own part of it themselves. */
export type StandaloneConfig = Readonly<{
  host: string;
  /** 0 = any free port. */
  port: number;
  otlpHttpPort: number;
  otlpGrpcPort: number;
  runtimePort: number;
  /** Absolute. */
  dataDir: string;
  /** Absent: the embedded ClickHouse. */
  clickhouseUrl: string | undefined;
  /** What the server at `clickhouseUrl` wants to see in `x-sightglass-secret`; the embedded one makes its own. */
  clickhouseSecret: string | undefined;
  /** What the programs know each other by; undefined: no keys are needed. */
  internalSecret: string | undefined;
  retention: Readonly<{ retentionDays: number; contentDays: number }>;
  /** Handed on to the programs. */
  environment: NodeJS.ProcessEnv;
}>;

/** The repository: programs, UI and migrations are found from here, whatever folder the user is in. */
export const installDir = join(import.meta.dirname, '..', '..');

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((value) => value <= 65_535);

const days = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((value) => value >= 1 && value <= 36_500);

const environment = z.object({
  SIGHTGLASS_HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,255}$/)
    .default('127.0.0.1'),
  SIGHTGLASS_PORT: port.default(4000),
  SIGHTGLASS_OTLP_HTTP_PORT: port.default(4318),
  SIGHTGLASS_OTLP_GRPC_PORT: port.default(4317),
  SIGHTGLASS_RUNTIME_PORT: port.default(4100),
  SIGHTGLASS_DATA_DIR: z.string().default('.sightglass'),
  SIGHTGLASS_AUTH: z.enum(['off', 'on']).default('off'),
  SIGHTGLASS_INTERNAL_SECRET: z.string().min(32).max(500).optional(),
  SIGHTGLASS_RETENTION_DAYS: days.default(400),
  SIGHTGLASS_CONTENT_DAYS: days.default(90),
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }).optional(),
  CLICKHOUSE_CLUSTER: z.undefined().optional(),
  SIGHTGLASS_CLICKHOUSE_SECRET: z.string().optional(),
});

const allowed: Readonly<Record<keyof z.infer<typeof environment>, string>> = {
  SIGHTGLASS_HOST: '127.0.0.1, localhost or ::1; any other address of this machine needs SIGHTGLASS_AUTH=on',
  SIGHTGLASS_PORT: 'a port from 0 to 65535, where 0 is any free one',
  SIGHTGLASS_OTLP_HTTP_PORT: 'a port from 0 to 65535, where 0 is any free one',
  SIGHTGLASS_OTLP_GRPC_PORT: 'a port from 0 to 65535, where 0 is any free one',
  SIGHTGLASS_RUNTIME_PORT: 'a port from 0 to 65535, where 0 is any free one',
  SIGHTGLASS_DATA_DIR: 'a folder',
  SIGHTGLASS_AUTH: 'off, or on: every request needs a key',
  SIGHTGLASS_INTERNAL_SECRET: '32 to 500 characters, or unset for another one at each start',
  SIGHTGLASS_RETENTION_DAYS: 'a number of days from 1 to 36500',
  SIGHTGLASS_CONTENT_DAYS: 'a number of days from 1 to 36500',
  CLICKHOUSE_URL: 'http(s)://user:password@host:8123/database, or unset for the embedded ClickHouse',
  CLICKHOUSE_CLUSTER: 'no value (this release writes to one server)',
  SIGHTGLASS_CLICKHOUSE_SECRET: 'any text',
};

/** Their values hold a password, which is not to be seen in a terminal. */
const secretNames = new Set<string>(['CLICKHOUSE_URL', 'SIGHTGLASS_CLICKHOUSE_SECRET', 'SIGHTGLASS_INTERNAL_SECRET']);
const loopback: readonly string[] = ['127.0.0.1', 'localhost', '::1'];

/**
 * Reads and checks the environment; an empty variable counts as absent. Throws a StartError with one line for each wrong
 * variable: its name, its value and what is allowed.
 */
export function loadStandaloneConfig(env: NodeJS.ProcessEnv = process.env): StandaloneConfig {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(present);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
    throw new StartError([...names].map((name) => describe(name as keyof typeof allowed, present)).join('\n'));
  }
  const values = parsed.data;
  const isAuthOn = values.SIGHTGLASS_AUTH === 'on';
  if (!isAuthOn && !loopback.includes(values.SIGHTGLASS_HOST))
    throw new StartError(describe('SIGHTGLASS_HOST', present));
  return Object.freeze({
    host: values.SIGHTGLASS_HOST,
    port: values.SIGHTGLASS_PORT,
    otlpHttpPort: values.SIGHTGLASS_OTLP_HTTP_PORT,
    otlpGrpcPort: values.SIGHTGLASS_OTLP_GRPC_PORT,
    runtimePort: values.SIGHTGLASS_RUNTIME_PORT,
    dataDir: resolve(values.SIGHTGLASS_DATA_DIR),
    clickhouseUrl: values.CLICKHOUSE_URL,
    clickhouseSecret: values.SIGHTGLASS_CLICKHOUSE_SECRET,
    internalSecret: isAuthOn ? (values.SIGHTGLASS_INTERNAL_SECRET ?? randomBytes(32).toString('hex')) : undefined,
    retention: { retentionDays: values.SIGHTGLASS_RETENTION_DAYS, contentDays: values.SIGHTGLASS_CONTENT_DAYS },
    environment: env,
  });
}

function describe(name: keyof typeof allowed, env: NodeJS.ProcessEnv): string {
  const value = secretNames.has(name) ? '…' : (env[name] ?? '');
  return `${name}=${value} is not allowed; allowed: ${allowed[name]}`;
}

/** What a command sees that needs no setting of the one-machine start. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}

/** What a build sees: with another NODE_ENV around it (a test runner's, a shell's) it would make a slow development build. */
export function productionEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, NODE_ENV: 'production' };
}
