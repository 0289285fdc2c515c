import { z } from 'zod';

/** What the server knows of its environment; made once, by `main.ts`. */
export type Config = Readonly<{
  host: string;
  /** 0 = any free port. */
  port: number;
  /** What links in answers and alerts begin with; absent: the address the server listens on. */
  publicUrl: string | undefined;
  /** Where agents send their spans, as far as the server was told. */
  otlpUrl: string | undefined;
  /** `http(s)://user:password@host:port/database` */
  clickhouseUrl: string;
  /** What the embedded ClickHouse wants to see in `x-sightglass-secret`; absent with any other. */
  clickhouseSecret: string | undefined;
  /** Present where keys are needed: what the installation's own programs know each other by. */
  internalSecret: string | undefined;
  /** Where agents are run; absent: there is no runtime. */
  runtimeUrl: string | undefined;
  /** JSON file with prices that win over the price table. */
  pricesFile: string | undefined;
  /** Channels may be on this machine and in private networks. */
  allowsPrivateTargets: boolean;
}>;

/** A wrong environment: one line per variable, each naming the variable, its value and what is allowed. */
export class ConfigError extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
/** A name or an address. */
const address = /^[A-Za-z0-9.:_-]{1,255}$/;
/** Their values hold a password: an error line shows only that they are set. */
const secretNames = new Set(['CLICKHOUSE_URL', 'SIGHTGLASS_CLICKHOUSE_SECRET', 'SIGHTGLASS_INTERNAL_SECRET']);

const environment = z.object({
  SIGHTGLASS_HOST: z.string().regex(address).default('127.0.0.1'),
  SIGHTGLASS_PORT: z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .refine((port) => port <= 65_535)
    .default(4000),
  SIGHTGLASS_AUTH: z.enum(['off', 'on']).default('off'),
  SIGHTGLASS_INTERNAL_SECRET: z.string().min(32).max(500).optional(),
  SIGHTGLASS_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  SIGHTGLASS_RUNTIME_URL: z.url({ protocol: /^https?$/ }).optional(),
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }),
  CLICKHOUSE_CLUSTER: z.undefined().optional(),
  SIGHTGLASS_CLICKHOUSE_SECRET: z.string().min(1).optional(),
  SIGHTGLASS_PRICES_FILE: z.string().min(1).optional(),
  SIGHTGLASS_PRIVATE_TARGETS: z.enum(['off', 'on']).default('off'),
});

const allowed: Record<keyof z.infer<typeof environment>, string> = {
  SIGHTGLASS_HOST:
    'a loopback address (127.0.0.1, ::1 or localhost); with SIGHTGLASS_AUTH=on any address of this machine',
  SIGHTGLASS_PORT: 'a port from 0 to 65535, where 0 is any free one',
  SIGHTGLASS_AUTH: 'off, or on: every request needs a key',
  SIGHTGLASS_INTERNAL_SECRET: '32 to 500 characters, the same for all programs, needed with SIGHTGLASS_AUTH=on',
  SIGHTGLASS_PUBLIC_URL: 'an http or https URL',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'an http or https URL',
  SIGHTGLASS_RUNTIME_URL: 'an http or https URL',
  CLICKHOUSE_URL: 'http(s)://user:password@host:8123/database',
  CLICKHOUSE_CLUSTER: 'no value (clusters are not part of this release)',
  SIGHTGLASS_CLICKHOUSE_SECRET: 'any text',
  SIGHTGLASS_PRICES_FILE: 'the path of a JSON file',
  SIGHTGLASS_PRIVATE_TARGETS: 'off, or on: messages of alerts may go to this machine and to private networks',
};

/** Reads and checks the environment; an empty variable counts as absent. Throws `ConfigError`. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(present);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => issue.path[0]));
    throw new ConfigError([...names].map((name) => describe(name as keyof typeof allowed, present)));
  }
  const values = parsed.data;
  const isAuthOn = values.SIGHTGLASS_AUTH === 'on';
  if (!isAuthOn && !loopback.test(values.SIGHTGLASS_HOST))
    throw new ConfigError([describe('SIGHTGLASS_HOST', present)]);
  if (isAuthOn && values.SIGHTGLASS_INTERNAL_SECRET === undefined) {
    throw new ConfigError([describe('SIGHTGLASS_INTERNAL_SECRET', present)]);
  }
  return Object.freeze({
    host: values.SIGHTGLASS_HOST,
    port: values.SIGHTGLASS_PORT,
    publicUrl: values.SIGHTGLASS_PUBLIC_URL?.replace(/\/$/, ''),
    otlpUrl: values.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, ''),
    internalSecret: isAuthOn ? values.SIGHTGLASS_INTERNAL_SECRET : undefined,
    runtimeUrl: values.SIGHTGLASS_RUNTIME_URL?.replace(/\/$/, ''),
    clickhouseUrl: values.CLICKHOUSE_URL,
    clickhouseSecret: values.SIGHTGLASS_CLICKHOUSE_SECRET,
    pricesFile: values.SIGHTGLASS_PRICES_FILE,
    allowsPrivateTargets: values.SIGHTGLASS_PRIVATE_TARGETS === 'on',
  });
}

function describe(name: keyof typeof allowed, env: NodeJS.ProcessEnv): string {
  const value = env[name];
  if (value === undefined) return `${name} is not set; allowed: ${allowed[name]}`;
  return `${name}=${secretNames.has(name) ? '…' : value} is not allowed; allowed: ${allowed[name]}`;
}
