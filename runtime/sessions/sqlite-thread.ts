import { openStoreThread } from './store-thread.ts';
import type { SessionStore } from './store.ts';

const methods = [
  ...(['createSession', 'findSession', 'listTurns', 'findTurn', 'listSessions', 'deleteSession', 'accept'] as const),
  ...(['claim', 'renew', 'append', 'finish', 'release', 'pause', 'resume', 'cancel', 'takePlace'] as const),
  ...(['freePlace', 'takeRate', 'correctRate', 'listAbandoned', 'listPaused'] as const),
  ...(['removeExpired', 'listUnexported', 'markExported', 'keepCall', 'listCalls', 'removeCalls', 'deploy'] as const),
  ...(['moveAlias', 'findDeployed', 'findRevision', 'listDeployed', 'listRevisions', 'listDeployments'] as const),
  ...(['ping', 'close'] as const),
];

/**
 * The SQLite store in a thread of its own: a commit waits for the disk, and nothing that streams waits with it. Throws what SQLite
 * says when the file cannot be opened.
 */
export function openSqliteThread(path: string): Promise<SessionStore> {
  return openStoreThread<SessionStore>({ worker: new URL('./sqlite-worker.ts', import.meta.url), path, methods });
}
