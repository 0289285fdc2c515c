import { beforeEach, describe, expect, it } from 'vitest';
import { createIntake } from '../../../../collector/receive/intake.ts';
import { createReceiver } from '../../../../collector/receive/receiver.ts';
import { MappedBatch } from '../../../../collector/receive/mapped-batch.ts';
import type { WriteOutcome } from '../../../../collector/write/batcher.ts';
import { KnownMessages } from '../../../../collector/write/known-messages.ts';
import {
  attributesOf,
  decodeMessage,
  encodings,
  logsOf,
  tracesOf,
  type EncodingName,
  type WireLogRecord,
  type WireLogs,
  type WireSpan,
  type WireTraces,
} from '../../../support/otlp-encode.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);
const startTimeUnixNano = String(BigInt(nowMs) * 1_000_000n);
const good: WireSpan = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), startTimeUnixNano };

let outcome: WriteOutcome;
/** What each body gave, by its project: how many rows, and the insert of its messages. */
let submitted: { rows: number; projectId: string; messages: string }[];
let failures: unknown[];
const app = createReceiver({
  intake: createIntake({
    submit: async (body) => {
      const batch = new MappedBatch({ known: new KnownMessages(), retentionDays: 400, nowMs: () => nowMs });
      const { rows, told } = batch.append(body);
      if (rows > 0) {
        const messages = Buffer.concat(batch.seal().messages?.data ?? []).toString('latin1');
        submitted.push({ rows, projectId: body.projectId, messages });
      }
      return Promise.resolve({ outcome, told });
    },
  }),
  isReady: () => Promise.resolve(outcome.status === 'stored'),
  onError: (error) => failures.push(error),
});

beforeEach(() => {
  outcome = { status: 'stored' };
  submitted = [];
  failures = [];
});

async function send(
  path: string,
  options: {
    body?: string | Uint8Array<ArrayBuffer>;
    contentType?: string;
    method?: string;
    headers?: Record<string, string>;
  } = {},
): Promise<Response> {
  return app.request(path, {
    method: options.method ?? 'POST',
    headers: { host: 'localhost:4318', 'content-type': options.contentType ?? 'application/json', ...options.headers },
    ...(options.body === undefined ? {} : { body: options.body }),
  });
}

async function sendOtlp(request: WireTraces | WireLogs, encoding: EncodingName, path?: string): Promise<Response> {
  const { contentType, encode } = encodings[encoding];
  const signal = 'resourceSpans' in request ? 'traces' : 'logs';
  return send(path ?? `/v1/${signal}`, { body: new Uint8Array(encode(request)), contentType });
}

/** Decodes the reply by its own content type; it must be the request's. */
async function readReply(reply: Response, encoding: EncodingName, type: string): Promise<Record<string, unknown>> {
  expect(reply.headers.get('content-type')).toBe(encodings[encoding].contentType);
  const bytes = new Uint8Array(await reply.arrayBuffer());
  if (encoding === 'protobuf') return decodeMessage(type, bytes);
  return JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
}

