import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PriceTable } from '../../../runtime/run/prices.ts';

let server: Server;
let url = '';
let asked: URL[] = [];
let answer: { status: number; body: string } = { status: 200, body: '' };

const perMillionUsd = {
  input: '2',
  cacheRead: null,
  cacheWrite: null,
  cacheWrite1h: null,
  output: '10',
  reasoning: null,
};
const price = { perMillionUsd, perRequestUsd: null, tiers: [], multiplier: null };
const call = { provider: 'openai', model: 'gpt', atMs: 0, usage: { inputTokens: 100, outputTokens: 10, raw: null } };

beforeEach(async () => {
  asked = [];
  answer = { status: 200, body: JSON.stringify({ price }) };
  server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://x'));
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test('a price is asked for once a minute, and for each model', async () => {
  let nowMs = 0;
  const priceCall = new PriceTable(() => url, { nowMs: () => nowMs }).price;
  expect(await Promise.all([priceCall(call), priceCall(call)])).toEqual(['0.0003', '0.0003']);
  expect(asked.map(({ pathname, search }) => `${pathname}${search}`)).toEqual([
    '/api/prices?provider=openai&model=gpt&at=1970-01-01T00%3A00%3A00.000Z',
  ]);
  await priceCall({ ...call, model: 'other' });
  nowMs = 60_001;
  await priceCall(call);
  expect(asked).toHaveLength(3);
});

test.each([
  ['there is no such price', 404, '{"error":{"code":"not_found","message":"no"}}'],
  ['the server fails', 500, JSON.stringify({ price })],
  ['the answer is no JSON', 200, '<html>'],
  ['the answer is another one', 200, '{"price":{}}'],
  [
    'a rate is no decimal',
    200,
    JSON.stringify({ price: { ...price, perMillionUsd: { ...perMillionUsd, input: '2e-6' } } }),
  ],
  ['the multiplier is no decimal', 200, JSON.stringify({ price: { ...price, multiplier: 'half' } })],
])('%s: what a call costs is not known', async (_what, status, body) => {
  answer = { status, body };
  expect(await new PriceTable(() => url).price(call)).toBeUndefined();
});

test('no server, or one that is not there: what a call costs is not known', async () => {
  expect(await new PriceTable(() => undefined).price(call)).toBeUndefined();
  expect(await new PriceTable(() => 'http://127.0.0.1:9').price(call)).toBeUndefined();
});

test('what a server said holds while it does not answer, which is asked for again soon', async () => {
  let nowMs = 0;
  const prices = new PriceTable(() => url, { nowMs: () => nowMs });
  expect(await prices.price(call)).toBe('0.0003');
  answer = { status: 503, body: '{}' };
  nowMs = 60_001;
  expect(await prices.price(call)).toBe('0.0003');
  expect(await prices.price(call)).toBe('0.0003');
  expect(asked).toHaveLength(2);
  nowMs += 5_001;
  answer = { status: 404, body: '{"error":{"code":"price_not_found","message":"no"}}' };
  expect(await prices.price(call)).toBeUndefined();
});
