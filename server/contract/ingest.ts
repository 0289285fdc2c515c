import { z } from '@hono/zod-openapi';
import { project, queryOf, time } from './requests.ts';
import { settlementStatus } from './settlement.ts';
import { unixNano } from './values.ts';

/** Senders and rejects that one answer lists at most. */
export const ingestListMax = 200;

export const ingestQuery = queryOf({
  project,
  from: time('Inclusive, by the collector’s clock, to the minute; default: 24 hours before `to`.'),
  to: time('Exclusive; default: now.'),
});

const count = z.number().int();

const fates = {
  received: count.openapi({ description: 'Items that were decided on: `stored + spooled + rejected`.' }),
  stored: count.openapi({ description: 'Answered as taken, in ClickHouse by then.' }),
  spooled: count.openapi({
    description: 'Answered as taken, on the collector’s disk by then; stored when ClickHouse was back.',
  }),
  rejected: count.openapi({ description: 'Not taken, for good.' }),
};

const ingestSender = z.object({
  service: z.string().openapi({ description: '`service.name` of the resource; empty where it has none.' }),
  ...fates,
  bytes: count.openapi({ description: 'Of the bodies, decompressed.' }),
  clients: z.array(z.string()).openapi({ description: 'First products of the user agents.' }),
  protocols: z.array(z.string()),
  signals: z.array(z.string()),
  firstSeenUnixNano: unixNano,
  lastSeenUnixNano: unixNano,
});
export type IngestSender = z.infer<typeof ingestSender>;

const ingestReason = z.object({
  code: z.string(),
  of: z
    .enum(['item', 'request'])
    .openapi({ description: 'What is counted: single items, or requests refused as a whole.' }),
  count,
  /** In plain words. */
  title: z.string(),
  advice: z.string(),
  services: z.array(z.string()).openapi({ description: 'Who sent them, at most five.' }),
  clients: z.array(z.string()),
  lastSeenUnixNano: unixNano,
});
export type IngestReason = z.infer<typeof ingestReason>;

const ingestReject = z.object({
  timeUnixNano: unixNano,
  service: z.string(),
  client: z.string(),
  signal: z.string(),
  protocol: z.string(),
  code: z.string(),
  message: z.string().openapi({ description: 'What the sender was told.' }),
  place: z
    .string()
    .nullable()
    .openapi({ description: '`resourceSpans[0].scopeSpans[0].spans[3]`; null of a request.' }),
  traceId: z.string().nullable().openapi({ description: 'As sent, where it could be read.' }),
  spanId: z.string().nullable(),
  name: z.string(),
  traceIsStored: z.boolean().openapi({ description: 'Other spans of this trace are there.' }),
});
export type IngestReject = z.infer<typeof ingestReject>;

const ingestCollector = z.object({
  collector: z.string().openapi({ description: 'Host and port.' }),
  version: z.string(),
  startedUnixNano: unixNano,
  seenUnixNano: unixNano.openapi({ description: 'When it last had something to say; an idle collector says nothing.' }),
  hasEnded: z.boolean(),
  circuit: z.string().openapi({ description: 'Its way to ClickHouse: closed (takes inserts), open, probing.' }),
  queuedBytes: count,
  queueLimitBytes: count,
  spoolRequests: count.openapi({ description: 'Requests that are safe on its disk and not in ClickHouse yet.' }),
  spoolBytes: count,
  spoolLimitBytes: count,
  spoolOldestUnixNano: unixNano.nullable(),
  deadLetterBytes: count,
});
export type IngestCollector = z.infer<typeof ingestCollector>;

export const ingestReply = z
  .object({
    bucketMs: count,
    totals: z.object({
      ...fates,
      bytes: count,
      requests: count,
      refusedRequests: count.openapi({
        description: 'Refused as a whole, for good or for now; what they held is not known.',
      }),
    }),
    signals: z.array(z.object({ signal: z.string(), ...fates })),
    buckets: z.array(z.object({ timeUnixNano: unixNano, ...fates, refusedRequests: count })),
    senders: z.array(ingestSender),
    senderCount: count,
    reasons: z.array(ingestReason),
    rejects: z
      .array(ingestReject)
      .openapi({ description: 'The last ones of seven days at most, a few of a kind a minute.' }),
    collectors: z.array(ingestCollector),
    settlement: settlementStatus,
  })
  .openapi('Ingest');
export type IngestReply = z.infer<typeof ingestReply>;
