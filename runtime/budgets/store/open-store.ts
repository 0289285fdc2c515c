import { join } from 'node:path';
import { hidePassword } from '../../sessions/open-store.ts';
import { StoreUnavailableError } from '../../sessions/store.ts';
import { openSqliteBudgets } from './sqlite-store.ts';
import { openSqliteBudgetThread } from './sqlite-thread.ts';
import type { BudgetStore } from './store.ts';

/** Not the sessions' file: one waits for the other's commits in the same. */
const fileName = 'budgets.sqlite';

/**
 * Beside the sessions: in Redis where an address is given, else in a file in the data folder. Throws a StoreUnavailableError of one
 * line that names the setting and what is wrong. What Redis may lose is said by `openSessionStore`.
 */
export async function openBudgetStore({
  redisUrl,
  dataDir,
  isThreaded = false,
}: {
  redisUrl: string | undefined;
  dataDir: string;
  /** SQLite in a thread of its own: for a program that must not wait for the disk. */
  isThreaded?: boolean;
}): Promise<BudgetStore> {
  if (redisUrl !== undefined) {
    const shown = hidePassword(redisUrl);
    try {
      // Without Redis its client is not even loaded.
      const { openRedisBudgets } = await import('./redis-store.ts');
      return await openRedisBudgets(redisUrl);
    } catch (error) {
      throw new StoreUnavailableError(`REDIS_URL ${shown}: ${messageOf(error)}`, { cause: error });
    }
  }
  const path = join(dataDir, fileName);
  try {
    return isThreaded ? await openSqliteBudgetThread(path) : openSqliteBudgets(path);
  } catch (error) {
    throw new StoreUnavailableError(`no budgets can be kept in ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
