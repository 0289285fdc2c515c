import { Metadata } from '@grpc/grpc-js';
import type { ClickHouseClient } from '@clickhouse/client';
import { type Attributes, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGrpcDoor, openHttpDoor } from '../../../collector/doors.ts';
import { ReceivingBudget } from '../../../collector/receive/body.ts';
import { createGrpcReceiver } from '../../../collector/receive/grpc.ts';
import type { Answer, Intake, ReceivedBody } from '../../../collector/receive/intake.ts';
import { createReceiver } from '../../../collector/receive/receiver.ts';
import { tables } from '../../../migrations/schema.ts';
import { connectDatabase, newProjectId, useDatabase } from '../../support/database.ts';
import { encodings } from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';

type Compression = NonNullable<NonNullable<ConstructorParameters<typeof GrpcExporter>[0]>['compression']>;

interface Urls {
  http: string;
  grpc: string;
}

let collector: Program;
let urls: Urls;
let reader: ClickHouseClient;
beforeAll(async () => {
  reader = connectDatabase(useDatabase());
  collector = await startProgram('collector/main.ts', environmentOf(useDatabase()));
  urls = { http: collector.url, grpc: collector.otherUrls['SIGHTGLASS_OTLP_GRPC_PORT'] ?? '' };
});
afterAll(() => Promise.all([collector.stop(), reader.close()]));

const protocols = ['http/json', 'http/protobuf', 'grpc'] as const;

interface Way {
  protocol: (typeof protocols)[number];
  compression: 'none' | 'gzip';
}

const ways: Way[] = protocols.flatMap((protocol) => [
  { protocol, compression: 'none' as const },
  { protocol, compression: 'gzip' as const },
]);

function createExporter({ protocol, compression: chosen }: Way, { http, grpc }: Urls, project: string): SpanExporter {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the exporters do not pass their enum on
  const compression = chosen as Compression;
  if (protocol === 'grpc') {
    const metadata = new Metadata();
    metadata.set('x-sightglass-project', project);
    return new GrpcExporter({ url: grpc, metadata, compression });
  }
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  return new Exporter({ url: `${http}/v1/traces`, headers: { 'x-sightglass-project': project }, compression });
}

function createProvider(exporter: SpanExporter): TracerProvider {
  return new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', cores: 2 }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
}

async function rows<Row>(columns: string, project: string): Promise<Row[]> {
  const query = `SELECT ${columns} FROM ${tables.spans} WHERE project_id = {project:String} ORDER BY name LIMIT 1 BY trace_id, span_id`;
  return (await reader.query({ query, query_params: { project }, format: 'JSONEachRow' })).json<Row>();
}

describe.each(ways)('the official exporter, $protocol with compression $compression', (way) => {
  it('delivers attributes of every type, events, links and status as they were set', async () => {
    const project = newProjectId();
    const provider = createProvider(createExporter(way, urls, project));
    const strings = { text: 'ü😀\0"', empty: '', 'gen_ai.operation.name': 'chat' };
    const others = { yes: true, int: 2 ** 53 - 1, negative: -7, double: 0.1, texts: ['a', 'b'], ints: [1, 2] };
    const linked = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: TraceFlags.SAMPLED };
    const attributes: Attributes = {
      ...strings,
      ...others,
      mixed: [null, 'x'],
      doubles: [0.5, 1],
      flags: [true, false],
    };
    const span = provider.getTracer('test', '1.2').startSpan('chat', {
      kind: SpanKind.CLIENT,
      startTime: [1_795_376_864, 718_189_541],
      attributes,
      links: [{ context: linked, attributes: { why: 'retry' } }],
    });
    span.addEvent('token', { index: 1 }, [1_795_376_865, 5]);
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'näh' });
    span.end([1_795_376_866, 0]);
    await provider.shutdown();
    const { traceId, spanId } = span.spanContext();
    const columns =
      'lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, span_kind AS kind, status, status_message AS message, ' +
      'toString(toUnixTimestamp64Nano(start_time)) AS start, toString(duration_ns) AS duration, scope_name AS scope, ' +
      'scope_version AS version, service_name AS service, resource_json AS resource, attributes, attributes_json AS others, events, links';
    expect(await rows(columns, project)).toEqual([
      {
        ...{ traceId, spanId, kind: 3, status: 'error', message: 'näh' },
        ...{ start: '1795376864718189541', duration: '1281810459' },
        ...{ scope: 'test', version: '1.2', service: 'shop', resource: { cores: '2' } },
        attributes: strings,
        others: {
          ...{ yes: 'true', int: '9007199254740991', negative: '-7', double: '0.1', texts: '["a","b"]', ints: '[1,2]' },
          ...{
            mixed: '[null,"x"]',
            doubles: expect.stringMatching(/^\[0.5,1(.0)?\]$/) as string,
            flags: '[true,false]',
          },
        },
        events: '[{"timeUnixNano":"1795376865000000005","name":"token","attributes":{"index":1}}]',
        links: `[{"traceId":"${linked.traceId}","spanId":"${linked.spanId}","attributes":{"why":"retry"}}]`,
      },
    ]);
  });
});

// The gRPC exporter (0.301) repeats nothing, whatever it is told: what is refused is lost to it.
describe.each(ways.filter(({ protocol }) => protocol !== 'grpc'))(
  'the official exporter, $protocol with compression $compression',
  (way) => {
    it('is refused twice, loses a reply, and in the end nothing is lost and nothing read twice', async () => {
      const project = newProjectId();
      const busy: Answer = { status: 429, message: 'busy', retryAfterMs: 1_000 };
      const away: Answer = { status: 503, message: 'away', retryAfterMs: 1_000 };
      let lost = 0;
      const refusals = [busy, away];
      const flaky = await openFlaky(async (body) => {
        const refusal = refusals.shift();
        if (refusal !== undefined) return refusal;
        await forward(body);
        lost += 1;
        return lost === 1 ? away : { status: 200, partial: undefined };
      });
      const provider = createProvider(createExporter(way, flaky.urls, project));
      const tracer = provider.getTracer('test');
      const names = Array.from({ length: 100 }, (_, index) => `span ${String(index).padStart(2, '0')}`);
      for (const name of names) tracer.startSpan(name).end();
      await provider.shutdown();
      flaky.close();
      expect((await rows<{ name: string }>('name', project)).map(({ name }) => name)).toEqual(names);
      expect(lost).toBe(2);
    });
  },
);

/** Both ports before an intake of one's own. */
async function openFlaky(take: Intake['take']): Promise<{ urls: Urls; close: () => void }> {
  const intake = { receiving: new ReceivingBudget(), take };
  const onError = (error: unknown) => {
    throw error;
  };
  const address = { host: '127.0.0.1', port: 0 };
  const app = createReceiver({ intake, isReady: () => Promise.resolve(true), onError });
  const http = await openHttpDoor(app, address);
  const grpc = await openGrpcDoor(createGrpcReceiver({ intake, onError }), address);
  return {
    urls: { http: http.url, grpc: grpc.url },
    close: () => {
      http.closeNow();
      grpc.closeNow();
    },
  };
}

/** To the collector, which stores it. */
async function forward({ encoding, projectId, body }: ReceivedBody): Promise<void> {
  const reply = await fetch(`${urls.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': encodings[encoding].contentType, 'x-sightglass-project': projectId },
    body: new Uint8Array(body),
  });
  expect(reply.status).toBe(200);
}
