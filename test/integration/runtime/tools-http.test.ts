import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as NetServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tool as toolSchema } from '../../../runtime/definition/tool-schema.ts';
import { bindHttpTool, type DeclaredHttpTool, type Surroundings } from '../../../runtime/tools/http-tool.ts';
import type { ToolCallContext } from '../../../runtime/tools/tool.ts';

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

let server: Server;
let seen: Seen[];
let answer: (response: ServerResponse, request: Seen) => void;
let waits: number[];

const surroundings: Surroundings = {
  sleep: (ms) => {
    waits.push(ms);
    return Promise.resolve();
  },
  random: () => 1,
};

beforeEach(async () => {
  seen = [];
  waits = [];
  answer = (response) => json(response, { ok: true });
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      seen.push(one);
      answer(response, one);
    });
  });
  await listen(server);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function listen(one: NetServer): Promise<void> {
  one.listen(0, '127.0.0.1');
  await once(one, 'listening');
}

function portOf(one: { address(): unknown }): number {
  return (one.address() as AddressInfo).port;
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value, undefined, 2));
}

function bind(declared: object, environment: NodeJS.ProcessEnv = {}, around: Surroundings = surroundings) {
  const parsed = toolSchema.parse({
    type: 'http',
    name: 'shop',
    description: 'A shop.',
    url: `http://127.0.0.1:${portOf(server)}/orders/{id}`,
    input: { type: 'object', properties: { id: { type: 'string' }, note: { type: 'string' } } },
    allowPrivateAddress: true,
    timeout: '2s',
    ...declared,
  });
  const bound = bindHttpTool(parsed as DeclaredHttpTool, environment, around);
  if ('fault' in bound) throw new Error(bound.fault);
  return bound;
}

async function call(
  declared: object,
  args: Record<string, unknown> = { id: '7' },
  environment: NodeJS.ProcessEnv = {},
) {
  const bound = bind(declared, environment);
  const result = await bound.tool.call(args, context());
  bound.close();
  return result;
}

function context(signal = new AbortController().signal): ToolCallContext {
  const caller = { sessionId: 's', turnId: 't', callId: 'c' };
  return { idempotencyKey: 'key-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, caller, signal };
}

describe('what is sent', () => {
  test('GET: parts of the path, the rest as query, headers with secrets, trace context', async () => {
    const result = await call(
      { headers: { authorization: 'Bearer ${env:SHOP_TOKEN}', 'x-team': 'a' } },
      { id: 'a/b', note: 'x&y=1' },
      { SHOP_TOKEN: 'geheim-123456' },
    );
    expect(result).toEqual({ text: '{"ok":true}', attempts: 1 });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: 'GET',
      url: '/orders/a%2Fb?note=x%26y%3D1',
      body: '',
      headers: { authorization: 'Bearer geheim-123456', 'x-team': 'a', traceparent: context().traceparent },
    });
    expect(seen[0]?.headers).not.toHaveProperty('idempotency-key');
  });

  test('POST: the rest as JSON, with the idempotency key', async () => {
    await call({ method: 'POST' }, { id: '7', note: 'Grüße', other: { a: [1] } });
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/orders/7',
      body: '{"note":"Grüße","other":{"a":[1]}}',
      headers: { 'idempotency-key': 'key-1', 'content-type': 'application/json' },
    });
  });

  test('a POST whose input is in its path has no body', async () => {
    await call({ method: 'POST', input: { type: 'object', properties: { id: {} } } });
    expect(seen[0]).toMatchObject({ body: '' });
    expect(seen[0]?.headers['content-type']).toBeUndefined();
  });

  test('a value that would leave its part of the path is refused before anything is sent', async () => {
    expect(await call({}, { id: '../admin' })).toEqual({
      text: 'id must not hold . or .. as a part of a path',
      failure: 'invalid_arguments',
      attempts: 0,
    });
    expect(seen).toEqual([]);
  });

  test('what the environment lacks is named when the tool is bound', () => {
    const headers = { authorization: 'Bearer ${env:NOWHERE_TOKEN}' };
    expect(() => bind({ headers })).toThrow('needs NOWHERE_TOKEN in the environment, which is not set');
    expect(() => bind({ url: '${env:SHOP}/x' }, { SHOP: 'ftp://x' })).toThrow('its url is no http or https address');
  });

  test('a header that cannot be written fails without its value', async () => {
    const result = await call({ headers: { 'x-key': '${env:KEY}' } }, undefined, { KEY: 'geheim\nx: y' });
    expect(result).toMatchObject({
      failure: 'transport',
      text: expect.not.stringContaining('geheim') as string,
      attempts: 1,
    });
    expect(seen).toEqual([]);
  });
});

