import type { TestProject } from 'vitest/node';
import { startDatabase } from './database.ts';

/** One ClickHouse for all integration tests of a run; it ends with the run, whichever way that ends. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await startDatabase();
  project.provide('database', { url: database.url, secret: database.secret });
  return () => database.stop();
}
