import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { createRandom } from '../models/simulated-random.ts';
import { listenLocally, type LocalServer } from './local-server.ts';
import { type ShopAnswer, ShopDesk } from './shop-desk.ts';
import { slowOrderId, type World } from './world.ts';

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

const rememberedMax = 10_000;

/** The shop's own API: orders, cancellations, products. It forgets cancellations when it ends. */
export function startShop({ port, ...options }: ShopOptions): Promise<LocalServer> {
  const answer = getRequestListener(createShop(options).fetch);
  return listenLocally('shop', port, (request, response) => void answer(request, response));
}

function createShop({ world, faultRate, seed, answerMs = 120, slowMs = 6_000 }: Omit<ShopOptions, 'port'>) {
  const random = createRandom('shop', seed);
  const desk = new ShopDesk(world);
  /** Answers to writes by their Idempotency-Key: a repeated one does nothing. */
  const done = new Map<string, ShopAnswer>();
  const app = new Hono();

  app.use(async (context, next) => {
    await wait(random() * answerMs);
    if (random() < faultRate) {
      return context.json({ error: 'the order system is overloaded' }, 503, { 'retry-after': '1' });
    }
    return next();
  });
  app.get('/orders', (context) => context.json(desk.listOrders()));
  app.get('/orders/:id', async (context) => {
    const { id } = context.req.param();
    if (id === slowOrderId) await wait(slowMs);
    const { status, body } = desk.findOrder(id);
    return context.json(body, status);
  });
  app.post('/orders/:id/cancellation', (context) => {
    const key = context.req.header('idempotency-key');
    const before = key === undefined ? undefined : done.get(key);
    const { status, body } = before ?? desk.cancelOrder(context.req.param('id'));
    if (key !== undefined && done.size < rememberedMax) done.set(key, { status, body });
    return context.json(body, status);
  });
  app.get('/products', (context) => context.json(desk.searchProducts(context.req.query('query') ?? '')));
  return app;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