describe('what comes back', () => {
  test('JSON without its spaces and with all digits of its numbers', async () => {
    answer = (response) =>
      response
        .setHeader('content-type', 'application/problem+json')
        .end('{ "id" : 12345678901234567890,\n "t": "a  b" }');
    expect((await call({})).text).toBe('{"id":12345678901234567890,"t":"a  b"}');
  });

  test('what says that it is JSON and is not', async () => {
    answer = (response) => response.setHeader('content-type', 'application/json').end('<html>');
    expect(await call({})).toEqual({
      text: 'HTTP 200 OK says that this is JSON, but it is not: <html>',
      failure: 'bad_response',
      attempts: 1,
    });
  });

  test('a long text, cut between characters, with its true size', async () => {
    answer = (response) => response.setHeader('content-type', 'text/plain').end('é'.repeat(1_000));
    expect(await call({ maxResponseBytes: 11 })).toEqual({
      text: 'ééééé\n[cut here: these are the first 11 of 2,000 bytes]',
      cutFromBytes: 2_000,
      attempts: 1,
    });
  });

  test('a body without end is left after 10 MiB', async () => {
    answer = (response) => {
      response.setHeader('content-type', 'text/plain');
      const chunk = 'x'.repeat(1024 * 1024);
      const write = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', write);
      write();
    };
    const result = await call({ maxResponseBytes: 3, timeout: '30s' });
    expect(result).toEqual({
      text: 'xxx\n[cut here: these are the first 3 of more than 10,485,760 bytes]',
      cutFromBytes: 10_485_760,
      attempts: 1,
    });
  });

  test('a compressed body that no one asked for; its cap holds for what is unpacked', async () => {
    const text = 'a'.repeat(100_000);
    answer = (response) =>
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync(text));
    expect(await call({ maxResponseBytes: 4 })).toMatchObject({
      cutFromBytes: 100_000,
      text: expect.stringMatching(/^aaaa\n/) as string,
    });
    expect(seen[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('what is no text is named', async () => {
    answer = (response) => response.setHeader('content-type', 'image/png').end(Buffer.alloc(12_345));
    expect((await call({})).text).toBe('[image/png, 12,345 bytes: not shown]');
    answer = (response) => response.end(Buffer.from([0, 1, 2]));
    expect((await call({})).text).toBe('[no text, 3 bytes: not shown]');
  });

  test('nothing, and other encodings', async () => {
    answer = (response) => response.writeHead(204).end();
    expect((await call({})).text).toBe('HTTP 204 No Content, without content');
    answer = (response) => response.setHeader('content-type', 'text/plain; charset=latin1').end(Buffer.from([0xe4]));
    expect((await call({})).text).toBe('ä');
    answer = (response) => response.setHeader('content-type', 'text/plain; charset=made-up').end('é');
    expect((await call({})).text).toBe('é');
  });

  test('a secret that the server sends back is not shown', async () => {
    answer = (response, request) => json(response, { got: request.headers.authorization });
    const headers = { authorization: 'Bearer ${env:SHOP_TOKEN}' };
    expect((await call({ headers }, undefined, { SHOP_TOKEN: 'geheim-123456' })).text).toBe(
      '{"got":"Bearer [SHOP_TOKEN]"}',
    );
    answer = (response, request) => json(response, { got: request.headers.authorization }, 400);
    expect((await call({ headers }, undefined, { SHOP_TOKEN: 'geheim-123456' })).text).not.toContain('geheim');
  });
});

describe('failures', () => {
  test.each([
    [400, 'upstream_4xx', 1],
    [401, 'auth', 1],
    [403, 'auth', 1],
    [404, 'upstream_4xx', 1],
    [408, 'upstream_4xx', 3],
    [429, 'rate_limited', 3],
    [500, 'upstream_5xx', 3],
    [503, 'upstream_5xx', 3],
    [304, 'bad_response', 1],
  ])('HTTP %d is %s', async (status, failure, attempts) => {
    answer = (response) => json(response, { error: 'x' }, status);
    expect(await call({})).toMatchObject({
      failure,
      attempts,
      text: expect.stringMatching(`^HTTP ${status} `) as string,
    });
    expect(seen).toHaveLength(attempts);
  });

  test('shows a bounded piece of an error', async () => {
    answer = (response) => response.writeHead(422, { 'content-type': 'text/plain' }).end('x'.repeat(100_000));
    const { text } = await call({});
    expect(text).toMatch(/^HTTP 422 Unprocessable Entity: x{2000}\n\[cut here: .* of 100,000 bytes\]$/);
  });

  test('waits longer each time, or as long as the server asks', async () => {
    answer = (response) => json(response, {}, 503);
    await call({ retries: 3, timeout: '60s' });
    expect(waits).toEqual([500, 1_000, 2_000]);
    waits = [];
    answer = (response) => response.writeHead(429, { 'retry-after': '3' }).end();
    await call({ retries: 1, timeout: '60s' });
    expect(waits).toEqual([3_000]);
  });

  test('gives up when the server asks for more time than there is', async () => {
    answer = (response) => response.writeHead(429, { 'retry-after': '5' }).end();
    expect(await call({ timeout: '2s' })).toEqual({
      text: 'HTTP 429 Too Many Requests; may be asked again in 5 s',
      failure: 'rate_limited',
      attempts: 1,
    });
    answer = (response) => response.writeHead(429, { 'retry-after': '31' }).end();
    expect(await call({ timeout: '5m' })).toMatchObject({ attempts: 1 });
    expect(waits).toEqual([]);
  });

  test('succeeds at a later try', async () => {
    answer = (response) => (seen.length < 3 ? response.destroy() : json(response, { n: seen.length }));
    expect(await call({})).toEqual({ text: '{"n":3}', attempts: 3 });
  });

  test('never sends a write twice', async () => {
    answer = (response) => json(response, {}, 503);
    expect(await call({ method: 'POST' })).toMatchObject({
      failure: 'upstream_5xx',
      attempts: 1,
      text: expect.stringContaining('whether it was done all the same is not known') as string,
    });
    expect(seen).toHaveLength(1);
  });

  test('repeats a POST that is idempotent, with the same key', async () => {
    answer = (response) => (seen.length === 1 ? json(response, {}, 500) : json(response, { ok: 1 }));
    expect(await call({ method: 'POST', sideEffect: 'idempotent' })).toMatchObject({ attempts: 2 });
    expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-1', 'key-1']);
  });

  test('no connection', async () => {
    const closed = createServer();
    await listen(closed);
    const url = `http://127.0.0.1:${portOf(closed)}/`;
    closed.close();
    await once(closed, 'close');
    const failed = {
      failure: 'transport',
      text: 'The call failed: the connection was refused (tried 3 times).',
      attempts: 3,
    };
    expect(await call({ url })).toEqual(failed);
    // Nothing was sent, so nothing can have happened.
    expect(await call({ url, method: 'POST' })).toEqual({
      ...failed,
      text: 'The call failed: the connection was refused.',
      attempts: 1,
    });
  });

  test('a write that was sent and broke off may have happened', async () => {
    answer = (response) => response.destroy();
    expect(await call({ method: 'POST' })).toEqual({
      text: 'The call was sent, then: the connection broke. It may have been done or not. Do not simply repeat it: find out first, or say that the outcome is not known.',
      failure: 'outcome_unknown',
      attempts: 1,
    });
    expect(await call({ retries: 0 })).toMatchObject({ failure: 'transport' });
  });

  test('a write whose answer breaks off in its middle may have happened', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => response.destroy(), 20);
    };
    expect(await call({ method: 'POST' })).toMatchObject({
      failure: 'outcome_unknown',
      text: expect.stringContaining('HTTP 200 came, but its answer broke off') as string,
    });
    expect(await call({ retries: 0 })).toMatchObject({ failure: 'transport' });
  });

  test('no answer in time', async () => {
    answer = () => undefined;
    expect(await call({ timeout: '150ms' })).toEqual({
      text: 'The call failed: no answer within 150 ms.',
      failure: 'timeout',
      attempts: 1,
    });
    expect(await call({ timeout: '150ms', method: 'POST' })).toMatchObject({ failure: 'outcome_unknown', attempts: 1 });
  });

  test('an answer that begins and never ends', async () => {
    answer = (response) => response.writeHead(200, { 'content-type': 'text/plain' }).write('x');
    expect(await call({ timeout: '150ms' })).toMatchObject({ failure: 'timeout' });
  });

  test('a turn that is cancelled', async () => {
    const cancel = new AbortController();
    answer = () => {
      cancel.abort();
    };
    const read = bind({});
    expect(await read.tool.call({ id: '7' }, context(cancel.signal))).toMatchObject({
      failure: 'cancelled',
      attempts: 1,
    });
    expect(await read.tool.call({ id: '7' }, context(cancel.signal))).toMatchObject({
      failure: 'cancelled',
      attempts: 0,
    });
    expect(seen).toHaveLength(1);
    const again = new AbortController();
    answer = () => {
      again.abort();
    };
    const write = bind({ method: 'POST' });
    expect(await write.tool.call({ id: '7' }, context(again.signal))).toMatchObject({ failure: 'outcome_unknown' });
  });

  test('what is no HTTP', async () => {
    const tcp = createTcpServer((socket) =>
      socket.on('data', () => socket.end('SSH-2.0-OpenSSH\r\n')).on('error', () => undefined),
    );
    await listen(tcp);
    const url = `http://127.0.0.1:${portOf(tcp)}/`;
    expect(await call({ url })).toMatchObject({ failure: 'bad_response', attempts: 1 });
    tcp.close();
  });

  test('a connection that was closed while it lay idle costs no try', async () => {
    const bound = bind({ retries: 0 });
    expect(await bound.tool.call({ id: '1' }, context())).toMatchObject({ text: '{"ok":true}' });
    // The server closes it when the next request arrives on it, as one does whose time for idle connections is over.
    const hangUp = (_request: IncomingMessage, response: ServerResponse) => response.destroy();
    const [regular] = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
    server.removeAllListeners('request');
    server.once('request', (request: IncomingMessage, response: ServerResponse) => {
      hangUp(request, response);
      server.on('request', regular ?? hangUp);
    });
    expect(await bound.tool.call({ id: '2' }, context())).toEqual({ text: '{"ok":true}', attempts: 1 });
    bound.close();
  });
});

