import { Worker } from 'node:worker_threads';
import { StoreUnavailableError } from './store.ts';

/** A call of a store, by number. */
export interface ThreadCall {
  id: number;
  method: string;
  args: readonly unknown[];
}

/** The first one has no number: the store is open, or cannot be opened. */
export type ThreadReply =
  { id: number | null; value: unknown } | { id: number | null; message: string; isUnavailable: boolean };

interface Waiting {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

/**
 * A store in a thread of its own. `worker` is a program that does `serveStore`, `methods` are all that the store has, `close` among them.
 * Throws what opening the store throws.
 */
export async function openStoreThread<Store extends { close(): Promise<void> }>({
  worker: program,
  path,
  methods,
}: {
  worker: URL;
  path: string;
  methods: readonly (keyof Store & string)[];
}): Promise<Store> {
  const worker = new Worker(program, { workerData: { path } });
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
  const call = (method: string, args: readonly unknown[]) => send((last += 1), { id: last, method, args });
  const entries = methods.map((method) => [method, (...args: unknown[]) => call(method, args)]);
  // Every method of the interface is there: the conformance suites call all of them.
  const store = Object.fromEntries(entries) as Store;
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
