import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadCall, ThreadReply } from './store-thread.ts';
import { StoreUnavailableError } from './store.ts';

/** In a thread of `openStoreThread`: opens the store and makes the calls that come. */
export function serveStore(openStore: (path: string) => object): void {
  const port = parentPort;
  if (port === null) throw new Error('this is a thread of store-thread.ts');
  const reply = (message: ThreadReply) => {
    port.postMessage(message);
  };
  const fail = (id: number | null, error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    reply({ id, message, isUnavailable: error instanceof StoreUnavailableError });
  };
  const open = (): object | undefined => {
    try {
      const store = openStore((workerData as { path: string }).path);
      reply({ id: null, value: undefined });
      return store;
    } catch (error) {
      fail(null, error);
      return undefined;
    }
  };
  // Which arguments go with which method is the business of who opened the thread.
  const store = open() as Record<string, ((...values: readonly unknown[]) => Promise<unknown>) | undefined> | undefined;
  port.on('message', ({ id, method, args }: ThreadCall) => {
    Promise.resolve(store?.[method]?.(...args)).then(
      (value) => {
        reply({ id, value });
      },
      (error: unknown) => {
        fail(id, error);
      },
    );
  });
}
