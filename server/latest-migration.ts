import { readdir } from 'node:fs/promises';

/** The name of the newest migration file: what the database must have had before this release can work with it. */
export async function latestMigration(): Promise<string> {
  const files = await readdir(new URL('../migrations/', import.meta.url));
  return (
    files
      .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
      .sort()
      .at(-1) ?? ''
  );
}
