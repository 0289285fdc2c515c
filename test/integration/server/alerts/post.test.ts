import type { lookup as lookupHost } from 'node:dns';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Poster, type PosterOptions, type PostResult } from '../../../../server/alerts/deliver/post.ts';
import { isPublicAddress } from '../../../../server/alerts/deliver/public-address.ts';
import { type MessageReceiver, startWebhookReceiver } from '../../../support/message-receiver.ts';

let receiver: MessageReceiver;
let raw: Server;
/** What the raw server writes when it has read something. */
let written: (socket: Socket) => void;
let connections = 0;

beforeAll(async () => {
  receiver = await startWebhookReceiver(() => undefined);
  raw = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.once('data', () => written(socket));
  });
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await receiver.close();
  await new Promise((resolve) => raw.close(resolve));
});

describe('a post', () => {
  it('sends the body once it may, and gives the beginning of the answer', async () => {
    receiver.willBehave({ kind: 'answer', status: 503, body: 'x'.repeat(50_000), headers: { 'retry-after': '9' } });
    const result = await post(`${receiver.url}/hook`, { body: '{"a":1}' });
    expect(result).toMatchObject({ status: 'answered', httpStatus: 503, retryAfter: '9' });
    expect(result).toHaveProperty('body.length', 2_048);
    expect(await post(`${receiver.url}/hook`, { body: '{"a":"ü"}' })).toMatchObject({ httpStatus: 204 });
    expect(receiver.messages.at(-1)).toMatchObject({ text: '{"a":"ü"}', path: 'hook' });
  });

  it('sends nothing when it may not', async () => {
    const before = receiver.requestCount();
    expect(await post(receiver.url, { mayPost: () => Promise.resolve(false) })).toEqual({ status: 'withheld' });
    expect(await post(receiver.url, { mayPost: () => Promise.reject(new Error('away')) })).toEqual({
      status: 'withheld',
    });
    expect(receiver.requestCount()).toBe(before);
  });

  it('is asked whether it may only when the connection stands', async () => {
    let isAsked = false;
    const mayPost = () => Promise.resolve((isAsked = true));
    expect(await post('http://127.0.0.1:1/', { mayPost })).toMatchObject({
      ...{ status: 'unreached', message: 'the connection was refused', isDenied: false },
    });
    expect(isAsked).toBe(false);
  });

  it.each<[string, (socket: Socket) => void, Partial<PostResult>]>([
    ['closes without an answer', (socket) => socket.destroy(), { status: 'unknown', message: 'the connection broke' }],
    ['says nothing', () => undefined, { status: 'unknown', message: 'no answer within 0.2 s' }],
    ['speaks another protocol', (socket) => socket.end('220 mail\r\n'), { status: 'unknown' }],
    [
      'breaks off its answer',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\nhalf'),
      { status: 'answered', httpStatus: 200, body: 'half' },
    ],
    [
      'does not end its answer',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n'),
      { status: 'answered', httpStatus: 200 },
    ],
  ])('to a receiver that %s', async (_, behave, expected) => {
    written = behave;
    expect(await post(rawUrl())).toMatchObject(expected);
  });

  it('is cut by its signal: what was sent stays unknown', async () => {
    const stop = new AbortController();
    written = () => stop.abort();
    expect(await post(rawUrl(), { signal: stop.signal })).toEqual({ status: 'unknown', message: 'the server stopped' });
  });
});

describe('a private address', () => {
  it.each([
    '127.0.0.1',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '[::1]',
    '[::]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:7f00:1::]',
  ])('%s is not posted to', async (host) => {
    expect(await post(`http://${host}:${rawPort()}/`, {}, { allowsPrivate: false })).toMatchObject(denied);
  });

  it.each([
    ['a name that leads to it', ['127.0.0.1']],
    ['a name that leads to several', ['10.0.0.1', '::1']],
  ])('is not reached by %s', async (_, addresses) => {
    const before = connections;
    const lookup = lookupOf(addresses);
    expect(await post(`http://public.example:${rawPort()}/`, {}, { allowsPrivate: false, lookup })).toMatchObject(
      denied,
    );
    expect(connections).toBe(before);
  });

  it('is reached where that is allowed, also by name', async () => {
    written = (socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n');
    const lookup = lookupOf(['127.0.0.1']);
    expect(await post(`http://inside.example:${rawPort()}/`, {}, { lookup })).toMatchObject({ httpStatus: 204 });
  });

  it('is none that everybody can reach', () => {
    for (const address of ['1.1.1.1', '8.8.8.8', '100.128.0.1', '2606:4700::1111', '::ffff:1.1.1.1']) {
      expect(isPublicAddress(address)).toBe(true);
    }
  });
});

const denied = { status: 'unreached', isDenied: true };

async function post(
  url: string,
  request: Partial<Parameters<Poster['post']>[0]> = {},
  options: Partial<PosterOptions> = {},
): Promise<PostResult> {
  const poster = new Poster({ allowsPrivate: true, answerTimeoutMs: 200, ...options });
  return poster.post({
    ...{ url: new URL(url), headers: {}, body: '{}', mayPost: () => Promise.resolve(true) },
    signal: new AbortController().signal,
    ...request,
  });
}

function lookupOf(addresses: readonly string[]): typeof lookupHost {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const lookup = (_: string, options: { all?: boolean }, callback: (...results: unknown[]) => void) => {
    if (options.all === true) callback(null, found);
    else callback(null, found[0]?.address, found[0]?.family);
  };
  return lookup as typeof lookupHost;
}

function rawPort(): number {
  return (raw.address() as AddressInfo).port;
}

function rawUrl(): string {
  return `http://127.0.0.1:${rawPort()}/`;
}
