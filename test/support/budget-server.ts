import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { addUsd } from '../../runtime/run/money.ts';
import { type Price, priceUsage } from '../../runtime/run/price-usage.ts';

/** A budget as the server would have it; `value` null: each value has one of this amount. */
export interface ServedBudget {
  budgetId: string;
  name: string;
  scope: 'project' | 'agent' | 'user' | 'session' | 'label';
  labelKey?: string;
  value?: string | null;
  amountUsd: string;
  action: 'warn' | 'downgrade' | 'pause' | 'block';
  window?: { key: string; from: string; to: string | null };
}

const attribute = z.object({
  key: z.string(),
  value: z.object({
    stringValue: z.string().optional(),
    intValue: z.coerce.number().optional(),
    doubleValue: z.number().optional(),
  }),
});
const span = z.object({ traceId: z.string(), spanId: z.string(), name: z.string(), attributes: z.array(attribute) });
const traces = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(span) })) })),
});
const declared = z.object({ scope: z.string(), usd: z.string(), period: z.string(), action: z.string() });
const asked = z.object({
  agent: z.string().nullable(),
  user: z.string().nullable(),
  session: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  declared: z.array(declared),
  calls: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  accounts: z.array(z.string()).optional(),
  channels: z.boolean().default(false),
});
export type AskedBudgets = z.infer<typeof asked>;

export interface BookedCall {
  traceId: string;
  spanId: string;
  usd: string;
  agent: string | null;
  user: string | null;
  session: string | null;
}

export interface BudgetServer {
  url: string;
  /** In force; what a test changes here is a new revision. */
  budgets: ServedBudget[];
  /** By name. */
  channels: string[];
  /** PROVIDER/MODEL -> its price; what is not here has none. */
  prices: Map<string, Price>;
  asked: AskedBudgets[];
  /** Every model call that arrived as a span, once. */
  ledger: Map<string, BookedCall>;
  /** All spans by their name and attributes. */
  spans: { name: string; attributes: Record<string, unknown> }[];
  /** False: spans are not taken, so nothing is booked. */
  isBooking: boolean;
  /** True: the server does not answer. */
  isAway: boolean;
  spentUsd(accountId: string): string;
  close(): Promise<void>;
}

const total = { key: 'total', from: '1970-01-01T00:00:00.000Z', to: null };

/**
 * In place of the server and the collector: says which budgets apply and what is spent of them, by the spans that arrive. One
 * answer is one snapshot: its sums have exactly the calls that it says are booked.
 */
