import { Hono } from 'hono';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Door, doorLimits, openHttpDoor } from '../../../collector/doors.ts';
import { ReceivingBudget } from '../../../collector/receive/body.ts';
import type { ReceivedBody } from '../../../collector/receive/intake.ts';
import { createReceiver } from '../../../collector/receive/receiver.ts';
import { openWire, postHead, type Wire } from './wire.ts';

let taken: ReceivedBody[];
let door: Door;
const wires: Wire[] = [];
const address = { host: '127.0.0.1', port: 0 };
const hasty = { ...doorLimits, headMs: 100, requestMs: 200, checkMs: 20 };
beforeEach(async () => {
  taken = [];
  const take = (body: ReceivedBody) => {
    taken.push(body);
    return Promise.resolve({ status: 200, partial: undefined } as const);
  };
  const intake = { receiving: new ReceivingBudget(), take };
  const app = createReceiver({ intake, isReady: () => Promise.resolve(true), onError: () => undefined });
  door = await openHttpDoor(app, address, hasty);
  return () => {
    for (const wire of wires.splice(0)) wire.destroy();
    door.closeNow();
  };
});

async function open(bytes = ''): Promise<Wire> {
  const wire = await openWire(door.url);
  wires.push(wire);
  if (bytes !== '') wire.write(bytes);
  return wire;
}

const whole = `${postHead('/v1/traces', { 'content-length': 2 })}{}`;

describe('a slow client', () => {
  it.each([
    ['nothing', ''],
    ['half a head', 'POST /v1/traces HTTP/1.1\r\nhost: loc'],
    ['half a body', postHead('/v1/traces', { 'content-length': 100 }) + '{'],
    ['half a chunk', postHead('/v1/traces', { 'transfer-encoding': 'chunked' }) + '5\r\n{'],
  ])('that sends %s loses its connection', async (_what, bytes) => {
    const wire = await open(bytes);
    await wire.closed;
    expect(wire.received()).toMatch(/^HTTP\/1.1 408 |^$/);
    expect(taken).toEqual([]);
  });

  it('that sends a byte now and then gets no longer', async () => {
    const wire = await open(postHead('/v1/traces', { 'content-length': 1_000 }));
    const drip = setInterval(() => wire.write(' '), 10);
    await wire.closed;
    clearInterval(drip);
    expect(wire.received()).toMatch(/^HTTP\/1.1 408 /);
    expect(taken).toEqual([]);
  });

  it('that does not read its replies is not read from any more', async () => {
    const requests = 50_000;
    let answered = 0;
    const body = 'x'.repeat(1_000);
    const app = new Hono();
    app.get('/', (c) => {
      answered += 1;
      return c.body(body);
    });
    const patient = await openHttpDoor(app, address);
    const wire = await openWire(patient.url);
    wire.pause();
    wire.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(requests));
    let before = -1;
    await vi.waitUntil(
      () => {
        const isStill = answered > 0 && answered === before;
        before = answered;
        return isStill;
      },
      { interval: 200, timeout: 15_000 },
    );
    expect(answered).toBeLessThan(requests / 2);
    wire.resume();
    await vi.waitUntil(() => answered === requests, { timeout: 15_000 });
    wire.destroy();
    patient.closeNow();
  });
});

describe('many clients', () => {
  it('have as many connections as there may be; one more is closed, and may come again', async () => {
    const app = new Hono();
    app.get('/', (c) => c.text('ok'));
    const small = await openHttpDoor(app, address, { ...doorLimits, connections: 3 });
    const get = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const first = await Promise.all(Array.from({ length: 3 }, () => openWire(small.url)));
    const fourth = await openWire(small.url);
    await fourth.closed;
    for (const wire of first) {
      wire.write(get);
      await wire.waitFor(/ok$/);
    }
    first[0]?.destroy();
    await vi.waitUntil(async () => {
      const again = await openWire(small.url);
      again.write(get);
      return again.waitFor(/ok$/).then(
        () => true,
        () => false,
      );
    });
    for (const wire of first) wire.destroy();
    small.closeNow();
  });
});

describe('a request whose length is a lie', () => {
  it('is read as long as it said, and the rest refused as no request', async () => {
    const wire = await open(`${whole}{"more":1}\r\n\r\n`);
    await wire.closed;
    expect(wire.received()).toMatch(/HTTP\/1.1 400 Bad Request/);
    expect(taken.filter(({ body }) => Buffer.from(body).toString() !== '{}')).toEqual([]);
  });

  it.each([
    ['a length and chunks', { 'content-length': 2, 'transfer-encoding': 'chunked' }, '2\r\n{}\r\n0\r\n\r\n'],
    ['a negative length', { 'content-length': -2 }, '{}'],
    ['a length that is none', { 'content-length': '2x' }, '{}'],
    ['a chunk that is none', { 'transfer-encoding': 'chunked' }, 'zz\r\n{}\r\n0\r\n\r\n'],
    ['a chunk longer than it says', { 'transfer-encoding': 'chunked' }, '1\r\n{}}\r\n0\r\n\r\n'],
  ])('with %s is refused', async (_what, headers, body) => {
    const wire = await open(postHead('/v1/traces', headers) + body);
    await wire.closed;
    expect(wire.received()).toMatch(/^HTTP\/1.1 400 /);
    expect(taken).toEqual([]);
  });

  it('with two lengths is refused', async () => {
    const wire = await open(postHead('/v1/traces', { 'content-length': 2, 'Content-Length': 3 }) + '{} ');
    await wire.closed;
    expect(wire.received()).toMatch(/^HTTP\/1.1 400 /);
    expect(taken).toEqual([]);
  });
});

describe('the HTTP port', () => {
  it('answers requests that come one behind the other, in their order', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => `{"n":${index}}`);
    const wire = await open(
      bodies.map((body) => postHead('/v1/traces', { 'content-length': body.length }) + body).join(''),
    );
    await wire.waitFor(/(HTTP\/1.1 200 [^]*){20}/);
    expect(taken.map(({ body }) => Buffer.from(body).toString())).toEqual(bodies);
  });

  it('takes a chunked body', async () => {
    const wire = await open(
      postHead('/v1/traces', { 'transfer-encoding': 'chunked' }) + '1;x=y\r\n{\r\n1\r\n}\r\n0\r\n\r\n',
    );
    await wire.waitFor(/^HTTP\/1.1 200 /);
    expect(taken.map(({ body }) => Buffer.from(body).toString())).toEqual(['{}']);
  });

  it('answers 431 to a head of more than 16 KiB', async () => {
    const wire = await open(postHead('/v1/traces', { 'content-length': 2, x: 'y'.repeat(17_000) }));
    await wire.closed;
    expect(wire.received()).toMatch(/^HTTP\/1.1 431 /);
  });
});
