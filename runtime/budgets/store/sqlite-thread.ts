import { openStoreThread } from '../../sessions/store-thread.ts';
import type { BudgetStore } from './store.ts';

const methods = [
  ...([
    'reserve',
    'settle',
    'release',
    'reconcile',
    'dropAccounts',
    'noteRefusal',
    'readAccounts',
    'takePendingCalls',
  ] as const),
  ...(['listProjects', 'sweep', 'ping', 'close'] as const),
];

/** The SQLite store in a thread of its own: a commit waits for the disk. Throws what SQLite says when the file cannot be opened. */
export function openSqliteBudgetThread(path: string): Promise<BudgetStore> {
  return openStoreThread<BudgetStore>({ worker: new URL('./sqlite-worker.ts', import.meta.url), path, methods });
}
