import { keywordsOf } from '../models/simulated-words.ts';
import { products } from './catalogue.ts';
import { brokenOrderId, type Order, type World } from './world.ts';

/** As an HTTP answer has it. */
export interface ShopAnswer {
  status: 200 | 404 | 409 | 500;
  body: object;
}

const foundMax = 5;

/** What the shop knows and does, without a server around it. */
export class ShopDesk {
  readonly #orders: Map<string, Order>;

  constructor({ orders }: World) {
    this.#orders = new Map(orders.map((order) => [order.id, { ...order }]));
  }

  listOrders(): object {
    return { orders: [...this.#orders.values()], count: this.#orders.size };
  }

  findOrder(id: string): ShopAnswer {
    if (id === brokenOrderId) return { status: 500, body: { error: 'order record is unreadable (E-4411)' } };
    const order = this.#orders.get(id);
    return order === undefined ? noOrder(id) : { status: 200, body: order };
  }

  cancelOrder(id: string): ShopAnswer {
    const order = this.#orders.get(id);
    if (order === undefined) return noOrder(id);
    if (order.state === 'paid' || order.state === 'packed') {
      order.state = 'cancelled';
      return { status: 200, body: { id, state: order.state, refundUsd: order.totalUsd, refundDays: 5 } };
    }
    return { status: 409, body: { error: `order ${id} is ${order.state} and can no longer be cancelled` } };
  }

  searchProducts(query: string): object {
    const words = keywordsOf(query);
    const found = products
      .map((product) => {
        const about = keywordsOf(`${product.name} ${product.category} ${product.note}`);
        return { product, score: words.filter((word) => about.includes(word)).length };
      })
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score);
    return { products: found.slice(0, foundMax).map(({ product }) => product), count: found.length };
  }
}

function noOrder(id: string): ShopAnswer {
  return { status: 404, body: { error: `there is no order ${id}` } };
}
