import { randomUUID } from 'node:crypto';
import { migrate } from '../../migrations/migrate.ts';
import { connectDatabase, keepForeverDays, type TestDatabase } from './database.ts';

/** Tables of one's own on the run's ClickHouse, for what looks at all projects, such as servers that send alerts. */
export async function makeOwnTables(database: TestDatabase): Promise<TestDatabase & { remove(): Promise<void> }> {
  const name = `own_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  const own = { url: url.href, secret: database.secret };
  await migrate(own, { retentionDays: keepForeverDays, contentDays: keepForeverDays });
  return {
    ...own,
    remove: async () => {
      const client = connectDatabase(database);
      await client.command({ query: 'DROP DATABASE IF EXISTS {name:Identifier}', query_params: { name } });
      await client.close();
    },
  };
}
