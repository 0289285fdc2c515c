import { alertEvent } from '../../contract/alerts.ts';
import { newDelivery, type StoredDelivery } from '../../domain/alerts/delivery.ts';
import type { Db } from '../../queries/db.ts';
import type { DeliveryWriter } from '../../queries/delivery-writer.ts';
import { listUndelivered, type UndeliveredEvent } from '../../queries/undelivered-events.ts';
import type { DelivererLog } from './log.ts';

/** An event that no server told anybody within so long is not news any more. */
const reachMs = 7 * 24 * 3_600_000;
/** Rows become visible late; what was looked at already has its delivery and is not found again. */
const overlapMs = 60_000;
const eventsMax = 500;
/** Rows that cannot be read and are not logged once more. */
const unreadableMax = 1_000;

/** Makes a delivery of every new event for each of its channels. */
export class Outbox {
  readonly #db: Db;
  readonly #writer: DeliveryWriter;
  readonly #log: DelivererLog;
  readonly #unreadable = new Set<string>();
  /** By ClickHouse's clock. */
  #lookedToMs = 0;

  constructor({ db, writer, log }: { db: Db; writer: DeliveryWriter; log: DelivererLog }) {
    this.#db = db;
    this.#writer = writer;
    this.#log = log;
  }

  /** True: there is more to do at once. */
  async fill(nowMs: number): Promise<boolean> {
    const sinceMs = Math.max(this.#lookedToMs - overlapMs, nowMs - reachMs);
    const events = await listUndelivered(this.#db, { sinceMs, limit: eventsMax });
    const deliveries = events.flatMap((event) => this.#deliveriesOf(event));
    if (deliveries.length > 0) await this.#writer.writeFirst(deliveries);
    const isFull = events.length >= eventsMax;
    const lastMs = events.at(-1)?.writtenMs ?? nowMs;
    // A page of nothing but what cannot be read is passed over.
    this.#lookedToMs = isFull ? lastMs + (deliveries.length === 0 ? overlapMs : 0) : nowMs;
    return isFull;
  }

  #deliveriesOf({ projectId, eventId, body }: UndeliveredEvent): StoredDelivery[] {
    const parsed = alertEvent.safeParse(parseJson(body));
    if (parsed.success) return [...new Set(parsed.data.channelIds)].map((id) => newDelivery(parsed.data, id));
    const key = `${projectId} ${eventId}`;
    if (!this.#unreadable.has(key)) {
      if (this.#unreadable.size >= unreadableMax) this.#unreadable.clear();
      this.#unreadable.add(key);
      this.#log.error({ projectId, eventId, error: parsed.error.message }, 'an event cannot be read and is not sent');
    }
    return [];
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
