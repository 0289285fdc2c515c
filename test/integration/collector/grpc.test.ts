import { gunzipSync, gzipSync } from 'node:zlib';
import type { ClickHouseClient } from '@clickhouse/client';
import { Metadata, status } from '@grpc/grpc-js';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tables } from '../../../migrations/schema.ts';
import { type CaptureRequest, loadCaptures, readCaptureBody } from '../../support/captures.ts';
import { connectDatabase, newProjectId, useDatabase } from '../../support/database.ts';
import { connectGrpc, type GrpcClient } from '../../support/grpc-client.ts';
import {
  decodeMessage,
  encodeMessage,
  encodeProtobuf,
  tracesOf,
  type WireLogs,
  type WireTraces,
} from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { newSpan } from './live-collector.ts';

type Compression = NonNullable<NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>['compression']>;

const bodyLimitBytes = 64 * 1024 * 1024;

let collector: Program;
let client: GrpcClient;
let reader: ClickHouseClient;
beforeAll(async () => {
  reader = connectDatabase(useDatabase());
  collector = await startProgram('collector/main.ts', environmentOf(useDatabase()));
  client = connectGrpc(grpcUrl());
});
afterAll(async () => {
  client.close();
  await Promise.all([collector.stop(), reader.close()]);
});

function grpcUrl(): string {
  return collector.otherUrls['SIGHTGLASS_OTLP_GRPC_PORT'] ?? '';
}

async function rows<Row>(query: string, project: string): Promise<Row[]> {
  const reply = await reader.query({ query, query_params: { project }, format: 'JSONEachRow' });
  return reply.json<Row>();
}

async function namesIn(project: string): Promise<string[]> {
  const query = `SELECT name FROM ${tables.spans} WHERE project_id = {project:String} ORDER BY name LIMIT 1 BY trace_id, span_id`;
  return (await rows<{ name: string }>(query, project)).map(({ name }) => name);
}

