import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { tables } from '../../../migrations/schema.ts';
import { connectGrpc, type GrpcClient } from '../../support/grpc-client.ts';
import { encodeProtobuf, tracesOf } from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { type FragileDatabase, startFragileDatabase } from './fragile-database.ts';
import { openRawCall } from './raw-call.ts';
import { chatAttributes, type LiveCollector, newSpan, startLiveCollector } from './live-collector.ts';

const grpcPort = 'SIGHTGLASS_OTLP_GRPC_PORT';
const callers = 4;
const spansPerCall = 5;

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
  const untilMore = async () => {
    const before = acknowledged.length;
    while (acknowledged.length < before + callers * spansPerCall) await sleep(20);
  };
  for (let round = 0; round < 2; round += 1) {
    await untilMore();
    await sleep(200 * Math.random());
    await database.kill();
    await database.restart();
  }
  await untilMore();
  isOver = true;
  await Promise.all(calling);
  // What was acknowledged from the spool comes a little later.
  const missing = async () => {
    const stored = new Set(await storedNames());
    return acknowledged.filter((name) => !stored.has(name));
  };
  await expect.poll(missing).toEqual([]);
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
  const slow = openRawCall(program.otherUrls[grpcPort] ?? '');
  slow.stream.write(Buffer.from([0, 0, 0, 1, 0, 0x0a]));
  await sleep(50);
  const began = performance.now();
  expect(await program.stop()).toBe(0);
  expect(performance.now() - began).toBeLessThan(8_000);
  await slow.closed;
  expect(slow.status()).toBeUndefined();
});

it('serves others while slow clients send nothing', async () => {
  const slow = Array.from({ length: 100 }, () => openRawCall(program.otherUrls[grpcPort] ?? ''));
  for (const { stream } of slow) stream.write(Buffer.from([0, 0, 0, 1, 0, 0x0a]));
  expect(await send(['quick'])).toBe(0);
  for (const { session } of slow) session.destroy();
});
