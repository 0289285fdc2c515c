import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ingestReply } from '../../../server/contract/ingest.ts';
import type { UnixNano } from '../../../server/domain/time.ts';
import { newProjectId, useDatabase } from '../../support/database.ts';
import { listIngestReasons } from '../../../server/queries/ingest-counts.ts';
import { listIngestRejects } from '../../../server/queries/ingest-rejects.ts';
import { request, useApi } from './api.ts';
import { spanIdOf, traceIdOf } from './fixtures.ts';
import { ingestWriter } from './ingest-fixtures.ts';

const ns = (ms: number) => (BigInt(ms) * 1_000_000n) as UnixNano;
/** Noon of yesterday: rejects are kept for seven days. */
const noonMs = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 43_200_000;
const iso = (afterNoonMs: number) => new Date(noonMs + afterNoonMs).toISOString();
const hourMs = 3_600_000;

describe('what the collectors received', () => {
  const api = useApi(useDatabase());
  const write = ingestWriter(useDatabase(), api.project);
  afterAll(() => write.close());
  const read = async (parameters: Record<string, string> = {}) => {
    const window = { from: iso(-hourMs / 2), to: iso(hourMs) };
    const answer = await request(api.app, '/api/ingest', { project: api.project, ...window, ...parameters });
    expect(answer.status).toBe(200);
    return ingestReply.parse(answer.body);
  };

  beforeAll(async () => {
    const web = { service: 'web' };
    await write.counts(noonMs, web, [
      ['received', 100],
      ['stored', 90],
      ['spooled', 8],
      ['rejected', 2, 'trace_id_length'],
      ['bytes', 5_000],
    ]);
    // Another collector, the same minute.
    await write.counts(noonMs + 30_000, { ...web, client: 'sdk/2', protocol: 'grpc' }, [
      ['received', 10],
      ['stored', 10],
      ['bytes', 50],
    ]);
    await write.counts(noonMs + 60_000, { service: 'jobs', signal: 'logs' }, [
      ['received', 5],
      ['rejected', 5, 'not_a_genai_event'],
    ]);
    await write.counts(noonMs, {}, [
      ['requests', 7, 'ok'],
      ['requests', 1, 'partial'],
      ['requests', 3, '413'],
    ]);
    await write.counts(noonMs - hourMs, web, [
      ['received', 1_000],
      ['stored', 1_000],
    ]);
    await write.counts(noonMs, { project: newProjectId() }, [
      ['received', 7],
      ['stored', 7],
    ]);
    await write.reject(noonMs, {
      ...web,
      code: 'trace_id_length',
      message: 'trace id is not 16 bytes',
      place: 'resourceSpans[0].scopeSpans[0].spans[3]',
      traceId: 'abcd',
      spanId: spanIdOf(1),
      name: 'chat',
    });
    await write.reject(noonMs + 1, { ...web, code: 'span_id_length', message: 'm', traceId: traceIdOf('a1') });
    await write.place(traceIdOf('a1'), noonMs);
  });

  it('adds up: received = stored + spooled + rejected, in all, by signal, bucket and sender', async () => {
    const reply = await read();
    expect(reply.totals).toEqual({
      ...{ received: 115, stored: 100, spooled: 8, rejected: 7 },
      ...{ bytes: 5_050, requests: 11, refusedRequests: 3 },
    });
    for (const part of [reply.totals, ...reply.signals, ...reply.buckets, ...reply.senders]) {
      expect(part.received).toBe(part.stored + part.spooled + part.rejected);
    }
    expect(reply.signals.map(({ signal, received }) => [signal, received])).toEqual([
      ['traces', 110],
      ['logs', 5],
    ]);
    expect(reply.bucketMs).toBe(60_000);
    expect(
      reply.buckets.map(({ timeUnixNano, received, refusedRequests }) => [timeUnixNano, received, refusedRequests]),
    ).toEqual([
      [`${noonMs}000000`, 110, 3],
      [`${noonMs + 60_000}000000`, 5, 0],
    ]);
    expect(reply.senderCount).toBe(2);
    expect(reply.senders[0]).toEqual({
      ...{ service: 'web', received: 110, stored: 100, spooled: 8, rejected: 2, bytes: 5_050 },
      ...{ clients: ['sdk/1', 'sdk/2'], protocols: ['grpc', 'http-protobuf'], signals: ['traces'] },
      ...{ firstSeenUnixNano: `${noonMs}000000`, lastSeenUnixNano: `${noonMs + 30_000}000000` },
    });
  });

  it('says why, and what helps', async () => {
    const { reasons } = await read();
    expect(reasons.map(({ of, code, count, services }) => [of, code, count, services])).toEqual([
      ['item', 'not_a_genai_event', 5, ['jobs']],
      ['item', 'trace_id_length', 2, ['web']],
      ['request', '413', 3, []],
    ]);
    expect(reasons[1]?.title).toBe('The trace id is not 16 bytes');
    expect(reasons.every(({ advice }) => advice.length > 20)).toBe(true);
  });

  it('lists the last rejects, and says which traces are there', async () => {
    const { rejects } = await read();
    expect(rejects).toEqual([
      expect.objectContaining({ code: 'span_id_length', place: null, spanId: null, traceIsStored: true }),
      {
        ...{
          timeUnixNano: `${noonMs}000000`,
          service: 'web',
          client: 'sdk/1',
          signal: 'traces',
          protocol: 'http-protobuf',
        },
        ...{
          code: 'trace_id_length',
          message: 'trace id is not 16 bytes',
          place: 'resourceSpans[0].scopeSpans[0].spans[3]',
        },
        ...{ traceId: 'abcd', spanId: spanIdOf(1), name: 'chat', traceIsStored: false },
      },
    ]);
  });

  it('shows what came without a key to who may see every project', async () => {
    // Of the whole database: a day of its own.
    const dayMs = noonMs - 72 * hourMs + Math.floor(Math.random() * hourMs);
    await write.counts(dayMs, { project: '', client: 'stray/1' }, [['requests', 2, '401']]);
    await write.reject(dayMs, {
      project: '',
      client: 'stray/1',
      code: 'request_401',
      message: 'this needs a valid key',
    });
    const fromMs = Math.floor(dayMs / 60_000) * 60_000;
    const window = { from: ns(fromMs), to: ns(fromMs + 60_000) };
    for (const withNameless of [true, false]) {
      const asked = { projectId: api.project, window, withNameless, limit: 10 };
      expect((await listIngestReasons(api.db, asked)).map(({ code }) => code)).toEqual(withNameless ? ['401'] : []);
      expect((await listIngestRejects(api.db, asked)).map(({ code }) => code)).toEqual(
        withNameless ? ['request_401'] : [],
      );
    }
  });

  it('says how each collector was when it was last heard', async () => {
    const name = `host-${newProjectId()}:4318`;
    const nowMs = Date.now();
    await write.collector(name, nowMs - 1_000);
    await write.collector(name, nowMs, {
      circuit: 'open',
      spoolRecords: 12,
      spoolBytes: 900,
      spoolOldestMs: nowMs - 5_000,
    });
    await write.collector(`${name}9`, nowMs - 2 * 86_400_000, { hasEnded: true });
    const { collectors } = await read();
    expect(collectors.filter(({ collector }) => collector.startsWith(name))).toEqual([
      expect.objectContaining({
        ...{ collector: name, version: '1.2.3', circuit: 'open', spoolRequests: 12, spoolBytes: 900 },
        ...{ spoolOldestUnixNano: `${nowMs - 5_000}000000`, hasEnded: false },
      }),
    ]);
  });

  it.each([
    ['two hours', iso(-hourMs), iso(hourMs), 60_000],
    ['a day', iso(-24 * hourMs), iso(hourMs), 900_000],
    ['fifty days', iso(-1_200 * hourMs), iso(hourMs), 86_400_000],
    ['all time', '1970-01-01T00:00:00Z', '2262-01-01T00:00:00Z', 604_800_000],
  ])('cuts %s into buckets that can be drawn', async (_, from, to, bucketMs) => {
    const reply = await read({ from, to });
    expect(reply.bucketMs).toBe(bucketMs);
    expect(reply.totals.received).toBe(1_115);
    expect(reply.buckets.reduce((sum, { received }) => sum + received, 0)).toBe(1_115);
  });

  it('is zero where nothing came, and knows no other parameter', async () => {
    const reply = await read({ project: "' OR 1=1 --\0" });
    expect(reply.totals).toMatchObject({ received: 0, requests: 0 });
    expect([reply.buckets, reply.senders, reply.reasons, reply.rejects]).toEqual([[], [], [], []]);
    const answer = await request(api.app, '/api/ingest', { service: 'web' });
    expect(answer.body).toMatchObject({ error: { code: 'invalid_request' } });
  });
});