describe('the OTLP/gRPC port', () => {
  it.each(['none', 'gzip'] as const)('takes what the official exporter sends, compression %s', async (compression) => {
    const project = newProjectId();
    const metadata = new Metadata();
    metadata.set('x-sightglass-project', project);
    const exporter = new OTLPTraceExporter({
      url: grpcUrl(),
      metadata,
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the exporter does not pass its enum on
      compression: compression as Compression,
    });
    const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
    const tracer = provider.getTracer('test');
    const names = Array.from({ length: 700 }, (_, index) => `span ${String(index).padStart(3, '0')}`);
    for (const name of names) tracer.startSpan(name).end();
    await provider.shutdown();
    expect(await namesIn(project)).toEqual(names);
  });

  it('stores the captures as the HTTP port does', async () => {
    const http = newProjectId();
    const grpc = newProjectId();
    const zipped = connectGrpc(grpcUrl(), { gzip: true });
    const requests = loadCaptures().flatMap((capture) => capture.requests);
    await Promise.all(requests.map(sendBothWays));
    zipped.close();

    async function sendBothWays(request: CaptureRequest, index: number): Promise<void> {
      const sent = readCaptureBody(request);
      const encoding = request.content_encoding === null ? undefined : { 'content-encoding': request.content_encoding };
      const reply = await fetch(collector.url + request.path, {
        method: 'POST',
        headers: { 'content-type': request.content_type, 'x-sightglass-project': http, ...encoding },
        body: new Uint8Array(sent),
      });
      expect(reply.status).toBe(200);
      const plain = request.content_encoding === 'gzip' ? gunzipSync(sent) : sent;
      const body = request.content_type.includes('json')
        ? encodeProtobuf(JSON.parse(plain.toString()) as WireTraces | WireLogs)
        : plain;
      const through = index % 2 === 0 ? zipped : client;
      const answer = await through.send(request.signal, body, { metadata: { 'x-sightglass-project': grpc } });
      expect(answer.code).toBe(status.OK);
    }

    for (const [table, order] of [
      [tables.spans, 'trace_id, span_id, name'],
      [tables.spanEvents, 'event_id'],
      [tables.messages, 'week, conversation, hash'],
    ] as const) {
      // A message was seen when the first span that had it began: here, of requests that come at once.
      const columns = `* EXCEPT (project_id, ${table === tables.messages ? 'seen' : 'ingested_at'})`;
      const read = (project: string) =>
        rows(`SELECT ${columns} FROM ${table} WHERE project_id = {project:String} ORDER BY ${order}`, project);
      const [expected, stored] = await Promise.all([read(http), read(grpc)]);
      expect(expected.length).toBeGreaterThan(20);
      expect(stored).toEqual(expected);
    }
  });

  it('stores the good spans and says of the others how many and why', async () => {
    const project = newProjectId();
    const spans = [newSpan({}, { name: 'good' }), newSpan({}, { traceId: '' })];
    const reply = await client.send('traces', encodeProtobuf(tracesOf(spans)), {
      metadata: { 'x-sightglass-project': project },
    });
    expect(reply.code).toBe(status.OK);
    expect(decodeMessage('ExportTraceServiceResponse', reply.body)).toEqual({
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage:
          '1 rejected: 1 × trace id is not 16 bytes (32 hex digits) (first: resourceSpans[0].scopeSpans[0].spans[1])',
      },
    });
    expect(await namesIn(project)).toEqual(['good']);
  });

  it('counts the data points of metrics as rejected', async () => {
    const metric = { name: 'm', gauge: { dataPoints: [{ asDouble: 1 }, { asDouble: 2 }] } };
    const body = encodeMessage('MetricsData', { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] });
    const reply = await client.send('metrics', body);
    expect(decodeMessage('ExportMetricsServiceResponse', reply.body)).toEqual({
      partialSuccess: { rejectedDataPoints: '2', errorMessage: 'metrics are not stored' },
    });
  });

  it('takes an empty request', async () => {
    expect(await client.send('traces', Buffer.alloc(0))).toMatchObject({ code: status.OK, body: Buffer.alloc(0) });
  });

  it('answers bytes that are no OTLP with INVALID_ARGUMENT, and those that come with them are stored', async () => {
    const project = newProjectId();
    const metadata = { 'x-sightglass-project': project };
    const good = encodeProtobuf(tracesOf([newSpan({}, { name: 'good' })]));
    const sent = [Buffer.from('no OTLP'), good, Buffer.from([0x0a, 0xff]), good.subarray(0, -5)];
    const replies = await Promise.all(sent.map((body) => client.send('traces', body, { metadata })));
    expect(replies.map(({ code }) => code)).toEqual([3, 0, 3, 3]);
    expect(replies[0]).toMatchObject({
      retryAfterMs: undefined,
      message: expect.stringMatching(/^the body is not an/) as string,
    });
    expect(await namesIn(project)).toEqual(['good']);
  });

  it('answers a service that it does not have with UNIMPLEMENTED, a project that is none with INVALID_ARGUMENT', async () => {
    expect((await client.send('unknown', Buffer.alloc(0))).code).toBe(status.UNIMPLEMENTED);
    const metadata = { 'x-sightglass-project': 'x'.repeat(129) };
    expect(await client.send('traces', Buffer.alloc(0), { metadata })).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: 'x-sightglass-project is not a name of 1 to 128 characters',
    });
  });

  it('takes a message of the size of the limit, and refuses a larger one for good', async () => {
    const project = newProjectId();
    const metadata = { 'x-sightglass-project': project };
    const large = (name: string, bytes: number) =>
      encodeProtobuf(tracesOf([newSpan({ 'big.text': 'x'.repeat(bytes) }, { name })]));
    const reply = await client.send('traces', large('large', bodyLimitBytes - 1_000), { metadata });
    expect(reply.code).toBe(status.OK);
    const [tooLarge, bomb, small] = await Promise.all([
      client.send('traces', large('too large', bodyLimitBytes), { metadata }),
      sendZipped(large('bomb', bodyLimitBytes), metadata),
      client.send('traces', large('small', 10), { metadata }),
    ]);
    expect(tooLarge).toMatchObject({ code: status.RESOURCE_EXHAUSTED, retryAfterMs: undefined });
    expect(bomb).toMatchObject({ code: status.RESOURCE_EXHAUSTED, retryAfterMs: undefined });
    expect(small.code).toBe(status.OK);
    expect(await namesIn(project)).toEqual(['large', 'small']);
  });

  it('stores two hundred calls of one connection at a time', async () => {
    const project = newProjectId();
    const names = Array.from({ length: 200 }, (_, index) => `call ${String(index).padStart(3, '0')}`);
    const replies = await Promise.all(
      names.map((name) =>
        client.send('traces', encodeProtobuf(tracesOf([newSpan({}, { name })])), {
          metadata: { 'x-sightglass-project': project },
        }),
      ),
    );
    expect(new Set(replies.map(({ code }) => code))).toEqual(new Set([status.OK]));
    expect(await namesIn(project)).toEqual(names);
  });

  it.each(['evil.example', 'evil.example:4317', '127.0.0.1.nip.io', '[::2]:4317'])(
    'refuses the authority %s before it reads the message',
    async (authority) => {
      const foreign = connectGrpc(grpcUrl(), { authority });
      const project = newProjectId();
      const reply = await foreign.send('traces', encodeProtobuf(tracesOf([newSpan()])), {
        metadata: { 'x-sightglass-project': project },
      });
      expect(reply).toMatchObject({
        code: status.PERMISSION_DENIED,
        message: `Host "${authority}" is not localhost, 127.0.0.1 or [::1]`,
      });
      expect(await namesIn(project)).toEqual([]);
      foreign.close();
    },
  );

  it.each(['localhost', 'localhost:4317', '[::1]:4317'])('takes the authority %s', async (authority) => {
    const own = connectGrpc(grpcUrl(), { authority });
    expect((await own.send('traces', Buffer.alloc(0))).code).toBe(status.OK);
    own.close();
  });

  it.each([{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }])('refuses %j', async (metadata) => {
    expect((await client.send('traces', Buffer.alloc(0), { metadata })).code).toBe(status.PERMISSION_DENIED);
  });

  it('logs nothing of all this as a failure of its own', () => {
    expect(collector.output()).not.toContain('request failed');
  });
});

async function sendZipped(body: Buffer, metadata: Record<string, string>) {
  expect(gzipSync(body).length).toBeLessThan(1024 * 1024);
  const zipped = connectGrpc(grpcUrl(), { gzip: true });
  try {
    return await zipped.send('traces', body, { metadata });
  } finally {
    zipped.close();
  }
}
