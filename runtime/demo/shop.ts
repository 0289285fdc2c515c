import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { createRandom } from '../models/simulated-random.ts';
import { products } from './catalogue.ts';
import { listenLocally, type LocalServer } from './local-server.ts';
import { brokenOrderId, type Order, slowOrderId, type World } from './world.ts';

export interface ShopOptions {
  port: number;
  world: World;
  /** The share of requests that end with a 503, by seed. */
  faultRate: number;
  seed: number;
  /** How long an answer takes, at most; the slow order takes ten times `slowMs`. */
  answerMs?: number;
  slowMs?: number;
}

const foundMax = 5;
const rememberedMax = 10_000;

/** The shop's own API: orders, cancellations, products. It forgets cancellations when it ends. */
export function startShop({ port, ...options }: ShopOptions): Promise<LocalServer> {
  return listenLocally('shop', port, getRequestListener(createShop(options).fetch));
}

function createShop({ world, faultRate, seed, answerMs = 120, slowMs = 6_000 }: Omit<ShopOptions, 'port'>) {
  const random = createRandom('shop', seed);
  const orders = new Map(world.orders.map((order): [string, Order] => [order.id, { ...order }]));
  /** Answers to writes by their Idempotency-Key: a repeated one does nothing. */
  const done = new Map<string, { status: 200 | 409; body: object }>();
  const app = new Hono();

  app.use(async (context, next) => {
    await wait(random() * answerMs);
    if (random() < faultRate) {
      return context.json({ error: 'the order system is overloaded' }, 503, { 'retry-after': '1' });
    }
    return next();
  });
  app.get('/orders', (context) => context.json({ orders: [...orders.values()], count: orders.size }));
  app.get('/orders/:id', async (context) => {
    const { id } = context.req.param();
    if (id === slowOrderId) await wait(slowMs);
    if (id === brokenOrderId) return context.json({ error: 'order record is unreadable (E-4411)' }, 500);
    const order = orders.get(id);
    return order === undefined ? context.json({ error: `there is no order ${id}` }, 404) : context.json(order);
  });
  app.post('/orders/:id/cancellation', (context) => {
    const { id } = context.req.param();
    const key = context.req.header('idempotency-key');
    const before = key === undefined ? undefined : done.get(key);
    if (before !== undefined) return context.json(before.body, before.status);
    const order = orders.get(id);
    if (order === undefined) return context.json({ error: `there is no order ${id}` }, 404);
    const answer = cancel(order);
    if (key !== undefined && done.size < rememberedMax) done.set(key, answer);
    return context.json(answer.body, answer.status);
  });
  app.get('/products', (context) => {
    const words = (context.req.query('query') ?? '').toLowerCase().match(/\p{L}{3,}/gu) ?? [];
    const score = (text: string) => words.filter((word) => text.includes(word.replace(/s$/, ''))).length;
    const found = products
      .map((product) => ({
        product,
        score: score(`${product.name} ${product.category} ${product.note}`.toLowerCase()),
      }))
      .filter((one) => one.score > 0)
      .toSorted((a, b) => b.score - a.score);
    return context.json({ products: found.slice(0, foundMax).map(({ product }) => product), count: found.length });
  });
  return app;
}

function cancel(order: Order): { status: 200 | 409; body: object } {
  if (order.state === 'paid' || order.state === 'packed') {
    order.state = 'cancelled';
    return { status: 200, body: { id: order.id, state: order.state, refundUsd: order.totalUsd, refundDays: 5 } };
  }
  return { status: 409, body: { error: `order ${order.id} is ${order.state} and can no longer be cancelled` } };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
