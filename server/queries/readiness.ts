import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

/** Whether a migration has been applied. */
export async function isSchemaCurrent(db: Db, migration: string): Promise<boolean> {
  const rows = await db.rows<{ name: string }>(
    `SELECT name FROM ${tables.schemaMigrations} WHERE name = {migration:String} LIMIT 1`,
    { migration },
  );
  return rows.length > 0;
}