describe('redirects', () => {
  test('follows three of the same place', async () => {
    answer = (response, { url }) => {
      const n = Number(url.slice(4, 5));
      if (n < 3) response.writeHead(302, { location: `/hop${n + 1}` }).end();
      else json(response, { n });
    };
    expect(await call({ url: `http://127.0.0.1:${portOf(server)}/hop0` })).toMatchObject({ text: '{"n":3}' });
    expect(seen.map(({ url }) => url)).toEqual(['/hop0?id=7', '/hop1', '/hop2', '/hop3']);
  });

  test('follows no fourth', async () => {
    answer = (response) => response.writeHead(302, { location: '/again' }).end();
    expect(await call({})).toMatchObject({ failure: 'bad_response', text: 'The call failed: more than 3 redirects.' });
    expect(seen).toHaveLength(4);
  });

  test.each([
    'http://evil.example/',
    'http://127.0.0.2/',
    'http://127.0.0.1:1/',
    'https://127.0.0.1/',
    'file:///etc/passwd',
    '//evil.example/x',
  ])('does not follow %s', async (location) => {
    answer = (response) => response.writeHead(302, { location }).end();
    const result = await call({ headers: { authorization: '${env:TOKEN}' } }, undefined, { TOKEN: 'geheim-123' });
    expect(result).toMatchObject({
      failure: 'denied',
      text: expect.stringMatching(
        /^The call failed: HTTP 302 leads to another place \(.*\), which is not followed\.$/,
      ) as string,
    });
    expect(seen).toHaveLength(1);
  });

  test('a POST becomes a GET after 303, and stays what it is after 307', async () => {
    answer = (response, { url }) =>
      url === '/done' ? json(response, {}) : response.writeHead(303, { location: '/done' }).end();
    await call({ method: 'POST' }, { id: '7', note: 'x' });
    answer = (response, { url }) =>
      url === '/done' ? json(response, {}) : response.writeHead(307, { location: '/done' }).end();
    await call({ method: 'POST' }, { id: '7', note: 'x' });
    expect(seen.map(({ method, body }) => `${method} ${body}`)).toEqual([
      'POST {"note":"x"}',
      'GET ',
      'POST {"note":"x"}',
      'POST {"note":"x"}',
    ]);
  });
});

