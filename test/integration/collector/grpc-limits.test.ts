import { connect, constants } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { beforeEach, expect, it, vi } from 'vitest';
import { type Door, doorLimits, openGrpcDoor } from '../../../collector/doors.ts';
import { bodyLimits, ReceivingBudget } from '../../../collector/receive/body.ts';
import { createGrpcReceiver } from '../../../collector/receive/grpc.ts';
import type { Answer } from '../../../collector/receive/intake.ts';
import { connectGrpc, type GrpcClient } from '../../support/grpc-client.ts';
import { openRawCall } from './raw-call.ts';
import { openWire } from './wire.ts';

let answer: () => Promise<Answer>;
let receiving: ReceivingBudget;
let door: Door;
let client: GrpcClient;
const failures: unknown[] = [];
beforeEach(async () => {
  answer = () => Promise.resolve({ status: 200, partial: undefined });
  receiving = new ReceivingBudget(100_000);
  door = await openDoor();
  client = connectGrpc(door.url);
  return () => {
    client.close();
    door.closeNow();
  };
});

function openDoor(receiveMs?: number): Promise<Door> {
  const server = createGrpcReceiver({
    intake: { receiving, take: () => answer() },
    onError: (error) => failures.push(error),
    receiveMs,
  });
  return openGrpcDoor(server, { host: '127.0.0.1', port: 0 });
}

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
  const slow = Array.from({ length: 3 }, () => openRawCall(door.url));
  for (const { stream } of slow) stream.write(Buffer.concat([Buffer.from([0, 0, 1, 0, 0]), Buffer.alloc(20_000)]));
  await vi.waitUntil(() => isFull(60_000));
  expect((await client.send('traces', Buffer.alloc(80_000))).code).toBe(status.RESOURCE_EXHAUSTED);
  for (const { session } of slow) session.destroy();
  await vi.waitUntil(() => !isFull(1));
  expect((await client.send('traces', Buffer.alloc(80_000))).code).toBe(status.OK);
});

it('gives up a message that does not come in time', async () => {
  const hasty = await openDoor(50);
  const slow = openRawCall(hasty.url);
  slow.stream.write(Buffer.from([0, 0, 0, 1, 0, 0x0a]));
  await slow.closed;
  expect(slow.status()).toBe(String(status.DEADLINE_EXCEEDED));
  expect(isFull(1)).toBe(false);
  hasty.closeNow();
});

it('unpacks few messages at a time, however many come at once', async () => {
  receiving = new ReceivingBudget();
  const roomy = await openDoor();
  const zipped = connectGrpc(roomy.url, { gzip: true });
  let most = 0;
  let unpacking = 0;
  const unpack = receiving.unpack.bind(receiving);
  receiving.unpack = (run) =>
    unpack(async () => {
      unpacking += 1;
      most = Math.max(most, unpacking);
      const unpacked = await run();
      unpacking -= 1;
      return unpacked;
    });
  const replies = await Promise.all(Array.from({ length: 20 }, () => zipped.send('traces', Buffer.alloc(4 << 20))));
  expect(replies.map(({ code }) => code)).toEqual(new Array(20).fill(status.OK));
  expect(most).toBe(2);
  zipped.close();
  roomy.closeNow();
});

it('refuses to unpack when too many messages wait for it', async () => {
  receiving = new ReceivingBudget();
  const full = await openDoor();
  const zipped = connectGrpc(full.url, { gzip: true });
  const endings: (() => void)[] = [];
  const { unpacking, waitingToUnpack } = bodyLimits;
  const held = Array.from({ length: unpacking + waitingToUnpack }, () =>
    receiving.unpack(() => new Promise<void>((resolve) => endings.push(resolve))),
  );
  expect(await zipped.send('traces', Buffer.alloc(1_000))).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    retryAfterMs: 1_000,
  });
  for (; endings.length > 0; await new Promise(setImmediate)) endings.shift()?.();
  await Promise.all(held);
  expect((await zipped.send('traces', Buffer.alloc(1_000))).code).toBe(status.OK);
  zipped.close();
  full.closeNow();
});

it('counts a message that comes in single bytes as what its pieces take', async () => {
  const slow = openRawCall(door.url);
  slow.stream.write(Buffer.from([0, 0, 0, 100, 0]));
  for (let sent = 0; sent < 500 && slow.status() === undefined; sent += 1) {
    await new Promise<void>((resolve) => {
      slow.stream.write(Buffer.of(1), () => {
        resolve();
      });
    });
  }
  await slow.closed;
  expect(slow.status()).toBe(String(status.RESOURCE_EXHAUSTED));
  await vi.waitUntil(() => !isFull(1));
  slow.session.destroy();
});

