import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteStore } from './sqlite-store.ts';
import type { ThreadCall, ThreadReply } from './sqlite-thread.ts';
import { type SessionStore, StoreUnavailableError } from './store.ts';

const port = parentPort;
if (port === null) throw new Error('this is a thread of sqlite-thread.ts');
const reply = (message: ThreadReply) => port.postMessage(message);
const fail = (id: number | null, error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  reply({ id, message, isUnavailable: error instanceof StoreUnavailableError });
};

function open(): SessionStore | undefined {
  try {
    const store = openSqliteStore((workerData as { path: string }).path);
    reply({ id: null, value: undefined });
    return store;
  } catch (error) {
    fail(null, error);
    return undefined;
  }
}

const store = open();
port.on('message', ({ id, method, args }: ThreadCall) => {
  // Which arguments go with which method is the business of `sqlite-thread.ts`.
  const methods = store as
    Record<string, ((...values: readonly unknown[]) => Promise<unknown>) | undefined> | undefined;
  Promise.resolve(methods?.[method]?.(...args)).then(
    (value) => reply({ id, value }),
    (error: unknown) => fail(id, error),
  );
});
