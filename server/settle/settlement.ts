import { Worker } from 'node:worker_threads';

export interface SettlerLog {
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
  error: (fields: object, message: string) => void;
}

export interface SettlementConfig {
  clickhouseUrl: string;
  clickhouseSecret: string | undefined;
  pricesFile: string | undefined;
}

/** What a pass may need at most; a worker that wants more ends and is started again, the server stays. */
const heapLimitMb = 3_072;
const restartPauseMs = 1_000;
const stopTimeoutMs = 4_000;

/** Runs settlement in a thread of its own, so that a large pass holds up no request, until it is closed. */
export class Settlement {
  readonly #config: SettlementConfig;
  readonly #log: SettlerLog;
  #worker: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(config: SettlementConfig, log: SettlerLog) {
    this.#config = config;
    this.#log = log;
    this.#start();
  }

  /** Lets the pass at hand end, or cuts it: a pass that was cut is repeated at the next start. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === undefined) return;
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    const cut = setTimeout(() => void worker.terminate(), stopTimeoutMs);
    worker.postMessage('stop');
    await exit;
    clearTimeout(cut);
  }

  #start(): void {
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: this.#config,
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMb },
    });
    this.#worker = worker;
    worker.on('error', (error) => {
      this.#log.error({ error: String(error) }, 'settlement ended and is started again');
    });
    worker.once('exit', () => {
      this.#worker = undefined;
      if (!this.#isClosing) this.#restart = setTimeout(() => this.#start(), restartPauseMs);
    });
  }
}