describe.each(['protobuf', 'json'] as const)('the OTLP port, spoken to in %s', (encoding) => {
  it.each(['/v1/traces', '/api/public/otel/v1/traces', '/otel/v1/traces'])('takes spans on %s', async (path) => {
    const reply = await sendOtlp(tracesOf([good]), encoding, path);
    expect(reply.status).toBe(200);
    expect(await readReply(reply, encoding, 'ExportTraceServiceResponse')).toEqual({});
    expect(submitted.map(({ rows }) => rows)).toEqual([1]);
  });

  it.each(['/v1/logs', '/api/public/otel/v1/logs', '/otel/v1/logs'])('takes log records on %s', async (path) => {
    const record = { ...good, timeUnixNano: startTimeUnixNano, eventName: 'gen_ai.user.message' };
    const reply = await sendOtlp(logsOf([record]), encoding, path);
    expect(reply.status).toBe(200);
    expect(await readReply(reply, encoding, 'ExportLogsServiceResponse')).toEqual({});
    expect(submitted.map(({ rows }) => rows)).toEqual([1]);
  });

  it('stores the good spans and says of the others how many, why and where', async () => {
    const spans: WireSpan[] = [
      good,
      { ...good, traceId: '' },
      { ...good, spanId: '00'.repeat(8) },
      { ...good, startTimeUnixNano: '0' },
      { ...good, traceId: 'ab' },
      good,
    ];
    const reply = await sendOtlp(tracesOf(spans), encoding);
    expect(reply.status).toBe(200);
    const { partialSuccess } = await readReply(reply, encoding, 'ExportTraceServiceResponse');
    expect(partialSuccess).toEqual({
      rejectedSpans: '4',
      errorMessage:
        '4 rejected: 2 × trace id is not 16 bytes (32 hex digits) (first: resourceSpans[0].scopeSpans[0].spans[1]); ' +
        '1 × span id is all zeros (first: resourceSpans[0].scopeSpans[0].spans[2]); ' +
        '1 × start time is missing (first: resourceSpans[0].scopeSpans[0].spans[3])',
    });
    expect(submitted.map(({ rows }) => rows)).toEqual([2]);
  });

  it('shows five reasons and counts the others', async () => {
    const spans: WireSpan[] = [
      { ...good, traceId: '' },
      { ...good, traceId: '00'.repeat(16) },
      { ...good, spanId: '' },
      { ...good, spanId: '00'.repeat(8) },
      { ...good, parentSpanId: 'ab' },
      { ...good, startTimeUnixNano: '1' },
      { ...good, startTimeUnixNano: '18446744073709551615' },
    ];
    const reply = await sendOtlp(tracesOf(spans), encoding);
    const { partialSuccess } = await readReply(reply, encoding, 'ExportTraceServiceResponse');
    expect(partialSuccess).toMatchObject({ rejectedSpans: '7' });
    expect((partialSuccess as { errorMessage: string }).errorMessage).toMatch(/; and 2 more reasons$/);
    expect(submitted).toEqual([]);
  });

  it('rejects log records that are no GenAI events', async () => {
    const records: WireLogRecord[] = [{ ...good, timeUnixNano: startTimeUnixNano, eventName: 'login' }];
    const reply = await sendOtlp(logsOf(records), encoding);
    const { partialSuccess } = await readReply(reply, encoding, 'ExportLogsServiceResponse');
    expect(partialSuccess).toMatchObject({ rejectedLogRecords: '1' });
    expect((partialSuccess as { errorMessage: string }).errorMessage).toMatch(/not a GenAI event/);
  });

  it('answers a body it cannot read with 400 and a status', async () => {
    const { contentType } = encodings[encoding];
    const reply = await send('/v1/traces', { body: 'no OTLP', contentType });
    expect(reply.status).toBe(400);
    const { code, message } = await readReply(reply, encoding, 'RpcStatus');
    expect({ code, message }).toEqual({ code: 3, message: expect.stringMatching(/^the body is not/) as string });
    expect(submitted).toEqual([]);
  });

  it.each([
    [{ status: 'overloaded', retryAfterMs: 1_000 }, 429, 8, '1'],
    [{ status: 'unavailable', retryAfterMs: 1_500 }, 503, 14, '2'],
    [{ status: 'refused', reason: 'why' }, 400, 3, null],
  ] satisfies [WriteOutcome, number, number, string | null][])(
    'answers %j with %i',
    async (given, status, code, retryAfter) => {
      outcome = given;
      const reply = await sendOtlp(tracesOf([good]), encoding);
      expect(reply.status).toBe(status);
      expect(reply.headers.get('retry-after')).toBe(retryAfter);
      expect(await readReply(reply, encoding, 'RpcStatus')).toMatchObject({ code });
    },
  );

  it('answers other methods with 405, other paths with 404, in the encoding that was sent', async () => {
    const { contentType } = encodings[encoding];
    const method = await send('/v1/traces', { method: 'PUT', body: '', contentType });
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await readReply(method, encoding, 'RpcStatus')).toMatchObject({ code: 12 });
    const path = await send('/v1/trace', { body: '', contentType });
    expect(path.status).toBe(404);
    expect(await readReply(path, encoding, 'RpcStatus')).toMatchObject({ code: 12 });
  });

  it('keeps web pages out, in the encoding that was sent', async () => {
    const { contentType } = encodings[encoding];
    const foreign = await send('/v1/traces', { body: '', contentType, headers: { origin: 'http://evil.example' } });
    expect(foreign.status).toBe(403);
    expect(await readReply(foreign, encoding, 'RpcStatus')).toMatchObject({ code: 7 });
    const rebound = await send('/v1/traces', { body: '', contentType, headers: { host: 'evil.example' } });
    expect(rebound.status).toBe(421);
    expect(rebound.headers.get('access-control-allow-origin')).toBeNull();
    expect(submitted).toEqual([]);
  });

  it('keeps a body that holds too much out with 413', async () => {
    const spans = Array.from({ length: 131_073 }, () => ({}) as WireSpan);
    const reply = await sendOtlp(tracesOf(spans), encoding);
    expect(reply.status).toBe(413);
    const { message } = await readReply(reply, encoding, 'RpcStatus');
    expect(message).toBe('the body holds more than 131072 items; send smaller requests');
  });

  it('sends each message of a conversation and week once', async () => {
    const history = JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: 'again' }] }]);
    const span = { ...good, attributes: attributesOf({ 'gen_ai.input.messages': history }) };
    const inSession = { ...good, attributes: attributesOf({ 'gen_ai.input.messages': history, 'session.id': 's' }) };
    await sendOtlp(tracesOf([span, span, inSession, span, inSession]), encoding);
    expect(submitted[0]?.rows).toBe(5);
    const messages = submitted[0]?.messages ?? '';
    expect(messages.split('again')).toHaveLength(3);
    expect(messages.split('ab'.repeat(16))).toHaveLength(2);
  });
});

