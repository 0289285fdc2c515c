import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { rowEncoder } from '../../migrations/row-binary.ts';
import { deliveryColumns, type Row, tables } from '../../migrations/schema.ts';
import type { StoredDelivery } from '../domain/alerts/delivery.ts';
import type { DbConnection } from './db.ts';

const insertTimeoutMs = 10_000;
/** After so long an insert that was not seen is not coming any more: both sides end it sooner. */
export const deadStepMs = insertTimeoutMs + 5_000;

const encode = rowEncoder(deliveryColumns);

/** Writes steps of deliveries. Returns when they are stored, and throws when ClickHouse did not say so. */
export class DeliveryWriter {
  readonly #client: ReturnType<typeof createClient>;

  constructor({ url, secret }: DbConnection) {
    this.#client = createClient({
      url,
      request_timeout: insertTimeoutMs,
      max_open_connections: 8,
      application: 'sightglass-deliveries',
      log: { level: ClickHouseLogLevel.OFF }, // errors are thrown, and logged where they are handled
      ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
      clickhouse_settings: { async_insert: 0, max_execution_time: insertTimeoutMs / 1_000 },
    });
  }

  /** First steps: whoever writes them writes the same, so it does no harm to write them twice. */
  async writeFirst(deliveries: readonly StoredDelivery[]): Promise<void> {
    await this.#insert(deliveries, undefined);
  }

  /** Of rivals for the same step one is stored; the caller reads back who. */
  async writeStep(delivery: StoredDelivery): Promise<void> {
    await this.#insert([delivery], `${delivery.deliveryId}:${delivery.step}`);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #insert(deliveries: readonly StoredDelivery[], token: string | undefined): Promise<void> {
    const reply = await this.#client.exec({
      query: `INSERT INTO ${tables.deliveries} (${Object.keys(deliveryColumns).join(', ')}) FORMAT RowBinary`,
      values: Readable.from([encode(deliveries.map(toRow))], { objectMode: false }),
      clickhouse_settings: token === undefined ? { insert_deduplicate: 0 } : { insert_deduplication_token: token },
    });
    await finished(reply.stream.resume());
  }
}

function toRow(delivery: StoredDelivery): Row<typeof deliveryColumns> {
  return {
    project_id: delivery.projectId,
    delivery_id: delivery.deliveryId,
    event_id: delivery.eventId,
    event_at: BigInt(delivery.eventAtMs),
    channel_id: delivery.channelId,
    series: delivery.series,
    step: delivery.step,
    state: delivery.state,
    is_posted: delivery.isPosted,
    tries: delivery.tries,
    next_at: BigInt(Math.round(delivery.nextAtMs)),
    owner: delivery.owner,
    attempts: JSON.stringify(delivery.attempts),
    event: JSON.stringify(delivery.event),
    is_test: delivery.isTest,
  };
}
