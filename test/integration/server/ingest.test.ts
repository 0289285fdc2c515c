import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ingestReply } from '../../../server/contract/ingest.ts';
import { newProjectId, useDatabase } from '../../support/database.ts';
import { request, useApi } from './api.ts';
import { spanIdOf, traceIdOf } from './fixtures.ts';
import { ingestWriter } from './ingest-fixtures.ts';

const noonMs = Date.parse('2026-11-20T12:00:00Z');

describe('what the collectors received', () => {
  const api = useApi(useDatabase());
  const write = ingestWriter(useDatabase(), api.project);
  afterAll(() => write.close());
  const read = async (parameters: Record<string, string> = {}) => {
    const window = { from: '2026-11-20T11:30:00Z', to: '2026-11-20T13:00:00Z' };
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
    await write.counts(noonMs - 3_600_000, web, [
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
    ['2026-11-20T11:00:00Z', '2026-11-20T13:00:00Z', 60_000],
    ['2026-11-19T12:00:00Z', '2026-11-20T13:00:00Z', 900_000],
    ['2026-10-01T00:00:00Z', '2026-11-20T13:00:00Z', 86_400_000],
    ['1970-01-01T00:00:00Z', '2262-01-01T00:00:00Z', 604_800_000],
  ])('cuts %s to %s into buckets that can be drawn', async (from, to, bucketMs) => {
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
