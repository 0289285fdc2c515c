import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const senderLabels = ['project', 'service', 'signal', 'protocol'] as const;
const rowBuckets = [1, 10, 100, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000];
const byteBuckets = [1e3, 1e4, 1e5, 1e6, 4e6, 16e6, 64e6];
const secondBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** Every series of `/metrics`, in a registry of its own. Items are spans, log records and data points. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: `sightglass_${name}`, help, labelNames: [...labelNames], registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge({ name: `sightglass_${name}`, help, labelNames: [...labelNames], registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    { buckets, labelNames }: { buckets: readonly number[]; labelNames: readonly Label[] },
  ) =>
    new Histogram({ name: `sightglass_${name}`, help, buckets: [...buckets], labelNames: [...labelNames], registers });

  return {
    registry,
    received: counter('received_items_total', 'Items that were decided on: stored + spooled + rejected.', senderLabels),
    stored: counter('stored_items_total', 'Items answered as taken, durable in ClickHouse.', senderLabels),
    spooled: counter(
      'spooled_items_total',
      'Items answered as taken, durable on disk until ClickHouse is back.',
      senderLabels,
    ),
    rejected: counter('rejected_items_total', 'Items not taken, by reason.', [...senderLabels, 'reason']),
    bytes: counter('received_bytes_total', 'Bytes of bodies whose items were decided on, decompressed.', senderLabels),
    requests: counter('requests_total', 'Requests by answer: ok, partial, or a status of HTTP.', [
      ...['project', 'client', 'signal', 'protocol', 'outcome'],
    ]),
    ackSeconds: histogram('acknowledge_seconds', 'From the last byte of a body to its answer.', {
      buckets: secondBuckets,
      labelNames: ['fate'],
    }),
    batchRows: histogram('batch_rows', 'Rows of batches that were stored.', {
      buckets: rowBuckets,
      labelNames: ['source'],
    }),
    batchBytes: histogram('batch_bytes', 'Bytes of the bodies of batches that were stored.', {
      buckets: byteBuckets,
      labelNames: ['source'],
    }),
    insertSeconds: histogram('insert_seconds', 'Inserts of a batch, retries included.', {
      buckets: secondBuckets,
      labelNames: ['source'],
    }),
    retries: counter('insert_retries_total', 'Inserts sent again.', ['source', 'table', 'outcome']),
    failures: counter('insert_failures_total', 'Batches given up for now, by the code ClickHouse gave.', [
      'source',
      'code',
    ]),
    spooledBodies: counter('spooled_requests_total', 'Requests written to the spool.', []),
    spooledBytes: counter('spooled_bytes_total', 'Bytes of bodies written to the spool.', []),
    spoolSeconds: histogram('spool_write_seconds', 'Writing to the spool, synced to disk.', {
      buckets: secondBuckets,
      labelNames: [],
    }),
    spoolRefused: counter('spool_refused_requests_total', 'Requests the spool had no room for.', ['reason']),
    replayedBodies: counter('replayed_requests_total', 'Requests of the spool that are done with.', []),
    replayedItems: counter(
      'replayed_items_total',
      'Items of the spool that are done with: stored, or dead letters.',
      [],
    ),
    spoolDamaged: counter('spool_damaged_bytes_total', 'Bytes of spool records that could not be read.', []),
    deadLetters: counter('dead_letter_items_total', 'Rows that ClickHouse refuses, kept in a file if there was room.', [
      ...['source', 'kept'],
    ]),
    repeatedMessages: counter(
      'repeated_messages_total',
      'Messages of a history that had been stored before and were not sent to ClickHouse again.',
      [],
    ),
    circuitState: gauge('circuit_state', '1 for the state that the way to ClickHouse is in.', ['state']),
    queuedBytes: gauge('queue_bytes', 'Waiting to be stored or being inserted, in memory.'),
    queueLimitBytes: gauge('queue_limit_bytes', 'Above it requests are answered 429.'),
    receivingBytes: gauge('receiving_bytes', 'Bodies that have not come whole.'),
    spoolRecords: gauge('spool_requests', 'Requests on disk that are not in ClickHouse.'),
    spoolBytes: gauge('spool_bytes', 'What they take on disk.'),
    spoolLimitBytes: gauge('spool_limit_bytes', 'Above it requests are answered 503 while ClickHouse is away.'),
    spoolOldestSeconds: gauge('spool_oldest_seconds', 'How long the oldest of them waits; 0 without one.'),
    deadLetterBytes: gauge('dead_letter_bytes', 'Size of the dead letters on disk.'),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
