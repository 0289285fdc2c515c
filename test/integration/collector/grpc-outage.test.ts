import type { IncomingHttpHeaders } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openGrpcDoor } from '../../../collector/doors.ts';
import { ReceivingBudget } from '../../../collector/receive/body.ts';
import { createGrpcReceiver } from '../../../collector/receive/grpc.ts';
import type { Answer } from '../../../collector/receive/intake.ts';
import { tables } from '../../../migrations/schema.ts';
import { connectGrpc, type GrpcClient } from '../../support/grpc-client.ts';
import { encodeProtobuf, tracesOf } from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { type FragileDatabase, startFragileDatabase } from './fragile-database.ts';
import { chatAttributes, type LiveCollector, newSpan, startLiveCollector } from './live-collector.ts';

const grpcPort = 'SIGHTGLASS_OTLP_GRPC_PORT';
const callers = 4;
const spansPerCall = 5;

describe('a gRPC port before a fragile database', () => {
  let database: FragileDatabase;
  let program: Program;
  let client: GrpcClient;
  let reader: LiveCollector;
  beforeAll(async () => {
    database = await startFragileDatabase();
    return () => database.remove();
  });
  beforeEach(async () => {
    program = await startProgram('collector/main.ts', environmentOf(database));
    client = connectGrpc(program.otherUrls[grpcPort] ?? '');
    reader = startLiveCollector(database);
    return async () => {
      database.thaw();
      client.close();
      await Promise.all([program.stop(), reader.close()]);
    };
  });
  afterAll(() => {
    database.thaw();
  });

  function send(names: readonly string[]): Promise<number> {
    const spans = names.map((name) => newSpan(chatAttributes([name]), { name }));
    const metadata = { 'x-sightglass-project': reader.projectId };
    return client.send('traces', encodeProtobuf(tracesOf(spans)), { metadata }).then(({ code }) => code);
  }

  async function storedNames(): Promise<string[]> {
    const query = `SELECT name FROM ${tables.spans} WHERE project_id = {project:String} ORDER BY name LIMIT 1 BY trace_id, span_id`;
    return (await reader.rows<{ name: string }>(query)).map(({ name }) => name);
  }

  it('stores what it acknowledged, whenever ClickHouse is killed', async () => {
    const acknowledged: string[] = [];
    let isOver = false;
    const calling = Array.from({ length: callers }, async (_, caller) => {
      for (let call = 0; !isOver; call += 1) {
        const names = Array.from({ length: spansPerCall }, (_span, span) => `${caller} ${call} ${span}`);
        if ((await send(names)) === 0) acknowledged.push(...names);
      }
    });
    for (let round = 0; round < 2; round += 1) {
      await sleep(200 + 200 * Math.random());
      await database.kill();
      await database.restart();
    }
    const before = acknowledged.length;
    while (acknowledged.length < before + callers * spansPerCall) await sleep(20);
    isOver = true;
    await Promise.all(calling);
    const stored = new Set(await storedNames());
    expect(acknowledged.filter((name) => !stored.has(name))).toEqual([]);
    expect(before).toBeGreaterThan(0);
  });

  it('stores and acknowledges what it has when it is told to end, takes no more, and ends at once', async () => {
    expect(await send(['warm'])).toBe(0);
    database.freeze();
    const calls = ['a', 'b', 'c'].map((name) => send([name]));
    await sleep(200);
    const began = performance.now();
    const stopped = program.stop();
    await sleep(200);
    expect(await send(['late'])).toBe(status.UNAVAILABLE);
    database.thaw();
    expect(await Promise.all(calls)).toEqual([0, 0, 0]);
    expect(await stopped).toBe(0);
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(await storedNames()).toEqual(['a', 'b', 'c', 'warm']);
  });

  it('ends although a client keeps its message back', async () => {
    const slow = openRaw(program.otherUrls[grpcPort] ?? '');
    slow.stream.write(Buffer.from([0, 0, 0, 1, 0, 0x0a]));
    await sleep(50);
    const began = performance.now();
    expect(await program.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(8_000);
    await slow.closed;
    expect(slow.status()).toBeUndefined();
  });

  it('serves others while slow clients send nothing', async () => {
    const slow = Array.from({ length: 100 }, () => openRaw(program.otherUrls[grpcPort] ?? ''));
    for (const { stream } of slow) stream.write(Buffer.from([0, 0, 0, 1, 0, 0x0a]));
    expect(await send(['quick'])).toBe(0);
    for (const { session } of slow) session.destroy();
  });
});

describe('a gRPC port', () => {
  let answer: () => Promise<Answer>;
  let receiving: ReceivingBudget;
  let client: GrpcClient;
  let url: string;
  const failures: unknown[] = [];
  beforeEach(async () => {
    answer = () => Promise.resolve({ status: 200, partial: undefined });
    receiving = new ReceivingBudget(100_000);
    const intake = { receiving, take: () => answer() };
    const server = createGrpcReceiver({ intake, onError: (error) => failures.push(error) });
    const door = await openGrpcDoor(server, { host: '127.0.0.1', port: 0 });
    url = door.url;
    client = connectGrpc(url);
    return () => {
      client.close();
      door.closeNow();
    };
  });

  it.each([
    [{ status: 429, message: 'too much', retryAfterMs: 1_000 }, status.RESOURCE_EXHAUSTED, 1_000],
    [{ status: 503, message: 'ClickHouse is away', retryAfterMs: 2_500 }, status.UNAVAILABLE, 2_500],
    [{ status: 413, message: 'too many items' }, status.RESOURCE_EXHAUSTED, undefined],
    [{ status: 400, message: 'ü\n\ud800 %' }, status.INVALID_ARGUMENT, undefined],
  ] satisfies [Answer, status, number | undefined][])('says %j as OTLP does', async (given, code, retryAfterMs) => {
    answer = () => Promise.resolve(given);
    const reply = await client.send('traces', Buffer.alloc(0));
    expect(reply).toMatchObject({ code, retryAfterMs, message: given.message.toWellFormed() });
  });

  it('cuts a long reason', async () => {
    answer = () => Promise.resolve({ status: 400, message: 'ü'.repeat(10_000) });
    expect(await client.send('traces', Buffer.alloc(0))).toMatchObject({ code: 3, message: 'ü'.repeat(500) });
  });

  it('answers INTERNAL when it fails itself, without saying what it was given', async () => {
    answer = () => Promise.reject(new Error('secret payload'));
    const { code, message } = await client.send('traces', Buffer.alloc(0));
    expect([code, message]).toEqual([status.INTERNAL, 'the collector failed; its log says why']);
    expect(failures.splice(0)).toHaveLength(1);
  });

  it('gives up a message when too much is being received, and has room again afterwards', async () => {
    for (let times = 0; times < 3; times += 1) {
      expect(await client.send('traces', Buffer.alloc(200_000))).toMatchObject({
        code: status.RESOURCE_EXHAUSTED,
        message: 'too many bodies are being received; try again',
        retryAfterMs: 1_000,
      });
    }
    for (let times = 0; times < 3; times += 1) {
      expect((await client.send('traces', Buffer.alloc(80_000))).code).toBe(status.OK);
    }
  });

  it('counts what is being received on every connection, until a client goes away', async () => {
    const slow = Array.from({ length: 3 }, () => openRaw(url));
    for (const { stream } of slow) stream.write(Buffer.concat([Buffer.from([0, 0, 1, 0, 0]), Buffer.alloc(20_000)]));
    while (receiving.add(0) && !isFull(60_000)) await sleep(5);
    expect((await client.send('traces', Buffer.alloc(80_000))).code).toBe(status.RESOURCE_EXHAUSTED);
    for (const { session } of slow) session.destroy();
    while (isFull(1)) await sleep(5);
    expect((await client.send('traces', Buffer.alloc(80_000))).code).toBe(status.OK);
  });

  /** True when at least so many bytes are counted. */
  function isFull(bytes: number): boolean {
    const hasRoom = receiving.add(100_001 - bytes);
    receiving.release(100_001 - bytes);
    return !hasRoom;
  }
});

/** A call whose bytes are written by hand. */
function openRaw(url: string): {
  session: ClientHttp2Session;
  stream: ClientHttp2Stream;
  closed: Promise<void>;
  /** `grpc-status`, once it has come. */
  status: () => string | undefined;
} {
  const session = connect(url);
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let seen: string | undefined;
  const note = (headers: IncomingHttpHeaders) => {
    seen ??= headers['grpc-status']?.toString();
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  return { session, stream, closed, status: () => seen };
}
