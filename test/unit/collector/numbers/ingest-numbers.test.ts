import { gzipSync } from 'node:zlib';
import type { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMetrics, type Metrics } from '../../../../collector/numbers/metrics.ts';
import { IngestNumbers } from '../../../../collector/numbers/ingest-numbers.ts';
import { RejectLog } from '../../../../collector/numbers/reject-log.ts';
import { type Count, Tally } from '../../../../collector/numbers/tally.ts';
import { createIntake } from '../../../../collector/receive/intake.ts';
import { MappedBatch } from '../../../../collector/receive/mapped-batch.ts';
import { createReceiver } from '../../../../collector/receive/receiver.ts';
import type { RequestListener } from '../../../../collector/receive/visitor.ts';
import type { WriteOutcome } from '../../../../collector/write/batcher.ts';
import { KnownMessages } from '../../../../collector/write/known-messages.ts';
import { attributesOf, encodings, logsOf, tracesOf, type WireSpan } from '../../../support/otlp-encode.ts';
import { readSamples, type Sample, sumSamples } from '../../../support/prometheus-text.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);
const startTimeUnixNano = String(BigInt(nowMs) * 1_000_000n);
const good: WireSpan = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), startTimeUnixNano, name: 'good' };

let outcome: WriteOutcome;
let metrics: Metrics;
let tally: Tally;
let rejectLog: RejectLog;
let app: Hono;
beforeEach(() => {
  outcome = { status: 'stored' };
  metrics = createMetrics();
  tally = new Tally();
  rejectLog = new RejectLog();
  const numbers = new IngestNumbers({ metrics, tally, rejectLog, nowMs: () => nowMs });
  const listener: RequestListener = {
    onHeld: (visitor, held) => {
      numbers.onHeld(visitor, held);
    },
    onRefused: (visitor, refusal) => {
      numbers.onRefused(visitor, refusal);
    },
  };
  app = createReceiver({
    intake: createIntake({
      listener,
      submit: (body) => {
        const batch = new MappedBatch({ known: new KnownMessages(), retentionDays: 400, nowMs: () => nowMs });
        const { told } = batch.append(body);
        return Promise.resolve({ outcome, told });
      },
    }),
    listener,
    isReady: () => Promise.resolve(true),
    onError: () => undefined,
    writeMetrics: () => metrics.registry.metrics(),
  });
});

