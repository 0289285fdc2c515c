import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { WhenUnresolved } from './budgets/budgets.ts';

/** What the runtime's commands know of their environment. */
export type CommandConfig = Readonly<{
  /** Definition files, where no path is given. */
  agentsDir: string;
  /** It is the folder of the samples. */
  areSamples: boolean;
  /** Absolute: where sessions are kept without Redis. */
  dataDir: string;
  /** Undefined: sessions are kept in `dataDir`. */
  redisUrl: string | undefined;
  /** Where the server is asked, if it is known. */
  serverUrl: string | undefined;
  /** Present where keys are needed: what the installation's own programs know each other by. */
  internalSecret: string | undefined;
  /** Where references of definitions are found. */
  environment: NodeJS.ProcessEnv;
}>;

/** What the runtime itself knows of its environment; made once, by `main.ts`. */
export type Config = CommandConfig &
  Readonly<{
    host: string;
    /** 0 = any free port. */
    port: number;
    /** What becomes of calls while the server has never said which budgets apply to them. */
    budgetsUnresolved: WhenUnresolved;
    /** Base address of the collector. */
    otlpUrl: string;
  }>;

/** A wrong environment: one line per variable, each naming the variable, its value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const samplesDir = join(import.meta.dirname, 'examples');
/** Its value holds a password: an error line shows only that it is set. */
const secretNames = new Set(['REDIS_URL', 'SIGHTGLASS_INTERNAL_SECRET']);
const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

const command = {
  SIGHTGLASS_AGENTS_DIR: z.string().default(samplesDir),
  SIGHTGLASS_DATA_DIR: z.string().default('.sightglass'),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  SIGHTGLASS_AUTH: z.enum(['off', 'on']).default('off'),
  SIGHTGLASS_INTERNAL_SECRET: z.string().min(32).max(500).optional(),
  SIGHTGLASS_SERVER_URL: z.url({ protocol: /^https?$/ }).optional(),
};

const environment = z.object({
  ...command,
  SIGHTGLASS_HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,255}$/) // a name or an address
    .default('127.0.0.1'),
  SIGHTGLASS_RUNTIME_PORT: z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .refine((port) => port <= 65_535)
    .default(4100),
  SIGHTGLASS_BUDGETS_UNRESOLVED: z.enum(['declared', 'refuse', 'allow']).default('declared'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:4318'),
});

const allowed: Readonly<Record<keyof z.infer<typeof environment>, string>> = {
  SIGHTGLASS_AGENTS_DIR: 'a folder',
  SIGHTGLASS_DATA_DIR: 'a folder',
  REDIS_URL: 'redis(s)://user:password@host:6379/0',
  SIGHTGLASS_HOST:
    'a loopback address (127.0.0.1, ::1 or localhost); with SIGHTGLASS_AUTH=on any address of this machine',
  SIGHTGLASS_RUNTIME_PORT: 'a port from 0 to 65535, where 0 is any free one',
  SIGHTGLASS_AUTH: 'off, or on: every request needs a key',
  SIGHTGLASS_INTERNAL_SECRET: '32 to 500 characters, the same for all programs, needed with SIGHTGLASS_AUTH=on',
  SIGHTGLASS_SERVER_URL: 'an http or https URL',
  SIGHTGLASS_BUDGETS_UNRESOLVED:
    'declared: refuse the calls of agents that declare a budget which stops; refuse: every call; allow: none',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'an http or https URL',
};

/** Reads what the commands need; an empty variable counts as absent. Throws `ConfigError`. */
export function loadCommandConfig(env: NodeJS.ProcessEnv = process.env): CommandConfig {
  const values = read(z.object(command), env);
  return Object.freeze({ ...commandPart(values), environment: env });
}

/** Reads and checks the environment; an empty variable counts as absent. Throws `ConfigError`. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const values = read(environment, env);
  const isAuthOn = values.SIGHTGLASS_AUTH === 'on';
  if (!isAuthOn && !loopback.test(values.SIGHTGLASS_HOST)) {
    throw new ConfigError(describe('SIGHTGLASS_HOST', values.SIGHTGLASS_HOST));
  }
  if (isAuthOn && values.SIGHTGLASS_INTERNAL_SECRET === undefined) {
    throw new ConfigError(`SIGHTGLASS_INTERNAL_SECRET is not set; allowed: ${allowed.SIGHTGLASS_INTERNAL_SECRET}`);
  }
  return Object.freeze({
    ...commandPart(values),
    environment: env,
    host: values.SIGHTGLASS_HOST,
    port: values.SIGHTGLASS_RUNTIME_PORT,
    budgetsUnresolved: values.SIGHTGLASS_BUDGETS_UNRESOLVED,
    otlpUrl: values.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, ''),
  });
}

function commandPart(values: {
  SIGHTGLASS_AGENTS_DIR: string;
  SIGHTGLASS_DATA_DIR: string;
  REDIS_URL?: string | undefined;
  SIGHTGLASS_AUTH: 'off' | 'on';
  SIGHTGLASS_INTERNAL_SECRET?: string | undefined;
  SIGHTGLASS_SERVER_URL?: string | undefined;
}) {
  return {
    agentsDir: values.SIGHTGLASS_AGENTS_DIR,
    areSamples: resolve(values.SIGHTGLASS_AGENTS_DIR) === samplesDir,
    dataDir: resolve(values.SIGHTGLASS_DATA_DIR),
    redisUrl: values.REDIS_URL,
    serverUrl: values.SIGHTGLASS_SERVER_URL?.replace(/\/$/, ''),
    internalSecret: values.SIGHTGLASS_AUTH === 'on' ? values.SIGHTGLASS_INTERNAL_SECRET : undefined,
  };
}

function read<Schema extends z.ZodObject>(schema: Schema, env: NodeJS.ProcessEnv): z.infer<Schema> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const names = new Set(parsed.error.issues.map((issue) => issue.path[0] as keyof typeof allowed));
  throw new ConfigError([...names].map((name) => describe(name, present[name] ?? '')).join('\n'));
}

function describe(name: keyof typeof allowed, value: string): string {
  return `${name}=${secretNames.has(name) ? '…' : value} is not allowed; allowed: ${allowed[name]}`;
}
