import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isSameSecret, KeyCheck } from '../../../../runtime/door/key-check.ts';

let server: Server;
let url: string | undefined;
let asked: { authorization: string | undefined; apiKey: string | string[] | undefined }[];
let answer: { status: number; body: unknown };
let nowMs: number;
let held: (() => void)[] | undefined;

const valid = { status: 200, body: { auth: 'on', key: { projectId: 'shop', scopes: ['run'], keyId: 'k', name: 'n' } } };
const refused = { status: 401, body: { error: { code: 'unauthorized', message: 'the key k was revoked' } } };
const presented = { authorization: 'Bearer one', apiKey: undefined };
const known = { status: 'valid', projectId: 'shop', scopes: ['run'] };

beforeEach(async () => {
  [asked, answer, nowMs, held] = [[], valid, 1_000_000, undefined];
  server = createServer((request, response) => {
    asked.push({ authorization: request.headers.authorization, apiKey: request.headers['x-api-key'] });
    const reply = () =>
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    if (held === undefined) reply();
    else held.push(reply);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function newCheck(): KeyCheck {
  return new KeyCheck({ findServer: () => url, nowMs: () => nowMs });
}

test('asks the server whose a key is, once for all who present it, and again after seconds', async () => {
  const check = newCheck();
  expect(await Promise.all([check.check(presented), check.check(presented)])).toEqual([known, known]);
  expect(asked).toEqual([{ authorization: 'Bearer one', apiKey: undefined }]);
  expect(await check.check({ authorization: undefined, apiKey: 'Bearer one' })).toMatchObject(known);
  expect(asked).toHaveLength(2);
  nowMs += 2_000;
  answer = refused;
  expect(await check.check(presented)).toEqual({ status: 'refused', message: 'the key k was revoked' });
});

test('asks again for a wrong key only after a while', async () => {
  answer = refused;
  const check = newCheck();
  await check.check(presented);
  nowMs += 4_000;
  expect((await check.check(presented)).status).toBe('refused');
  expect(asked).toHaveLength(1);
  nowMs += 1_000;
  answer = valid;
  expect(await check.check(presented)).toEqual(known);
});

test('goes on with a key that it knew while the server is away, for a time, and cannot tell of others', async () => {
  const check = newCheck();
  await check.check(presented);
  url = 'http://127.0.0.1:9';
  nowMs += 599_000;
  expect(await check.check(presented)).toEqual(known);
  expect(await check.check({ authorization: 'Bearer two', apiKey: undefined })).toEqual({ status: 'unavailable' });
  nowMs += 1_000;
  expect(await check.check(presented)).toEqual({ status: 'unavailable' });
  url = undefined;
  expect(await check.check(presented)).toEqual({ status: 'unavailable' });
});

test('takes nothing for a key that the server does not say is one', async () => {
  for (const reply of [
    { status: 200, body: { auth: 'off', key: null } },
    { status: 200, body: {} },
    { status: 503, body: { error: { code: 'database_unavailable', message: 'x' } } },
    { status: 401, body: 'x' },
    { status: 302, body: {} },
  ]) {
    answer = reply;
    expect(await newCheck().check(presented)).toEqual({ status: 'unavailable' });
  }
});

test('a flood of wrong keys keeps no revoked key alive', async () => {
  const check = newCheck();
  await check.check(presented);
  nowMs += 2_000;
  held = [];
  answer = refused;
  const flood = Array.from({ length: 100 }, (_, i) =>
    check.check({ authorization: `Bearer wrong ${i}`, apiKey: undefined }),
  );
  const own = check.check(presented);
  while (held.length < 65) await new Promise((resolve) => setImmediate(resolve));
  for (const reply of held.splice(0)) reply();
  expect(await own).toMatchObject({ status: 'refused' });
  expect((await Promise.all(flood)).filter(({ status }) => status === 'unavailable')).toHaveLength(36);
});

test('compares secrets of any length', () => {
  expect(isSameSecret('a'.repeat(32), 'a'.repeat(32))).toBe(true);
  expect(isSameSecret('', 'a'.repeat(32))).toBe(false);
});
