import { keepForeverDays, type TestDatabase } from './database.ts';
import { startProgram, type Program } from './program.ts';

export interface Pipeline {
  /** Where spans go: `${otlp}/v1/traces`. */
  otlp: string;
  /** Where the API and the UI answer. */
  api: string;
  collector: Program;
  server: Program;
  stop(): Promise<void>;
}

/** A collector and a server of one's own on a database: spans in, API and UI out. */
export async function startPipeline(database: TestDatabase): Promise<Pipeline> {
  const environment = environmentOf(database);
  const collector = await startProgram('collector/main.ts', environment);
  const server = await startProgram('server/main.ts', environment).catch(async (error: unknown) => {
    await collector.stop();
    throw error;
  });
  return {
    otlp: collector.url,
    api: server.url,
    collector,
    server,
    stop: async () => {
      await Promise.all([collector.stop(), server.stop()]);
    },
  };
}

/** What the one-machine start tells its programs, with free ports. */
export function environmentOf(database: TestDatabase): Record<string, string> {
  return {
    CLICKHOUSE_URL: database.url,
    SIGHTGLASS_CLICKHOUSE_SECRET: database.secret,
    SIGHTGLASS_PORT: '0',
    SIGHTGLASS_OTLP_HTTP_PORT: '0',
    SIGHTGLASS_OTLP_GRPC_PORT: '0',
    SIGHTGLASS_RETENTION_DAYS: String(keepForeverDays),
    SIGHTGLASS_CONTENT_DAYS: String(keepForeverDays),
  };
}
