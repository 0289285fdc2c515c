import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { DoorError } from '../../../../runtime/door/door-error.ts';
import { localDoor } from '../../../../runtime/door/local-door.ts';

const door = new Hono()
  .use(localDoor({ isLocal: true }))
  .all('*', (c) => c.text('in'))
  .onError((error, c) => (error instanceof DoorError ? c.text(error.message, error.status) : c.text('fault', 500)));

async function knock(headers: Record<string, string>, init: RequestInit = {}) {
  const reply = await door.request('http://127.0.0.1:4100/x', {
    ...init,
    headers: { host: '127.0.0.1:4100', ...headers },
  });
  return { status: reply.status, text: await reply.text() };
}
const post = (headers: Record<string, string>, body: string | null = '{}') => knock(headers, { method: 'POST', body });

describe('hosts', () => {
  test.each(['localhost', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:4100'])(
    '%s is this machine',
    async (host) => {
      expect((await knock({ host })).status).toBe(200);
    },
  );

  test.each([
    ...[
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example:4100',
      'evil.example:4100',
      '127.0.0.2',
      '0.0.0.0',
    ],
    ...[
      '::1',
      '[::1',
      '[::2]:4100',
      'localhost:',
      'localhost:port',
      'localhost:123456',
      'localhost@evil.example',
      'localhost:80:80',
      ' ',
    ],
  ])('%j is not', async (host) => {
    expect(await knock({ host })).toEqual({
      status: 421,
      text: `Host "${host.trim()}" is not localhost, 127.0.0.1 or [::1]`,
    });
  });
});

describe('origins', () => {
  test.each([
    {},
    { origin: 'http://127.0.0.1:4100' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ])('%j may come in', async (headers) => {
    expect((await knock(headers)).status).toBe(200);
  });

  test.each<Record<string, string>>([
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:4000' },
    { origin: 'https://127.0.0.1:4100' },
    { origin: 'http://localhost:4100' },
    { origin: 'http://127.0.0.1:4100.evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://127.0.0.1:4100', 'sec-fetch-site': 'cross-site' },
  ])('%j may not', async (headers) => {
    expect((await knock(headers)).status).toBe(403);
    expect((await post({ ...headers, 'content-type': 'application/json' })).status).toBe(403);
  });
});

describe('content types', () => {
  test.each(['application/json', 'Application/JSON', 'application/json; charset=utf-8', 'application/json ;x'])(
    '%s',
    async (type) => {
      expect((await post({ 'content-type': type })).status).toBe(200);
    },
  );

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/plain;application/json',
  ])('not %s', async (type) => {
    expect(await post({ 'content-type': type })).toEqual({
      status: 415,
      text: `Content-Type "${type}" is not application/json`,
    });
    // A page could send it without asking.
    expect((await post({ 'content-type': type }, null)).status).toBe(415);
  });

  test('none only where there is no body', async () => {
    for (const method of ['POST', 'DELETE']) expect((await knock({}, { method })).status).toBe(200);
    expect((await knock({ 'content-length': '5' }, { method: 'DELETE' })).status).toBe(415);
    expect((await knock({ 'transfer-encoding': 'chunked' }, { method: 'DELETE' })).status).toBe(415);
  });
});

test('what is wrong is shown only in part', async () => {
  expect((await knock({ host: 'x'.repeat(1_000) })).text.length).toBeLessThan(200);
  expect((await knock({ origin: 'x'.repeat(1_000) })).text.length).toBeLessThan(200);
});
