import { type Product, products } from './catalogue.ts';
import { createRandom, pick, type Random } from '../models/simulated-random.ts';

/** The shop that the sample agents work for: always the same people and orders, with dates near the day that is asked for. */
export interface World {
  customers: readonly Customer[];
  orders: readonly Order[];
}

export interface Customer {
  id: string;
  name: string;
  email: string;
  city: string;
  tier: 'standard' | 'plus';
  since: string;
}

export type OrderState = 'paid' | 'packed' | 'shipped' | 'delayed' | 'delivered' | 'returned' | 'cancelled';

export interface Order {
  id: string;
  customerId: string;
  state: OrderState;
  items: { sku: string; name: string; quantity: number; priceUsd: number }[];
  shippingUsd: number;
  totalUsd: number;
  orderedAt: string;
  expectedAt: string;
  deliveredAt: string | null;
  carrier: string | null;
  trackingNumber: string | null;
}

/** Asking for it never works: the shop cannot read it. */
export const brokenOrderId = '1113';
/** The shop takes longer to find it than anybody waits. */
export const slowOrderId = '1117';

const firstOrder = 1_001;
const orderCount = 160;
const msPerDay = 86_400_000;

const firstNames =
  'Kim Ada Lena Omar Priya Jonas Mei Tomás Nadia Erik Sofia Yusuf Clara Ben Aiko Luis Hanna Peter Zoe Ravi Ingrid Paul Maya Felix'.split(
    ' ',
  );
const lastNames =
  'Larsen Okafor Weber Haddad Sharma Berg Chen Rivera Petrov Lund Rossi Demir Novak Fischer Tanaka Costa Meyer Jensen Martin Patel Dahl Keller Singh Wolf'.split(
    ' ',
  );
const cities = ['Hamburg', 'Lyon', 'Porto', 'Graz', 'Malmö', 'Leeds', 'Gent', 'Bologna'];
const carriers = ['DHL', 'GLS', 'UPS'];
const states: readonly OrderState[] = [
  'paid',
  'packed',
  'packed',
  'shipped',
  'shipped',
  'shipped',
  'delayed',
  'delivered',
  'delivered',
  'delivered',
  'returned',
  'cancelled',
];

/** Makes the world as it is on a day. */
export function makeWorld(todayMs: number): World {
  const random = createRandom('demo world');
  const customers = firstNames.map((first, i) => makeCustomer(first, i, random));
  const orders = Array.from({ length: orderCount }, (_, i) => makeOrder(i, { customers, todayMs, random }));
  return { customers, orders };
}

export function readDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function makeCustomer(first: string, i: number, random: Random): Customer {
  const last = lastNames[i] ?? 'Smith';
  const plain = (name: string) =>
    name
      .normalize('NFD')
      .replaceAll(/[^A-Za-z]/g, '')
      .toLowerCase();
  return {
    id: `c-${201 + i}`,
    name: `${first} ${last}`,
    email: `${plain(first)}.${plain(last)}@example.org`,
    city: pick(cities, random),
    tier: random() < 0.25 ? 'plus' : 'standard',
    since: `${2018 + Math.floor(random() * 8)}`,
  };
}

interface Given {
  customers: readonly Customer[];
  todayMs: number;
  random: Random;
}

function makeOrder(i: number, { customers, todayMs, random }: Given): Order {
  const state = pick(states, random);
  const items = Array.from({ length: random() < 0.3 ? 2 : 1 }, () => makeItem(pick(products, random), random));
  const goodsUsd = items.reduce((sum, { quantity, priceUsd }) => sum + quantity * priceUsd, 0);
  const shippingUsd = goodsUsd > 500 ? 0 : 6.9;
  const [from, to] = agesOf[state];
  const orderedMs = todayMs - Math.round(from + random() * (to - from)) * msPerDay;
  const days = 3 + Math.floor(random() * 4);
  const hasLeft = ['shipped', 'delayed', 'delivered', 'returned'].includes(state);
  const wasDelivered = state === 'delivered' || state === 'returned';
  return {
    id: String(firstOrder + i),
    customerId: pick(customers, random).id,
    state,
    items,
    shippingUsd,
    totalUsd: Number((goodsUsd + shippingUsd).toFixed(2)),
    orderedAt: readDay(orderedMs),
    expectedAt: readDay(state === 'shipped' ? todayMs + (1 + (i % 3)) * msPerDay : orderedMs + days * msPerDay),
    deliveredAt: wasDelivered ? readDay(Math.min(orderedMs + days * msPerDay, todayMs)) : null,
    carrier: hasLeft ? pick(carriers, random) : null,
    trackingNumber: hasLeft ? `TR${40_000_000 + i * 7_919}` : null,
  };
}

/** Days since it was ordered, from and to. */
const agesOf: Readonly<Record<OrderState, readonly [number, number]>> = {
  paid: [0, 1],
  packed: [1, 2],
  shipped: [2, 4],
  delayed: [10, 16],
  delivered: [6, 25],
  returned: [12, 30],
  cancelled: [3, 20],
};

function makeItem({ sku, name, priceUsd }: Product, random: Random): Order['items'][number] {
  return { sku, name, priceUsd, quantity: random() < 0.15 ? 2 : 1 };
}
