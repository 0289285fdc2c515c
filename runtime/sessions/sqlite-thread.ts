import { Worker } from 'node:worker_threads';
import { type SessionStore, StoreUnavailableError } from './store.ts';

/** A call of the store, by number. */
export interface ThreadCall {
  id: number;
  method: keyof SessionStore;
  args: readonly unknown[];
}

/** The first one has no number: the store is open, or cannot be opened. */
export type ThreadReply =
  { id: number | null; value: unknown } | { id: number | null; message: string; isUnavailable: boolean };

interface Waiting {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

const methods = [
  ...['createSession', 'findSession', 'listTurns', 'findTurn', 'listSessions', 'deleteSession', 'accept', 'claim'],
  ...['renew', 'append', 'finish', 'release', 'cancel', 'takePlace', 'freePlace', 'listAbandoned', 'removeExpired'],
  ...['listUnexported', 'markExported', 'keepCall', 'listCalls', 'removeCalls', 'deploy', 'moveAlias', 'findDeployed'],
  ...['findRevision', 'listDeployed', 'listRevisions', 'listDeployments', 'ping', 'close'],
];

/**
 * The SQLite store in a thread of its own: a commit waits for the disk, and nothing that streams waits with it. Throws what SQLite
 * says when the file cannot be opened.
 */
export async function openSqliteThread(path: string): Promise<SessionStore> {
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: { path } });
  const waiting = new Map<number | null, Waiting>();
  let isClosed = false;
  const send = (id: number | null, call?: ThreadCall): Promise<never> => {
    if (isClosed) return Promise.reject(new StoreUnavailableError('the store is closed'));
    const { promise, resolve, reject } = Promise.withResolvers<never>();
    waiting.set(id, { resolve, reject });
    worker.ref();
    if (call !== undefined) worker.postMessage(call);
    return promise;
  };
  worker.on('message', (reply: ThreadReply) => {
    const { resolve, reject } = waiting.get(reply.id) ?? {};
    waiting.delete(reply.id);
    // An idle store holds no process open.
    if (waiting.size === 0) worker.unref();
    if ('value' in reply) resolve?.(reply.value as never);
    else reject?.(reply.isUnavailable ? new StoreUnavailableError(reply.message) : new Error(reply.message));
  });
  worker.once('exit', () => {
    isClosed = true;
    for (const { reject } of waiting.values()) reject(new StoreUnavailableError('the thread of the store has ended'));
    waiting.clear();
  });
  await send(null);
  let last = 0;
  const call = (method: keyof SessionStore, args: readonly unknown[]) => send((last += 1), { id: last, method, args });
  const entries = methods.map((method) => [method, (...args: unknown[]) => call(method as keyof SessionStore, args)]);
  // Every method of the interface is there: the conformance suite calls all of them.
  const store = Object.fromEntries(entries) as SessionStore;
  return {
    ...store,
    close: async () => {
      if (isClosed) return;
      const closing = store.close();
      isClosed = true;
      await closing;
      await worker.terminate();
    },
  };
}