async function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<number> {
  const reply = await app.request(path, {
    method: 'POST',
    headers: {
      ...{ host: 'localhost', 'content-type': 'application/json', 'user-agent': 'OTel-Test/1.2 grpc/3' },
      ...{ 'x-sightglass-project': 'shop', ...headers },
    },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  return reply.status;
}

function traces(spans: WireSpan[], service = 'web'): string {
  return JSON.stringify(tracesOf(spans, { resource: attributesOf({ 'service.name': service }) }));
}

async function samples(): Promise<Sample[]> {
  const reply = await app.request('/metrics', { headers: { host: 'localhost' } });
  expect(reply.headers.get('content-type')).toContain('text/plain');
  return readSamples(await reply.text());
}

const items = (what: string) => `sightglass_${what}_items_total`;

describe('received = stored + rejected', () => {
  it('holds after every kind of answer, by sender', async () => {
    const twoServices = tracesOf([good, good], { resource: attributesOf({ 'service.name': 'web' }) });
    twoServices.resourceSpans.push(
      ...tracesOf([good, { ...good, traceId: '' }], { resource: attributesOf({ 'service.name': 'jobs' }) })
        .resourceSpans,
    );
    expect(await post('/v1/traces', JSON.stringify(twoServices))).toBe(200);
    expect(
      await post(
        '/v1/traces',
        traces([
          { ...good, spanId: '00'.repeat(8) },
          { ...good, kind: 'x' as never },
        ]),
      ),
    ).toBe(200);
    const { contentType, encode } = encodings.protobuf;
    expect(await post('/v1/traces', encode(tracesOf([good])), { 'content-type': contentType })).toBe(200);
    const record = { traceId: good.traceId, spanId: good.spanId, timeUnixNano: startTimeUnixNano };
    const logs = logsOf([
      { ...record, eventName: 'gen_ai.user.message' },
      { ...record, eventName: 'other' },
    ]);
    expect(await post('/v1/logs', JSON.stringify(logs))).toBe(200);
    const points = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ sum: { dataPoints: [{}, {}] } }] }] }] };
    expect(await post('/v1/metrics', JSON.stringify(points))).toBe(200);
    for (const status of ['refused', 'overloaded', 'unavailable'] as const) {
      outcome = status === 'refused' ? { status, reason: 'poison' } : { status, retryAfterMs: 1_000 };
      const expected = { refused: 400, overloaded: 429, unavailable: 503 }[status];
      expect(await post('/v1/traces', traces([good]))).toBe(expected);
    }
    expect(await post('/v1/traces', '{')).toBe(400);
    expect(await post('/v1/traces', 'x', { 'content-encoding': 'gzip' })).toBe(400);
    expect(await post('/v1/traces', gzipSync(Buffer.alloc(65 * 1024 * 1024)), { 'content-encoding': 'gzip' })).toBe(
      413,
    );
    expect(await post('/v1/traces', '{}', { 'content-type': 'text/plain' })).toBe(415);
    expect(await post('/v1/traces', '{}', { host: 'evil.example' })).toBe(421);
    expect(await post('/v1/traces', '{}', { origin: 'http://evil.example' })).toBe(403);
    expect(await post('/v1/traces', '{}', { 'x-sightglass-project': 'a\tb' })).toBe(400);

    const now = await samples();
    const sum = (what: string, labels = {}) => sumSamples(now, items(what), labels);
    expect([sum('received'), sum('stored'), sum('rejected')]).toEqual([12, 5, 7]);
    const senders = [
      ...new Set(now.filter(({ name }) => name === items('received')).map(({ labels }) => labels['service'])),
    ];
    expect(senders.toSorted()).toEqual(['', 'jobs', 'web']);
    for (const service of senders) {
      expect(sum('received', { service })).toBe(sum('stored', { service }) + sum('rejected', { service }));
    }
    const requests = now.filter(({ name }) => name === 'sightglass_requests_total');
    expect(requests.every(({ labels }) => labels['client'] === 'OTel-Test/1.2')).toBe(true);
    const outcomes: Record<string, number> = {};
    for (const { labels, value } of requests)
      outcomes[labels['outcome'] ?? ''] = (outcomes[labels['outcome'] ?? ''] ?? 0) + value;
    expect(outcomes).toEqual({ ok: 1, partial: 4, 400: 4, 403: 1, 413: 1, 415: 1, 421: 1, 429: 1, 503: 1 });

    const saved = (what: string) =>
      tally
        .take()
        .filter((count: Count) => count.what === what)
        .reduce((all, { count }) => all + count, 0);
    expect(saved('received')).toBe(12);
  });

  it('holds where ClickHouse refuses some rows of a request', async () => {
    outcome = { status: 'stored', refused: [{ rows: 2, reason: 'a constraint' }] };
    expect(await post('/v1/traces', traces([good, good, good]))).toBe(200);
    const now = await samples();
    expect(['received', 'stored', 'rejected'].map((what) => sumSamples(now, items(what)))).toEqual([3, 1, 2]);
    expect(sumSamples(now, items('rejected'), { reason: 'unstorable' })).toBe(2);
    expect(sumSamples(now, 'sightglass_requests_total', { outcome: 'partial' })).toBe(1);
  });

  it('knows whose a span is that cannot be read', async () => {
    await post('/v1/traces', traces([{ ...good, kind: 'x' as never }], 'broken'));
    expect(sumSamples(await samples(), items('rejected'), { service: 'broken', reason: 'malformed' })).toBe(1);
  });

  it('counts the bytes of a body once, however many services share it', async () => {
    const body = JSON.stringify({
      resourceSpans: ['a', 'b', 'c'].flatMap(
        (service) => tracesOf([good], { resource: attributesOf({ 'service.name': service }) }).resourceSpans,
      ),
    });
    await post('/v1/traces', body);
    expect(sumSamples(await samples(), 'sightglass_received_bytes_total')).toBe(body.length);
  });
});

describe('a reject', () => {
  it('is noted with its place, ids and what its sender was told', async () => {
    await post('/v1/traces', traces([good, { ...good, spanId: 'abcd', name: 'n'.repeat(100) }]));
    expect(rejectLog.take()).toEqual([
      {
        ...{ project: 'shop', service: 'web', client: 'OTel-Test/1.2', signal: 'traces', protocol: 'http-json' },
        ...{ timeMs: nowMs, code: 'span_id_length', message: 'span id is not 8 bytes (16 hex digits)' },
        ...{
          place: 'resourceSpans[0].scopeSpans[0].spans[1]',
          traceId: good.traceId,
          spanId: 'abcd',
          name: 'n'.repeat(64),
        },
      },
    ]);
  });

  it('is noted a few times of a kind in a minute', async () => {
    const broken = Array.from({ length: 50 }, () => ({ ...good, traceId: '' }));
    for (let times = 0; times < 3; times += 1) await post('/v1/traces', traces(broken));
    expect(rejectLog.take()).toHaveLength(5);
    expect(sumSamples(await samples(), items('rejected'), { reason: 'trace_id_length' })).toBe(150);
  });
});

it('does not make a series of every name that is sent', async () => {
  for (let index = 0; index < 300; index += 1) await post('/v1/traces', traces([good], `service-${index}`));
  const services = (await samples()).filter(({ name }) => name === items('received'));
  expect(services).toHaveLength(200);
  expect(sumSamples(services, items('received'), { service: '(other)' })).toBe(101);
});
