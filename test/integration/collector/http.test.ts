import { deflateSync, gzipSync } from 'node:zlib';
import type { ClickHouseClient } from '@clickhouse/client';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tables } from '../../../migrations/schema.ts';
import { connectDatabase, newProjectId, useDatabase } from '../../support/database.ts';
import { encodings, tracesOf } from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { newSpan } from './live-collector.ts';
import { openWire, postHead } from './wire.ts';

let collector: Program;
let reader: ClickHouseClient;
beforeAll(async () => {
  reader = connectDatabase(useDatabase());
  collector = await startProgram('collector/main.ts', environmentOf(useDatabase()));
});
afterAll(() => Promise.all([collector.stop(), reader.close()]));

async function namesIn(project: string): Promise<string[]> {
  const query = `SELECT name FROM ${tables.spans} WHERE project_id = {project:String} ORDER BY name LIMIT 1 BY trace_id, span_id`;
  const reply = await reader.query({ query, query_params: { project }, format: 'JSONEachRow' });
  return (await reply.json<{ name: string }>()).map(({ name }) => name);
}

const compressions = { identity: (body: Buffer) => body, gzip: gzipSync, deflate: deflateSync } as const;

describe('the OTLP port', () => {
  it('takes spans on every path, in every encoding and compression', async () => {
    const project = newProjectId();
    const sent: string[] = [];
    for (const path of ['/v1/traces', '/api/public/otel/v1/traces', '/otel/v1/traces']) {
      for (const [encoding, { contentType, encode }] of Object.entries(encodings)) {
        for (const [compression, compress] of Object.entries(compressions)) {
          const name = `${path} ${encoding} ${compression}`;
          sent.push(name);
          const reply = await fetch(collector.url + path, {
            method: 'POST',
            headers: {
              ...{ 'content-type': contentType, 'content-encoding': compression },
              'x-sightglass-project': project,
            },
            body: new Uint8Array(compress(encode(tracesOf([newSpan({}, { name })])))),
          });
          expect([name, reply.status, reply.headers.get('content-type')]).toEqual([name, 200, contentType]);
        }
      }
    }
    expect(await namesIn(project)).toEqual(sent.sort());
  });

  it('answers 413 to what is too large without waiting for the rest', async () => {
    const wire = await openWire(collector.url);
    wire.write(postHead('/v1/traces', { 'content-length': 33 * 1024 * 1024 }));
    expect(await wire.waitFor(/\r\n\r\n\{.*\}/)).toMatch(/^HTTP\/1.1 413 /);
    wire.destroy();
  });

  it('answers 413 to a client that sends all of it first', async () => {
    const reply = await fetch(`${collector.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.alloc(33 * 1024 * 1024, ' '),
    }).catch((error: unknown) => error); // some clients see the connection closed before they have read the reply
    if (reply instanceof Response) expect(reply.status).toBe(413);
    else expect(reply).toBeInstanceOf(TypeError);
    expect((await fetch(`${collector.url}/readyz`)).status).toBe(200);
  });

  it('has no CORS: a page of another origin gets nothing', async () => {
    for (const method of ['OPTIONS', 'POST']) {
      const reply = await fetch(`${collector.url}/v1/traces`, { method, headers: { origin: 'http://evil.example' } });
      expect(reply.status).toBe(403);
      expect([...reply.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it('answers 421 to a name that is not this machine’s', async () => {
    const wire = await openWire(collector.url);
    wire.write(postHead('/v1/traces', { host: 'rebound.example', 'content-length': 2 }) + '{}');
    expect(await wire.waitFor(/\r\n\r\n\{.*\}/)).toMatch(/^HTTP\/1.1 421 /);
    wire.destroy();
  });

  it('stores nothing of a client that goes away in the middle of a body, and goes on', async () => {
    const project = newProjectId();
    const body = JSON.stringify(tracesOf([newSpan()]));
    for (let client = 0; client < 20; client += 1) {
      const wire = await openWire(collector.url);
      wire.write(postHead('/v1/traces', { 'content-length': body.length, 'x-sightglass-project': project }));
      wire.write(body.slice(0, -1));
      wire.destroy();
    }
    expect((await fetch(`${collector.url}/readyz`)).status).toBe(200);
    expect(await namesIn(project)).toEqual([]);
    expect(collector.output()).not.toContain('request failed');
  });

  it('serves others while slow clients send nothing', async () => {
    const wires = await Promise.all(Array.from({ length: 200 }, () => openWire(collector.url)));
    for (const wire of wires) wire.write(postHead('/v1/traces', { 'content-length': 1000 }) + '{');
    const project = newProjectId();
    const reply = await fetch(`${collector.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-sightglass-project': project },
      body: JSON.stringify(tracesOf([newSpan()])),
    });
    expect(reply.status).toBe(200);
    for (const wire of wires) wire.destroy();
  });
});

describe('the official exporters', () => {
  it.each([
    ['http/json', JsonExporter],
    ['http/protobuf', ProtobufExporter],
  ])('deliver over %s', async (protocol, Exporter) => {
    const project = newProjectId();
    const exporter = new Exporter({
      url: `${collector.url}/v1/traces`,
      headers: { 'x-sightglass-project': project },
    });
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': protocol }),
      spanProcessors: [new BatchSpanProcessor({ exporter })],
    });
    const tracer = provider.getTracer('test');
    for (let index = 0; index < 700; index += 1) tracer.startSpan(`span ${String(index).padStart(3, '0')}`).end();
    await provider.shutdown();
    expect(await namesIn(project)).toEqual(
      Array.from({ length: 700 }, (_, index) => `span ${String(index).padStart(3, '0')}`),
    );
  });
});
