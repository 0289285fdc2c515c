import { createRoute } from '@hono/zod-openapi';
import { ingestListMax, ingestQuery, ingestReply } from '../contract/ingest.ts';
import { explainRefusal, explainReject } from '../domain/ingest-reasons.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { listIngestCollectors } from '../queries/ingest-collectors.ts';
import { listIngestBuckets, listIngestReasons, listIngestSenders, sumIngest } from '../queries/ingest-counts.ts';
import { listIngestRejects } from '../queries/ingest-rejects.ts';
import { getSettlementStatus } from '../queries/settlement-status.ts';
import { createRouter, replies } from './api.ts';
import { readWindow } from './filters.ts';

/** `now` is milliseconds since 1970. */
export function ingestRoutes({ now }: { now: () => number }) {
  return createRouter().openapi(ingestRoute, async (c) => {
    const query = c.req.valid('query');
    const { db } = c.var;
    const window = readWindow(query, now());
    // Nobody's requests are the business of who may see every project.
    const withNameless = c.var.access.projectId === undefined;
    const asked = { projectId: query.project, window, withNameless };
    const bucketMs = chooseBucketMs(window);
    const [sums, buckets, senders, reasons, rejects, collectors, settlement] = await Promise.all([
      sumIngest(db, asked),
      listIngestBuckets(db, { ...asked, bucketMs }),
      listIngestSenders(db, { ...asked, limit: ingestListMax }),
      listIngestReasons(db, { ...asked, limit: ingestListMax }),
      listIngestRejects(db, { ...asked, limit: ingestListMax }),
      listIngestCollectors(db),
      getSettlementStatus(db),
    ]);
    const explained = reasons.map((reason) => ({
      ...reason,
      ...(reason.of === 'item' ? explainReject(reason.code) : explainRefusal(reason.code)),
    }));
    return c.json({ ...sums, bucketMs, buckets, ...senders, reasons: explained, rejects, collectors, settlement }, 200);
  });
}

const minutes = [1, 5, 15, 60, 180, 1_440, 10_080];
const bucketsMax = 120;

/** The smallest that cuts the window into no more than 120. */
function chooseBucketMs({ from, to }: TimeWindow): number {
  const windowMs = Number((to - from) / 1_000_000n);
  const chosen = minutes.find((minute) => windowMs / (minute * 60_000) <= bucketsMax) ?? minutes.at(-1) ?? 1;
  return chosen * 60_000;
}

const ingestRoute = createRoute({
  method: 'get',
  path: '/ingest',
  tags: ['Ingest'],
  summary: 'What the collectors received in a time window, what became of it and why',
  description:
    'Received = stored + spooled + rejected, by sender. Counts are saved every five seconds: a collector that is killed forgets the last ones, never spans.',
  request: { query: ingestQuery },
  responses: replies(
    ingestReply,
    'Sums, a series, senders, reasons, the last rejects and the state of the collectors.',
  ),
});
