import type { TestProject } from 'vitest/node';
import { startDatabase, type TestDatabase } from './database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    database: TestDatabase;
  }
}

/** One ClickHouse for all integration tests of a run; it ends with the run, whichever way that ends. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await startDatabase();
  project.provide('database', { url: database.url, secret: database.secret });
  return () => database.stop();
}