describe('the OTLP port', () => {
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp', ''])(
    'answers 415 to the content type %j',
    async (contentType) => {
      const reply = await send('/v1/traces', { body: '{}', contentType });
      expect(reply.status).toBe(415);
      expect(await reply.json()).toEqual({
        code: 3,
        message: `Content-Type "${contentType}" is none of application/x-protobuf, application/json`,
      });
    },
  );

  it('takes parameters and any case in a content type', async () => {
    const reply = await send('/v1/traces', { body: '{}', contentType: 'Application/JSON; charset=utf-8' });
    expect(reply.status).toBe(200);
  });

  it('does not store an empty request', async () => {
    expect((await send('/v1/traces', { body: '{}' })).status).toBe(200);
    expect(submitted).toEqual([]);
  });

  it('counts the data points of metrics as rejected', async () => {
    const dataPoints = [{ asDouble: 1 }, { asDouble: 2 }];
    const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints } }] }] }] };
    const reply = await send('/v1/metrics', { body: JSON.stringify(body) });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({
      partialSuccess: { rejectedDataPoints: '2', errorMessage: 'metrics are not stored' },
    });
    expect(await (await send('/v1/metrics', { body: '{}' })).json()).toEqual({});
  });

  it('puts spans into the project of the header, else into `default`', async () => {
    const body = JSON.stringify(tracesOf([good]));
    await send('/v1/traces', { body });
    await send('/v1/traces', { body, headers: { 'x-sightglass-project': 'shop' } });
    const utf8 = Buffer.from('prüfung').toString('latin1');
    await send('/v1/traces', { body, headers: { 'x-sightglass-project': utf8 } });
    await send('/v1/traces', { body, headers: { 'x-sightglass-project': 'pr\u00fcfung' } });
    expect(submitted.map(({ projectId }) => projectId)).toEqual(['default', 'shop', 'prüfung', 'prüfung']);
  });

  it.each(['', 'x'.repeat(129), 'a\tb'])('refuses the project %j with 400', async (project) => {
    const headers = { 'x-sightglass-project': project };
    const reply = await send('/v1/traces', { body: JSON.stringify(tracesOf([good])), headers });
    expect(reply.status).toBe(400);
  });

  it('answers health checks', async () => {
    expect((await send('/healthz', { method: 'GET' })).status).toBe(200);
    expect((await send('/readyz', { method: 'GET' })).status).toBe(200);
    outcome = { status: 'unavailable', retryAfterMs: 1 };
    expect((await send('/readyz', { method: 'GET' })).status).toBe(503);
  });

  it('answers 500 when it fails itself, without saying what it was given', async () => {
    const broken = createReceiver({
      intake: createIntake({ submit: () => Promise.reject(new Error('secret payload')) }),
      isReady: () => Promise.resolve(true),
      onError: (error) => failures.push(error),
    });
    const reply = await broken.request('/v1/traces', {
      method: 'POST',
      headers: { host: 'localhost', 'content-type': 'application/json' },
      body: JSON.stringify(tracesOf([good])),
    });
    expect(reply.status).toBe(500);
    expect(await reply.text()).not.toContain('secret');
    expect(failures).toHaveLength(1);
  });
});
