import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Dollars of each of its model calls that asks for an order: twelve tokens at ten cents. */
export const runawayCallUsd = 1.2;

/**
 * An agent that looks up one order after the other for as long as the shop names a next one, and what its calls cost is known
 * before. Anything else it is asked it answers in a word.
 */
export function runawayAgent(shopUrl: string): object {
  const call = (orderId: string) => [{ tool: 'find_order', with: { order_id: orderId } }];
  return {
    instructions: 'You look orders up.',
    tools: [
      {
        ...{ type: 'http', name: 'find_order', description: 'State of one order.', retries: 0, timeout: '10m' },
        ...{ url: `${shopUrl}/orders/{order_id}`, allowPrivateAddress: true },
        input: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
      },
    ],
    limits: { turnTimeout: '20m' },
    model: [
      {
        model: 'simulated/quick',
        maxOutputTokens: 12,
        simulate: {
          ...{ firstToken: '10ms', tokensPerSecond: 1_000, usdPerMillionInput: 0, usdPerMillionOutput: 100_000 },
          script: [
            { when: { user: 'order' }, call: call('1000') },
            {
              when: { after: 'find_order', where: { 'find_order.state': 'moved' } },
              call: call('{{find_order.next}}'),
            },
            { when: { after: 'find_order' }, answer: 'It was delivered.' },
            { answer: 'Good day.' },
          ],
        },
      },
    ],
  };
}

/** A shop in which every order has moved to the next number, until `deliver`; it answers as many questions as it is allowed to. */
export interface EndlessShop {
  url: string;
  /** Questions that wait for `allow`. */
  waitingCount(): number;
  /** Answers so many questions more, those that wait first. */
  allow(count: number): void;
  /** From now on every order was delivered, and every question is answered. */
  deliver(): void;
  close(): Promise<void>;
}

export async function startEndlessShop(): Promise<EndlessShop> {
  const waiting: (() => void)[] = [];
  let allowed = 0;
  let isDelivered = false;
  const answer = (response: ServerResponse, order: number) => {
    const content = isDelivered ? { state: 'delivered' } : { state: 'moved', next: String(order + 1) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(content));
  };
  const answerAllowed = () => {
    while (waiting.length > 0 && (allowed > 0 || isDelivered)) {
      allowed -= 1;
      waiting.shift()?.();
    }
  };
  const server = createServer((request, response) => {
    const order = Number(request.url?.split('/').at(-1));
    waiting.push(() => answer(response, order));
    answerAllowed();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waitingCount: () => waiting.length,
    allow: (count) => {
      allowed += count;
      answerAllowed();
    },
    deliver: () => {
      isDelivered = true;
      answerAllowed();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