it('answers what is not compressed as it says, and takes the next call', async () => {
  const broken = openRawCall(door.url, { 'grpc-encoding': 'gzip' });
  broken.stream.end(Buffer.from([1, 0, 0, 0, 3, 1, 2, 3]));
  await broken.closed;
  expect(broken.status()).toBe(String(status.INTERNAL)); // as the library has it
  broken.session.destroy();
  const unknown = openRawCall(door.url, { 'grpc-encoding': 'zstd' });
  unknown.stream.end(Buffer.from([1, 0, 0, 0, 3, 1, 2, 3]));
  await unknown.closed;
  expect(unknown.status()).toBe(String(status.UNIMPLEMENTED));
  unknown.session.destroy();
  expect((await client.send('traces', Buffer.alloc(0))).code).toBe(status.OK);
});

it.each([
  ['HTTP/1.1', 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  ['a broken frame', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff'],
  ['zeros', '\0'.repeat(1_000)],
])('survives a connection that begins with %s', async (_, bytes) => {
  const wire = await openWire(door.url);
  wire.write(bytes);
  await Promise.race([wire.closed, wire.waitFor(/./s).catch(() => undefined)]);
  expect((await client.send('traces', Buffer.alloc(0))).code).toBe(status.OK);
  wire.destroy();
});

/** True when at least so many bytes are counted. */
function isFull(bytes: number): boolean {
  const hasRoom = receiving.add(100_001 - bytes);
  receiving.release(100_001 - bytes);
  return !hasRoom;
}

it.each([
  ['a message longer than what comes', [0, 0, 0, 0, 100, 1, 2]],
  ['a message longer than the limit', [0, 0xff, 0xff, 0xff, 0xff, 1]],
  ['two messages', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['half a head', [0, 0, 0]],
  ['nothing', []],
])('takes nothing of a call with %s, and takes the next', async (_what, bytes) => {
  let taken = 0;
  answer = () => {
    taken += 1;
    return Promise.resolve({ status: 200, partial: undefined });
  };
  const call = openRawCall(door.url);
  call.stream.end(Buffer.from(bytes));
  call.stream.resume();
  await call.closed;
  expect([undefined, String(status.OK)]).not.toContain(call.status());
  call.session.destroy();
  expect((await client.send('traces', Buffer.alloc(0))).code).toBe(status.OK);
  expect(taken).toBe(1);
  expect(isFull(1)).toBe(false);
});

it.each([
  ['that says it is compressed where the call does not', [1, 0, 0, 0, 0]],
  ['with the beginning of another behind it', [0, 0, 0, 0, 0, 1, 2, 3]],
])('takes a message %s', async (_what, bytes) => {
  const call = openRawCall(door.url);
  call.stream.end(Buffer.from(bytes));
  call.stream.resume();
  await call.closed;
  expect(call.status()).toBe(String(status.OK));
  call.session.destroy();
});

it('serves others while a client opens calls and resets them as fast as it can', async () => {
  const session = connect(door.url);
  session.on('error', () => undefined);
  for (let round = 0; round < 50; round += 1) {
    for (let call = 0; call < 200 && !session.closed && !session.destroyed; call += 1) {
      const stream = session.request({ ':method': 'POST', ':path': '/x', 'content-type': 'application/grpc' });
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
    expect((await client.send('traces', Buffer.alloc(0))).code).toBe(status.OK);
  }
  session.destroy();
  await vi.waitUntil(() => !isFull(1));
});

it('has as many connections as there may be; one more is closed', async () => {
  const server = createGrpcReceiver({ intake: { receiving, take: () => answer() }, onError: () => undefined });
  const small = await openGrpcDoor(server, { host: '127.0.0.1', port: 0 }, { ...doorLimits, connections: 2 });
  const wires = [await openWire(small.url), await openWire(small.url)];
  const third = await openWire(small.url);
  await third.closed;
  wires[0]?.destroy();
  const late = connectGrpc(small.url);
  await vi.waitFor(async () => {
    expect((await late.send('traces', Buffer.alloc(0))).code).toBe(status.OK);
  }, 10_000);
  late.close();
  wires[1]?.destroy();
  small.closeNow();
});
