import { setTimeout as sleep } from 'node:timers/promises';

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process that has started and works. */
export interface Running {
  pid: number;
  exited: Promise<Exit>;
  /** Drains and ends it within a bounded time. */
  stop(): Promise<unknown>;
  /** Ends it at once. */
  kill(): void;
}

/** A process that is started again when it dies. */
export interface Kept<T extends Running> {
  name: string;
  /** The one that runs now, or ran last. */
  current(): T;
  /** Ends it, for good. */
  stop(): Promise<void>;
  kill(): void;
  /** Resolves with one line when it died too often; never otherwise. */
  gaveUp: Promise<string>;
}

export interface KeepOptions<T extends Running> {
  name: string;
  /** Called for the first start without, for every restart with the one that died. Rejects when it cannot start; `ending` tells that nobody needs it any more. */
  start: (previous: T | undefined, ending: AbortSignal) => Promise<T>;
  log: (line: string) => void;
  limits?: Partial<RestartLimits>;
}

export interface RestartLimits {
  /** One that lived shorter than this died fast. */
  fastDeathMs: number;
  /** So many fast deaths in a row end the attempts. */
  fastDeathLimit: number;
  firstDelayMs: number;
  maxDelayMs: number;
}

/** Delays of 0.2, 0.4, 0.8, 1.6 s: a crash costs little, a program that cannot run is given up after some seconds. */
const defaultLimits: RestartLimits = { fastDeathMs: 10_000, fastDeathLimit: 5, firstDelayMs: 200, maxDelayMs: 5_000 };

/** Starts something and keeps it running until it is stopped or dies too often. Rejects when the first start fails. */
export async function keepRunning<T extends Running>(options: KeepOptions<T>): Promise<Kept<T>> {
  const limits = { ...defaultLimits, ...options.limits };
  const gaveUp = Promise.withResolvers<string>();
  const ending = new AbortController();
  const isEnding = () => ending.signal.aborted;
  let startedAt = Date.now();
  let current = await options.start(undefined, ending.signal);
  const loop = watch();

  async function watch(): Promise<void> {
    let fastDeaths = 0;
    for (;;) {
      const exit = await current.exited;
      if (isEnding()) return;
      fastDeaths = Date.now() - startedAt < limits.fastDeathMs ? fastDeaths + 1 : 1;
      let reason = describeExit(exit);
      while (fastDeaths < limits.fastDeathLimit) {
        const delayMs = Math.min(limits.firstDelayMs * 2 ** (fastDeaths - 1), limits.maxDelayMs);
        options.log(`${options.name} ended unexpectedly (${reason}), starting it again in ${delayMs} ms`);
        const failure = await restart(delayMs);
        if (failure === undefined) break;
        if (isEnding()) return;
        reason = failure;
        fastDeaths += 1;
      }
      if (fastDeaths >= limits.fastDeathLimit) {
        gaveUp.resolve(`${options.name} ended ${fastDeaths} times in a row right after its start (last: ${reason})`);
        return;
      }
    }
  }

  /** Answers why it failed. */
  async function restart(delayMs: number): Promise<string | undefined> {
    try {
      await sleep(delayMs, undefined, { signal: ending.signal });
      startedAt = Date.now();
      current = await options.start(current, ending.signal);
      if (isEnding()) await current.stop();
      else options.log(`${options.name} runs again (pid ${current.pid})`);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  return {
    name: options.name,
    current: () => current,
    gaveUp: gaveUp.promise,
    stop: async () => {
      ending.abort();
      await current.stop();
      await loop; // a restart under way ends what it started
    },
    kill: () => {
      ending.abort();
      current.kill();
    },
  };
}

function describeExit({ code, signal }: Exit): string {
  return signal ?? `exit code ${code ?? 'unknown'}`;
}
