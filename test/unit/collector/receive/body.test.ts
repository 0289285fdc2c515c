import { Readable } from 'node:stream';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BodyError, bodyLimits, BodyReader, ReceivingBudget } from '../../../../collector/receive/body.ts';

const limits = { compressedBytes: 1000, decompressedBytes: 2000 };
const body = Buffer.from('x'.repeat(100));

function post(content: NonNullable<RequestInit['body']> | null, headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/v1/traces', {
    method: 'POST',
    headers,
    body: content,
    ...(content instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
}

async function statusOf(request: Request, reader = new BodyReader(limits)): Promise<number> {
  const error: unknown = await reader.read(request).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BodyError);
  return error instanceof BodyError ? error.status : 0;
}

/** Chunks of 100 bytes, as many as are asked for; `read` counts them. */
function endless(): { stream: ReadableStream<Uint8Array>; read: () => number } {
  let chunks = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        chunks += 1;
        controller.enqueue(new Uint8Array(100));
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, read: () => chunks };
}

describe('BodyReader', () => {
  it.each([
    ['no encoding', body, {}],
    ['identity', body, { 'content-encoding': 'identity' }],
    ['gzip', gzipSync(body), { 'content-encoding': 'gzip' }],
    ['GZIP', gzipSync(body), { 'content-encoding': ' GZIP ' }],
    ['deflate', deflateSync(body), { 'content-encoding': 'deflate' }],
  ])('reads a body in %s', async (_name, sent, headers) => {
    const read = await new BodyReader(limits).read(post(sent, headers));
    expect(Buffer.from(read).equals(body)).toBe(true);
  });

  it('reads an empty body', async () => {
    expect(await new BodyReader(limits).read(post(null))).toHaveLength(0);
  });

  it.each([
    ['told', 100],
    ['not told', undefined],
    ['told too short', 60],
  ])("reads pieces from Node's own request, their length %s", async (name, told) => {
    const pieces = [body.subarray(0, 30), body.subarray(30, 70), body.subarray(70)];
    const headers = told === undefined ? undefined : { 'content-length': String(told) };
    const read = new BodyReader(limits).read(post(null, headers), Readable.from(pieces, { objectMode: false }));
    if (name === 'told too short') await expect(read).rejects.toThrow('ended early');
    else expect(Buffer.from(await read).equals(body)).toBe(true);
  });

  it('makes room for what is told up to a limit, and keeps pieces above it', async () => {
    const budget = new ReceivingBudget();
    const rooms = Array.from({ length: 5 }, () => budget.makeRoom(bodyLimits.compressedBytes));
    expect(rooms.map((room) => room?.length)).toEqual([
      ...Array<number>(4).fill(bodyLimits.compressedBytes),
      undefined,
    ]);
    const headers = { 'content-length': '100' };
    const reader = new BodyReader({}, budget);
    expect(Buffer.from(await reader.read(post(null, headers), Readable.from([body]))).equals(body)).toBe(true);
    budget.releaseTold(bodyLimits.compressedBytes);
    await reader.read(post(null, headers), Readable.from([body]));
    expect(budget.makeRoom(bodyLimits.compressedBytes)).toHaveLength(bodyLimits.compressedBytes);
  });

  it("gives back the memory of each of Node's pieces that it has put into its room, and of none that may be another's", async () => {
    // Each with a buffer of its own.
    const piecesOf = () =>
      [
        [0, 30],
        [30, 70],
        [70, 100],
      ].map(([from, to]) => Buffer.from(Uint8Array.from(body.subarray(from, to)).buffer));
    const lengthsAfter = async (headers: Record<string, string>, isWeb = false) => {
      const pieces = piecesOf();
      const stream = Readable.from(pieces, { objectMode: false });
      const web = isWeb ? (Readable.toWeb(stream) as ReadableStream<Uint8Array>) : null;
      const read = await new BodyReader(limits).read(post(web, headers), isWeb ? undefined : stream);
      expect(Buffer.from(read).equals(body)).toBe(true);
      return pieces.map(({ length }) => length);
    };
    expect(await lengthsAfter({ 'content-length': '100' })).toEqual([0, 0, 0]);
    expect(await lengthsAfter({})).toEqual([30, 40, 30]);
    expect(await lengthsAfter({ 'content-length': '100' }, true)).toEqual([30, 40, 30]);
  });

  it('leaves a request that it gives up open for its answer', async () => {
    const incoming = Readable.from([Buffer.alloc(600), Buffer.alloc(600), Buffer.alloc(600)]);
    await expect(new BodyReader(limits).read(post(null), incoming)).rejects.toThrow('larger than 1000 bytes');
    expect(incoming.destroyed).toBe(false);
  });

  it('refuses an encoding it does not know with 415', async () => {
    expect(await statusOf(post(body, { 'content-encoding': 'br' }))).toBe(415);
    expect(await statusOf(post(body, { 'content-encoding': 'gzip, gzip' }))).toBe(415);
  });

  it.each(['gzip', 'deflate'])('refuses what is not %s with 400', async (encoding) => {
    expect(await statusOf(post(body, { 'content-encoding': encoding }))).toBe(400);
    expect(await statusOf(post(gzipSync(body).subarray(0, -5), { 'content-encoding': encoding }))).toBe(400);
  });

  it('takes bodies up to the limits and refuses one byte more with 413', async () => {
    const reader = new BodyReader(limits);
    expect(await reader.read(post(Buffer.alloc(1000)))).toHaveLength(1000);
    expect(await statusOf(post(Buffer.alloc(1001)))).toBe(413);
    expect(await reader.read(post(gzipSync(Buffer.alloc(2000)), { 'content-encoding': 'gzip' }))).toHaveLength(2000);
    expect(await statusOf(post(gzipSync(Buffer.alloc(2001)), { 'content-encoding': 'gzip' }))).toBe(413);
  });

  it('stops reading where the limit is reached', async () => {
    const { stream, read } = endless();
    expect(await statusOf(post(stream))).toBe(413);
    expect(read()).toBeLessThanOrEqual(12);
  });

  it('does not read a body that says it is too large', async () => {
    const { stream, read } = endless();
    expect(await statusOf(post(stream, { 'content-length': '1001' }))).toBe(413);
    expect(read()).toBe(0);
  });

  it('unpacks a bomb no further than the limit', async () => {
    const member = gzipSync(Buffer.alloc(16 * 1024 * 1024), { level: 1 });
    const bomb = Buffer.concat(Array.from({ length: 64 }, () => member)); // a gigabyte
    expect(bomb.length).toBeLessThan(bodyLimits.compressedBytes);
    const before = process.memoryUsage().rss;
    expect(await statusOf(post(bomb, { 'content-encoding': 'gzip' }), new BodyReader())).toBe(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('refuses with 429 what would be too much at one time, and takes it later', async () => {
    const reader = new BodyReader({ ...limits, receivingBytes: 500 });
    let finish: () => void = () => undefined;
    const slow = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(200));
        finish = () => {
          controller.close();
        };
      },
    });
    const first = reader.read(post(slow));
    await new Promise((resume) => setTimeout(resume, 20));
    expect(await statusOf(post(body), reader)).toBe(429);
    finish();
    expect(await first).toHaveLength(200);
    expect(await reader.read(post(body))).toHaveLength(100);
  });

  it('counts a body that comes byte by byte as what its pieces take', async () => {
    const single = () => {
      let left = 20;
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          if (left-- > 0) controller.enqueue(Uint8Array.of(1));
          else controller.close();
        },
      });
    };
    const reader = new BodyReader({ receivingBytes: 20 * bodyLimits.pieceBytes });
    expect(await reader.read(post(single()))).toHaveLength(20);
    expect(await statusOf(post(single()), new BodyReader({ receivingBytes: 19 * bodyLimits.pieceBytes }))).toBe(429);
    expect(await reader.read(post(single()))).toHaveLength(20);
  });

  it('unpacks two bodies at a time, lets some wait and refuses more with 429', async () => {
    const budget = new ReceivingBudget();
    const finish: (() => void)[] = [];
    const hold = () => budget.unpack(() => new Promise<void>((resolve) => finish.push(resolve)));
    const held = Array.from({ length: bodyLimits.unpacking + bodyLimits.waitingToUnpack }, hold);
    expect(finish).toHaveLength(bodyLimits.unpacking);
    const zipped = gzipSync(body);
    const reader = new BodyReader({}, budget);
    expect(await statusOf(post(zipped, { 'content-encoding': 'gzip' }), reader)).toBe(429);
    while (finish.length > 0) {
      finish.shift()?.();
      await new Promise(setImmediate);
      expect(finish.length).toBeLessThanOrEqual(bodyLimits.unpacking);
    }
    await Promise.all(held);
    expect(await reader.read(post(zipped, { 'content-encoding': 'gzip' }))).toHaveLength(body.length);
  });

  it('goes on after bodies that could not be unpacked', async () => {
    const reader = new BodyReader(limits);
    const broken = () => statusOf(post(body, { 'content-encoding': 'gzip' }), reader);
    expect(await Promise.all(Array.from({ length: 20 }, broken))).toEqual(new Array(20).fill(400));
    expect(await reader.read(post(gzipSync(body), { 'content-encoding': 'gzip' }))).toHaveLength(body.length);
  });

  it('answers 400 for a body that ends early', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('aborted'));
      },
    });
    expect(await statusOf(post(broken))).toBe(400);
  });
});