export async function startBudgetServer({ port = 0 } = {}): Promise<BudgetServer> {
  let snapshot = Date.now();
  const served: BudgetServer = {
    ...{ url: '', budgets: [], prices: new Map<string, Price>(), asked: [], ledger: new Map(), spans: [] },
    ...{ isBooking: true, isAway: false, channels: [] },
    spentUsd: (accountId) => {
      const found = findAccount(served.budgets, accountId);
      return addUsd([...served.ledger.values()].filter((call) => found && counts(found, call)).map(({ usd }) => usd));
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', 'http://x');
    const body = await text(request);
    if (url.pathname === '/v1/traces') {
      if (served.isBooking) book(served, traces.parse(JSON.parse(body)));
      json(response, served.isBooking ? 200 : 503, {});
    } else if (served.isAway) response.destroy();
    else if (url.pathname === '/api/prices') {
      const price = served.prices.get(`${url.searchParams.get('provider')}/${url.searchParams.get('model')}`);
      json(response, price === undefined ? 404 : 200, price === undefined ? { error: {} } : { price });
    } else if (url.pathname === '/api/budgets/resolve') {
      snapshot = Math.max(snapshot + 1, Date.now());
      const question = asked.parse(JSON.parse(body));
      served.asked.push(question);
      json(response, 200, resolve(served, question, snapshot));
    } else json(response, 404, { error: { message: url.pathname } });
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return served;
}

/** A price per million tokens. */
export function flatPrice(input: string, output: string): Price {
  return {
    perMillionUsd: { input, output, cacheRead: input, cacheWrite: input, cacheWrite1h: input, reasoning: null },
    ...{ perRequestUsd: null, tiers: [], multiplier: null },
  };
}

interface Account {
  budget: ServedBudget;
  value: string | null;
}

function resolve(served: BudgetServer, question: AskedBudgets, nowMs: number) {
  const all = [...served.budgets, ...question.declared.map((one) => toBudget(question.agent, one))];
  const accounts =
    question.accounts === undefined
      ? all.flatMap((budget) => applying(budget, question))
      : question.accounts.flatMap((id) => findAccount(all, id) ?? []);
  return {
    revision: served.budgets.length === 0 ? '' : JSON.stringify(served.budgets),
    nowMs,
    channels: question.channels ? served.channels : null,
    accounts: accounts.map(({ budget, value }) => ({
      ...{
        accountId: `${budget.budgetId}:${value ?? ''}`,
        budgetId: budget.budgetId,
        name: budget.name,
        value,
        scope: budget.scope,
      },
      ...{ amountUsd: budget.amountUsd, action: budget.action, thresholds: [80, 100] },
      window: budget.window ?? total,
      spentUsd: addUsd(
        [...served.ledger.values()].filter((call) => counts({ budget, value }, call)).map(({ usd }) => usd),
      ),
    })),
    bookedCalls: question.calls.filter(({ traceId, spanId }) => served.ledger.has(`${traceId} ${spanId}`)),
  };
}

function toBudget(agent: string | null, { scope, usd, period, action }: z.infer<typeof declared>): ServedBudget {
  return {
    ...{ budgetId: `declared-${agent}-${scope}-${period}`, name: `${agent} ${scope} ${period}`, amountUsd: usd },
    ...{ scope: scope as ServedBudget['scope'], action: action as ServedBudget['action'] },
  };
}

function applying(budget: ServedBudget, { agent, user, session, labels }: AskedBudgets): Account[] {
  if (budget.scope === 'project') return [{ budget, value: null }];
  const value = { agent, user, session, label: labels[budget.labelKey ?? ''] ?? null }[budget.scope];
  if (value === null || (budget.value ?? value) !== value) return [];
  return [{ budget, value }];
}

function findAccount(budgets: readonly ServedBudget[], accountId: string): Account | undefined {
  const budget = budgets.find(({ budgetId }) => accountId.startsWith(`${budgetId}:`));
  if (budget === undefined) return undefined;
  const value = accountId.slice(budget.budgetId.length + 1);
  return { budget, value: value === '' ? null : value };
}

function counts({ budget, value }: Account, call: BookedCall): boolean {
  if (budget.scope === 'project' || budget.scope === 'label') return true;
  return call[budget.scope] === value;
}

function book(served: BudgetServer, { resourceSpans }: z.infer<typeof traces>): void {
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  for (const { traceId, spanId, name, attributes } of spans) {
    const values = Object.fromEntries(
      attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue]),
    );
    served.spans.push({ name, attributes: values });
    if (values['gen_ai.operation.name'] !== 'chat') continue;
    const whose = (key: string) => (values[key] as string | undefined) ?? null;
    served.ledger.set(`${traceId} ${spanId}`, {
      ...{ traceId, spanId, usd: priceSpan(served, values) },
      ...{ agent: whose('gen_ai.agent.name'), user: whose('user.id'), session: whose('gen_ai.conversation.id') },
    });
  }
}

function priceSpan({ prices }: BudgetServer, values: Record<string, unknown>): string {
  const price = prices.get(`${String(values['gen_ai.provider.name'])}/${String(values['gen_ai.request.model'])}`);
  const inputTokens = values['gen_ai.usage.input_tokens'];
  const outputTokens = values['gen_ai.usage.output_tokens'];
  const cost = values['gen_ai.usage.cost'];
  if (typeof cost === 'number') return cost.toFixed(12);
  if (price === undefined || typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return '0';
  return priceUsage(price, { inputTokens, outputTokens, raw: null }) ?? '0';
}

function json(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}
