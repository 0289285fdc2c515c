import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, expect, test } from 'vitest';
import { startCrm } from '../../../runtime/demo/crm.ts';
import { type LocalServer, PortError } from '../../../runtime/demo/local-server.ts';
import { type ShopOptions, startShop } from '../../../runtime/demo/shop.ts';
import { brokenOrderId, makeWorld, slowOrderId } from '../../../runtime/demo/world.ts';
import { repositoryDir } from '../../support/program.ts';

const world = makeWorld(Date.UTC(2026, 10, 23));
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function openShop(options: Partial<ShopOptions> = {}): Promise<LocalServer> {
  const shop = await startShop({ port: 0, world, faultRate: 0, seed: 1, answerMs: 1, ...options });
  open.push(shop);
  return shop;
}

async function openClient(transport: StdioClientTransport | StreamableHTTPClientTransport): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  open.push(client);
  return client;
}

async function call(client: Client, name: string, args: object) {
  const { content, isError } = await client.callTool({ name, arguments: { ...args } });
  const [{ text }] = content as [{ text: string }];
  return isError === true ? { error: text } : (JSON.parse(text) as Record<string, unknown>);
}

const firstIn = (...states: string[]) => world.orders.find(({ state }) => states.includes(state))?.id ?? '';

test('the shop knows orders, cancels what has not left, once, and finds products', async () => {
  const { url } = await openShop();
  const read = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${url}${path}`, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const packed = firstIn('packed');
  expect(await read(`/orders/${packed}`)).toMatchObject({ status: 200, body: { id: packed, state: 'packed' } });
  expect(await read('/orders/9999')).toEqual({ status: 404, body: { error: 'there is no order 9999' } });
  expect(await read(`/orders/${brokenOrderId}`)).toMatchObject({ status: 500 });

  const cancelIt = { method: 'POST', headers: { 'idempotency-key': 'k1' } };
  const cancelled = await read(`/orders/${packed}/cancellation`, cancelIt);
  expect(cancelled).toMatchObject({ status: 200, body: { id: packed, state: 'cancelled' } });
  expect(await read(`/orders/${packed}/cancellation`, cancelIt)).toEqual(cancelled);
  expect(await read(`/orders/${packed}/cancellation`, { method: 'POST' })).toMatchObject({ status: 409 });
  expect(await read(`/orders/${firstIn('shipped')}/cancellation`, { method: 'POST' })).toMatchObject({ status: 409 });

  const { body } = await read('/products?query=garden%20sheds');
  expect(body).toMatchObject({ products: [{ sku: 'SHED-04' }, { sku: 'SHED-09' }, { sku: 'HOSE-25' }], count: 3 });
});

test('the shop has bad moments, the same ones for the same seed, and an order that takes too long', async () => {
  const statuses = async (seed: number) => {
    const { url } = await openShop({ faultRate: 0.3, seed });
    const all = [];
    for (let i = 0; i < 30; i += 1) all.push((await fetch(`${url}/orders/1001`)).status);
    return all;
  };
  const first = await statuses(4);
  expect(new Set(first)).toEqual(new Set([200, 503]));
  expect(await statuses(4)).toEqual(first);

  const { url } = await openShop({ slowMs: 60_000 });
  const request = fetch(`${url}/orders/${slowOrderId}`, { signal: AbortSignal.timeout(300) });
  await expect(request).rejects.toThrow('timeout');
});

test('the shop says which port is taken', async () => {
  const { url } = await openShop();
  const port = Number(new URL(url).port);
  const again = startShop({ port, world, faultRate: 0, seed: 1 });
  await expect(again).rejects.toThrow(new PortError(`the shop needs port ${port}, which is taken`));
});

test('the CRM finds customers over Streamable HTTP, and keeps notes for all its clients', async () => {
  const crm = await startCrm({ port: 0, world });
  open.push(crm);
  const connect = () => openClient(new StreamableHTTPClientTransport(new URL(`${crm.url}/mcp`)));
  const [one, other] = [await connect(), await connect()];
  const { tools } = await one.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['find_customer', 'list_contacts', 'add_note']);

  const [{ id, email, name }] = world.customers as [(typeof world.customers)[number]];
  expect(await call(one, 'find_customer', { who: email })).toMatchObject({ id, name, notes: [] });
  expect(await call(one, 'add_note', { customer_id: id, text: 'prefers e-mail' })).toMatchObject({ saved: true });
  expect(await call(other, 'find_customer', { who: id })).toMatchObject({ notes: ['prefers e-mail'] });
  expect(await call(one, 'list_contacts', { customer_id: id })).toMatchObject({ customer: name });
  expect(await call(one, 'find_customer', { who: 'nobody' })).toEqual({ error: 'nobody found for nobody' });
});

test('the CRM answers 404 to a session that it does not know', async () => {
  const crm = await startCrm({ port: 0, world });
  open.push(crm);
  const { status } = await fetch(`${crm.url}/mcp`, {
    method: 'POST',
    headers: {
      'mcp-session-id': 'gone',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
  });
  expect(status).toBe(404);
});

test('the library is a server on standard input and output', async () => {
  const server = join(repositoryDir, 'runtime', 'demo', 'library-server.ts');
  const library = await openClient(new StdioClientTransport({ command: process.execPath, args: [server] }));
  expect((await library.listTools()).tools.map(({ name }) => name)).toEqual(['search_articles', 'read_article']);
  expect(await call(library, 'search_articles', { query: 'how loud are heat pumps' })).toMatchObject({
    count: 3,
    articles: [{ id: 'a02' }, { id: 'a01' }, { id: 'a03' }],
  });
  expect(await call(library, 'read_article', { article_id: 'a02' })).toMatchObject({
    title: 'How loud is a heat pump?',
  });
  expect(await call(library, 'read_article', { article_id: 'a10' })).toEqual({
    error: 'article a10 is listed, but its text is lost',
  });
  expect(await call(library, 'read_article', { article_id: 'a99' })).toEqual({ error: 'there is no article a99' });
});
