import { Redis } from 'ioredis';
import type { ScriptName } from './redis-scripts.ts';
import { lateError } from './redis-session-scripts.ts';
import { StoreUnavailableError } from './store.ts';

/** How long a call waits for its answer, reconnecting included. */
export const callLimitMs = 3_000;
/** Until then Redis may still do what it was asked: the call has failed, and the clocks differ a little. */
export const lateMs = 500;
const connectLimitMs = 5_000;
const reconnectPauseMs = { least: 50, most: 1_000 };
/** How old the difference between the clocks may be, and how long asking for it may take. */
const clockAgeMs = 30_000;
export const clockDoubtMs = 400;
const leastVersion = '6.2';
/** Answers of a Redis that works, but not now or not for us. */
const refusals =
  /^(LOADING|READONLY|OOM|MISCONF|BUSY|NOAUTH|WRONGPASS|NOPERM|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|TRYAGAIN|UNKILLABLE)\b/;

/** What is done in Redis in one atomic step; `isRefusedLate`: it comes with a time limit as its last argument. */
export interface RedisScript {
  lua: string;
  keys: number;
  isRefusedLate: boolean;
}

/**
 * One connection to Redis, with the scripts of one store. Every call is answered or fails with a StoreUnavailableError within 3.5
 * seconds; ioredis reconnects and sends again what was not answered.
 */
export class RedisClient<Name extends string = ScriptName> {
  readonly #redis: Redis;
  readonly #scripts: Readonly<Record<Name, RedisScript>>;
  /** A call was not answered in time, and nothing since: others fail at once, so that nothing piles up. */
  #isSilent = false;
  #lastError: Error | undefined;
  /** Redis's clock less ours, which is monotonic. */
  #clock = { offsetMs: 0, askedMs: -Infinity };

  constructor(url: string, scripts: Readonly<Record<Name, RedisScript>>) {
    this.#scripts = scripts;
    this.#redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: callLimitMs,
      maxRetriesPerRequest: null,
      // After a failover the address leads to another one.
      reconnectOnError: ({ message }) => message.startsWith('READONLY'),
      retryStrategy: (times) => Math.min(reconnectPauseMs.least * times, reconnectPauseMs.most),
    });
    this.#redis.on('error', (error: Error) => (this.#lastError = error));
    for (const [name, { lua, keys }] of Object.entries<RedisScript>(scripts)) {
      this.#redis.defineCommand(commandOf(name), { lua, numberOfKeys: keys });
    }
  }

  /** What is to be known about this Redis as a store; throws a StoreUnavailableError that says why it is none. */
  async connect(): Promise<string[]> {
    try {
      await within(this.#redis.connect(), connectLimitMs);
      await this.#readClock();
      return judge(await this.raw((redis) => redis.info()));
    } catch (error) {
      this.#redis.disconnect();
      throw new StoreUnavailableError((this.#lastError ?? (error as Error)).message, { cause: error });
    }
  }

  /** Runs a script; `args` are what its comment says. */
  async run(name: Name, keys: readonly string[], args: readonly (string | number)[] = []): Promise<unknown> {
    const limit = this.#scripts[name].isRefusedLate ? [this.#latest()] : [];
    // `defineCommand` adds methods that the type does not know.
    const commands = this.#redis as unknown as Record<string, (...values: (string | number)[]) => Promise<unknown>>;
    return await this.raw(async () => await commands[commandOf(name)]?.(...keys, ...args, ...limit));
  }

  /** Any other command. */
  async raw<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.#isSilent) throw new StoreUnavailableError(`Redis does not answer: ${this.#why()}`);
    if (performance.now() - this.#clock.askedMs > clockAgeMs)
      void this.#readClock({ isWrong: false }).catch(() => undefined);
    const answer = command(this.#redis);
    // Also one that comes too late says that Redis is there again.
    const hear = () => (this.#isSilent = false);
    answer.then(hear, (error: unknown) => isReply(error) && hear());
    try {
      return await within(answer, callLimitMs);
    } catch (error) {
      if (error instanceof TimeLimitError) this.#isSilent = true;
      throw this.#explain(error);
    }
  }

  async close(): Promise<void> {
    if (this.#redis.status === 'end') return;
    await within(this.#redis.quit(), callLimitMs).catch(() => undefined);
    this.#redis.disconnect();
  }

  #latest(): string {
    return (performance.now() + this.#clock.offsetMs + callLimitMs + lateMs).toFixed(0);
  }

  /** An answer that took long says little; where the clock is known to be wrong, it is better than nothing. */
  async #readClock({ isWrong } = { isWrong: true }): Promise<void> {
    const askedMs = performance.now();
    this.#clock.askedMs = askedMs;
    const [seconds, micros] = await within(this.#redis.time(), callLimitMs);
    const tookMs = performance.now() - askedMs;
    if (tookMs > clockDoubtMs && !isWrong) return;
    this.#clock.offsetMs = Number(seconds) * 1000 + Number(micros) / 1000 - (askedMs + tookMs / 2);
  }

  #explain(error: unknown): unknown {
    if (error instanceof TimeLimitError) {
      return new StoreUnavailableError(`Redis gave no answer for ${callLimitMs} ms: ${this.#why()}`, { cause: error });
    }
    if (!(error instanceof Error) || error instanceof TypeError) return error;
    if (error.message.startsWith(lateError)) {
      void this.#readClock().catch(() => undefined);
      return new StoreUnavailableError('Redis got the call too late', { cause: error });
    }
    if (isReply(error) && !refusals.test(error.message)) return error;
    return new StoreUnavailableError(error.message, { cause: error });
  }

  #why(): string {
    return this.#redis.status === 'ready' ? 'it hangs' : (this.#lastError?.message ?? this.#redis.status);
  }
}

class TimeLimitError extends Error {}

async function within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new TimeLimitError(`no answer for ${limitMs} ms`));
  }, limitMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function commandOf(name: string): string {
  return `sightglass_${name}`;
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** `info` is the reply of INFO. */
function judge(info: string): string[] {
  const fields = new Map(info.split('\r\n').map((line) => line.split(':', 2) as [string, string]));
  const version = fields.get('redis_version') ?? '';
  if (version.localeCompare(leastVersion, undefined, { numeric: true }) < 0) {
    throw new Error(`it is of version ${version}; needed is ${leastVersion} or newer`);
  }
  if (fields.get('role') === 'slave') throw new Error('it is a replica and takes no writes');
  const warnings: string[] = [];
  if (fields.get('aof_enabled') === '0') {
    warnings.push('Redis has appendonly off: a restart loses what came after its last snapshot');
  }
  const policy = fields.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction') {
    warnings.push(`Redis has maxmemory-policy ${policy}: it may drop sessions when its memory is full; use noeviction`);
  }
  return warnings;
}
