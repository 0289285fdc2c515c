import { z } from 'zod';
import type { PriceCall } from './agent.ts';
import { type Price, priceSchema, priceUsage } from './price-usage.ts';

/** How long a price is taken for the one in force; also that there is none. */
const keptMs = 60_000;
/** Until a server that did not answer is asked again; what it said last holds meanwhile. */
const askAgainMs = 5_000;
const keptMax = 1_000;
const timeoutMs = 2_000;

const reply = z.object({ price: priceSchema });

/** A model at a time. */
interface AskedPrice {
  provider: string;
  model: string;
  atMs: number;
}

interface Kept {
  price: Promise<Price | undefined>;
  untilMs: number;
}

interface PriceTableOptions {
  nowMs?: () => number;
  headers?: Readonly<Record<string, string>>;
}

/** The prices of the server, for limits, budgets and replies; what is booked is the server's business. */
export class PriceTable {
  readonly #findServer: () => string | undefined;
  readonly #nowMs: () => number;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #known = new Map<string, Kept>();

  constructor(findServer: () => string | undefined, { nowMs = Date.now, headers = {} }: PriceTableOptions = {}) {
    this.#findServer = findServer;
    this.#nowMs = nowMs;
    this.#headers = headers;
  }

  /** Undefined where there is no server, or no price. What a server said holds while it does not answer. */
  async find(asked: AskedPrice): Promise<Price | undefined> {
    const serverUrl = this.#findServer();
    if (serverUrl === undefined) return undefined;
    const key = `${asked.provider} ${asked.model}`;
    const kept = this.#known.get(key);
    if (kept !== undefined && kept.untilMs >= this.#nowMs()) return kept.price;
    if (this.#known.size >= keptMax) this.#known.clear();
    const asking: Kept = { price: this.#ask(serverUrl, asked, kept), untilMs: this.#nowMs() + keptMs };
    this.#known.set(key, asking);
    return asking.price;
  }

  /** Undefined also where a part of the usage has no price. */
  readonly price: PriceCall = async ({ usage, ...asked }) => {
    const price = await this.find(asked);
    return price === undefined ? undefined : priceUsage(price, usage);
  };

  async #ask(serverUrl: string, asked: AskedPrice, before: Kept | undefined): Promise<Price | undefined> {
    const answer = await fetchPrice(serverUrl, asked, this.#headers);
    if (answer !== 'unanswered') return answer;
    const kept = this.#known.get(`${asked.provider} ${asked.model}`);
    if (kept !== undefined) kept.untilMs = this.#nowMs() + askAgainMs;
    return before?.price;
  }
}

async function fetchPrice(
  serverUrl: string,
  { provider, model, atMs }: AskedPrice,
  headers: Readonly<Record<string, string>>,
): Promise<Price | undefined | 'unanswered'> {
  const search = new URLSearchParams({ provider, model, at: new Date(atMs).toISOString() });
  try {
    const response = await fetch(`${serverUrl}/api/prices?${search.toString()}`, {
      headers,
      redirect: 'error', // the headers are for the server alone
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body: unknown = await response.json();
    if (response.status >= 500) return 'unanswered';
    const parsed = reply.safeParse(body);
    return response.ok && parsed.success ? parsed.data.price : undefined;
  } catch {
    return 'unanswered';
  }
}