describe('private addresses', () => {
  const denied = {
    text: 'Not allowed: its address is of this machine or a private network.',
    failure: 'denied',
    attempts: 1,
  };

  test.each([
    (port: number) => `http://127.0.0.1:${port}/`,
    (port: number) => `http://localhost:${port}/`,
    (port: number) => `http://2130706433:${port}/`,
    (port: number) => `http://0x7f.1:${port}/`,
    (port: number) => `http://0177.0.0.1:${port}/`,
    (port: number) => `http://127.1:${port}/`,
    (port: number) => `http://0:${port}/`,
    (port: number) => `http://[::1]:${port}/`,
    (port: number) => `http://[::ffff:127.0.0.1]:${port}/`,
    (port: number) => `http://[::ffff:7f00:1]:${port}/`,
    (port: number) => `http://①②⑦.0.0.1:${port}/`,
    () => 'http://169.254.169.254/latest/meta-data/',
    () => 'http://[fd00:ec2::254]/latest/meta-data/',
  ])('are not called: %s', async (url) => {
    expect(await call({ url: url(portOf(server)), allowPrivateAddress: false })).toEqual(denied);
    expect(seen).toEqual([]);
  });

  test('are not called under a public name, whatever the name meant before', async () => {
    const looked: string[] = [];
    const lookup = ((name: string, _options: unknown, callback: (error: null, found: unknown) => void) => {
      looked.push(name);
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    }) as unknown as NonNullable<Surroundings['lookup']>;
    const url = `http://shop.example:${portOf(server)}/`;
    const bound = bind({ url, allowPrivateAddress: false }, {}, { ...surroundings, lookup });
    expect(await bound.tool.call({}, context())).toEqual(denied);
    expect(looked).toEqual(['shop.example']);
    expect(seen).toEqual([]);
  });

  test('are not called through a part that the model fills in', async () => {
    const url = `http://{id}:${portOf(server)}/`;
    expect(await call({ url, allowPrivateAddress: false }, { id: '127.0.0.1' })).toEqual(denied);
    expect(seen).toEqual([]);
  });
});
