import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteStore } from './sqlite-store.ts';
import { openSqliteThread } from './sqlite-thread.ts';
import { type SessionStore, StoreUnavailableError } from './store.ts';

const fileName = 'runtime.sqlite';

/**
 * The store that was configured: Redis where an address is given, else a file in the data folder. Throws a StoreUnavailableError of
 * one line that names the setting and what is wrong; another store is never taken instead. `warnings`: what this store may lose, one line each.
 */
export async function openSessionStore({
  redisUrl,
  dataDir,
  isThreaded = false,
}: {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss:` */
  redisUrl: string | undefined;
  dataDir: string;
  /** SQLite in a thread of its own: for a program that must not wait for the disk. */
  isThreaded?: boolean;
}): Promise<{ store: SessionStore; warnings: string[] }> {
  if (redisUrl !== undefined) {
    const shown = hidePassword(redisUrl);
    try {
      // Without Redis its client is not even loaded.
      const { openRedisStore } = await import('./redis-store.ts');
      return await openRedisStore(redisUrl);
    } catch (error) {
      throw new StoreUnavailableError(`REDIS_URL ${shown}: ${messageOf(error)}`, { cause: error });
    }
  }
  const path = join(dataDir, fileName);
  try {
    return { store: isThreaded ? await openSqliteThread(path) : openSqliteStore(path), warnings: [] };
  } catch (error) {
    throw new StoreUnavailableError(`no sessions can be kept in ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** The same; undefined where no file was ever made, and none is made. */
export async function openExistingStore(
  where: Parameters<typeof openSessionStore>[0],
): Promise<Awaited<ReturnType<typeof openSessionStore>> | undefined> {
  const isThere = where.redisUrl !== undefined || existsSync(join(where.dataDir, fileName));
  return isThere ? openSessionStore(where) : undefined;
}

/** The address as it may be shown. Throws a StoreUnavailableError where it is none of Redis. */
export function hidePassword(redisUrl: string): string {
  const url = URL.parse(redisUrl);
  if (url === null || !['redis:', 'rediss:'].includes(url.protocol)) {
    throw new StoreUnavailableError(
      'REDIS_URL is not an address of Redis; allowed: redis://[user:password@]host[:port][/db], rediss://…',
    );
  }
  if (url.password !== '') url.password = '***';
  return url.href;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
