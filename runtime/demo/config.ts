import { z } from 'zod';

/** Where the demo finds what it talks to. */
export type DemoConfig = Readonly<{
  runtimeUrl: string;
  uiUrl: string;
  otlpUrl: string;
  /** With SIGHTGLASS_AUTH=on: one with scopes ingest, read and run. */
  key: string | undefined;
}>;

/** A wrong environment: a line that names the variable, its value and what is allowed. */
export class DemoConfigError extends Error {}

const port = (standard: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .default(standard);
const environment = z.object({
  SIGHTGLASS_RUNTIME_PORT: port(4100),
  SIGHTGLASS_PORT: port(4000),
  SIGHTGLASS_OTLP_HTTP_PORT: port(4318),
  SIGHTGLASS_KEY: z.string().optional(),
});

const allowed: Readonly<Record<keyof z.infer<typeof environment>, string>> = {
  SIGHTGLASS_RUNTIME_PORT: 'the port of the runtime that runs',
  SIGHTGLASS_PORT: 'the port of the UI that runs',
  SIGHTGLASS_OTLP_HTTP_PORT: 'the port of the collector that runs',
  SIGHTGLASS_KEY: 'a key with scopes ingest, read and run',
};

/** An empty variable counts as absent. Throws a DemoConfigError. */
export function loadDemoConfig(env: NodeJS.ProcessEnv = process.env): DemoConfig {
  const parsed = environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')));
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map(({ path }) => path[0] as keyof typeof allowed));
    const lines = [...names].map(
      (name) => `${name} is wrong (got ${JSON.stringify(env[name])}), allowed: ${allowed[name]}`,
    );
    throw new DemoConfigError(lines.join('\n'));
  }
  const values = parsed.data;
  return Object.freeze({
    runtimeUrl: `http://127.0.0.1:${values.SIGHTGLASS_RUNTIME_PORT}`,
    uiUrl: `http://127.0.0.1:${values.SIGHTGLASS_PORT}`,
    otlpUrl: `http://127.0.0.1:${values.SIGHTGLASS_OTLP_HTTP_PORT}`,
    key: values.SIGHTGLASS_KEY,
  });
}
