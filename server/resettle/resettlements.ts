import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Resettlement, ResettlementOutcome } from '../contract/resettlements.ts';
import type { DbConnection } from '../queries/db.ts';
import type { ResettlementRequest } from './request.ts';
import type { ResettlementProgress } from './resettle.ts';
import type { ResettlementWork } from './worker.ts';

/** What ended is remembered for who asks, this many; what was written is in the audit for longer. */
const rememberedMax = 50;
const heapLimitMb = 3_072;
const stopTimeoutMs = 4_000;

interface Running {
  projectId: string;
  resettlement: Resettlement;
}

/** Runs re-settlements for the API, one at a time, each in a thread of its own. */
export class Resettlements {
  readonly #connection: DbConnection;
  readonly #pricesFile: string | undefined;
  readonly #priceVersion: string;
  readonly #known = new Map<string, Running>();
  #worker: Worker | undefined;

  constructor(options: { connection: DbConnection; pricesFile: string | undefined; priceVersion: string }) {
    this.#connection = options.connection;
    this.#pricesFile = options.pricesFile;
    this.#priceVersion = options.priceVersion;
  }

  /** Undefined while another one runs. The actor is the id of a key, or `api` in local mode. */
  start(request: ResettlementRequest, actor: string): Resettlement | undefined {
    if (this.#worker !== undefined) return undefined;
    const id = randomUUID();
    const running: Running = {
      projectId: request.projectId,
      resettlement: {
        ...{ id, status: 'running', commit: request.commit, actor },
        ...{ from: String(request.fromNs), to: String(request.toNs), priceVersion: this.#priceVersion },
        ...{ startedAt: nowNano(), finishedAt: null, error: null, progress: null, result: null },
      },
    };
    this.#known.set(id, running);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= rememberedMax) break;
      this.#known.delete(oldest);
    }
    const work: ResettlementWork = {
      connection: this.#connection,
      job: { id, actor, request, pricesFile: this.#pricesFile },
    };
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: work,
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMb },
    });
    this.#worker = worker;
    const end = (fields: Partial<Resettlement>) => {
      const { resettlement } = running;
      if (resettlement.status !== 'running') return;
      running.resettlement = { ...resettlement, ...fields, finishedAt: nowNano() };
    };
    worker.on('message', (message: WorkerMessage) => {
      if ('progress' in message) running.resettlement = { ...running.resettlement, progress: message.progress };
      else if ('result' in message) end({ status: 'done', result: message.result });
      else end({ status: 'failed', error: message.error });
    });
    worker.on('error', (error) => end({ status: 'failed', error: String(error) }));
    worker.once('exit', () => {
      end({ status: 'failed', error: 'it was stopped' });
      this.#worker = undefined;
    });
    return running.resettlement;
  }

  /** One that this process ran lately. */
  find(projectId: string, id: string): Resettlement | undefined {
    const known = this.#known.get(id);
    return known?.projectId === projectId ? known.resettlement : undefined;
  }

  /** Those that this process ran lately, newest first. */
  list(projectId: string): Resettlement[] {
    const own = [...this.#known.values()].filter((running) => running.projectId === projectId);
    return own.map(({ resettlement }) => resettlement).reverse();
  }

  /** Lets the pass at hand end; what is written until then is right. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    const cut = setTimeout(() => void worker.terminate(), stopTimeoutMs);
    worker.postMessage('stop');
    await exit;
    clearTimeout(cut);
  }
}

type WorkerMessage = { progress: ResettlementProgress } | { result: ResettlementOutcome } | { error: string };

function nowNano(): string {
  return String(BigInt(Date.now()) * 1_000_000n);
}
