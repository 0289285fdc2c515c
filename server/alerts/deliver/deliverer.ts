import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryState } from '../../contract/channels.ts';
import { connectDb, type Db, type DbConnection } from '../../queries/db.ts';
import { listDue, type ListedDelivery } from '../../queries/deliveries.ts';
import { DeliveryWriter } from '../../queries/delivery-writer.ts';
import { readClock } from '../../queries/settlement-changes.ts';
import { ChannelBook } from './channel-book.ts';
import { Courier, type CourierTimes } from './courier.ts';
import type { DelivererLog } from './log.ts';
import { Outbox } from './outbox.ts';
import { Poster, type PosterOptions } from './post.ts';

export interface DelivererOptions {
  connection: DbConnection;
  log: DelivererLog;
  /** What links begin with; asked when a message is made. */
  publicUrl: () => string;
  poster: PosterOptions;
  /** Hears how each try ended. */
  count?: ((outcome: DeliveryState) => void) | undefined;
  pollMs?: number | undefined;
  times?: Partial<CourierTimes> | undefined;
}

const defaultPollMs = 2_000;
const errorPauseMs = 2_000;
/** Of one look; the rest is found at the next. */
const dueMax = 200;
/** Channels that are sent to at once. */
const channelsAtOnce = 16;
/** A stopping server lets what is being sent end for so long; an answer that comes later is not known. */
const stopTimeoutMs = 3_000;

/**
 * Sends what alerts have to say. Every server may run one: a delivery is taken from step to step by compare-and-swap, so that of
 * several one sends it. To one channel goes one message at a time.
 */
export class Deliverer {
  readonly courier: Courier;
  readonly #db: Db;
  readonly #writer: DeliveryWriter;
  readonly #outbox: Outbox;
  readonly #book: ChannelBook;
  readonly #log: DelivererLog;
  readonly #pollMs: number;
  readonly #stop = new AbortController();
  readonly #cut = new AbortController();
  readonly #busy = new Map<string, Promise<void>>();
  #wake = new AbortController();
  /** ClickHouse's clock at a moment of ours. */
  #clock = { databaseMs: Date.now(), monotonicMs: performance.now() };
  #loop: Promise<void> | undefined;

  constructor({ connection, log, publicUrl, poster, count, pollMs, times }: DelivererOptions) {
    this.#db = connectDb(connection);
    this.#writer = new DeliveryWriter(connection);
    this.#log = log;
    this.#pollMs = pollMs ?? defaultPollMs;
    this.#outbox = new Outbox({ db: this.#db, writer: this.#writer, log });
    this.#book = new ChannelBook(this.#db);
    this.courier = new Courier({
      ...{ db: this.#db, writer: this.#writer, log, publicUrl, times, count: count ?? (() => undefined) },
      poster: new Poster(poster),
      owner: randomUUID(),
      nowMs: () => Math.round(this.#clock.databaseMs + performance.now() - this.#clock.monotonicMs),
      signal: this.#cut.signal,
    });
  }

  /** Works until it is closed. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Lets what is being sent end, or cuts it: another server, or the next start, goes on with it. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    const cut = setTimeout(() => this.#cut.abort(), stopTimeoutMs);
    await this.#loop;
    await Promise.all(this.#busy.values());
    clearTimeout(cut);
    await Promise.all([this.#db.close(), this.#writer.close()]);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const pauseMs = await this.#tickSafely();
      // A channel that has become free wakes it.
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: this.#wake.signal }).catch(() => undefined);
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
    }
  }

  async #tickSafely(): Promise<number> {
    try {
      this.#clock = { databaseMs: await readClock(this.#db), monotonicMs: performance.now() };
      const hasMore = await this.#outbox.fill(this.#clock.databaseMs);
      this.#dispatch(await listDue(this.#db, { limit: dueMax }));
      return hasMore ? 0 : this.#pollMs;
    } catch (error) {
      this.#log.error({ error: String(error) }, 'alerts could not be looked for and are looked for again');
      return errorPauseMs;
    }
  }

  #dispatch(due: readonly ListedDelivery[]): void {
    const byChannel = Map.groupBy(due, ({ projectId, channelId }) => JSON.stringify([projectId, channelId]));
    for (const [key, deliveries] of byChannel) {
      if (this.#stop.signal.aborted || this.#busy.size >= channelsAtOnce) return;
      if (this.#busy.has(key) || this.courier.isHeld(key)) continue;
      const work = this.#sendAll(key, deliveries).finally(() => {
        this.#busy.delete(key);
        this.#wake.abort();
      });
      this.#busy.set(key, work);
    }
  }

  /** Never throws. One after the other, as long as the channel takes them. */
  async #sendAll(key: string, deliveries: readonly ListedDelivery[]): Promise<void> {
    try {
      for (const delivery of deliveries) {
        if (this.#stop.signal.aborted || this.courier.isHeld(key)) return;
        const channel = await this.#book.find(delivery);
        const result = await this.courier.deliver(delivery, channel, key);
        // Somebody else has it, or ClickHouse lost a step: in a moment it looks different.
        if (result === 'lost') await sleep(this.#pollMs, undefined, { signal: this.#stop.signal });
        // A channel that is away must not keep the place of one that is there.
        if (result === 'failed') return;
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#log.error({ error: String(error) }, 'a message could not be sent and is tried again');
      await sleep(errorPauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}
