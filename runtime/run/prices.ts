import { z } from 'zod';
import type { Usage } from '../models/model.ts';
import { formatUsd, parseUsd } from './money.ts';
import type { PriceCall } from './agent.ts';

/** How long a price is taken for the one in force; also that there is none. */
const keptMs = 60_000;
const keptMax = 1_000;
const timeoutMs = 2_000;

const rate = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,30})?$/)
  .nullable();
const perMillionUsd = z.object({
  input: rate,
  cacheRead: rate,
  cacheWrite: rate,
  cacheWrite1h: rate,
  output: rate,
  reasoning: rate,
});
const reply = z.object({
  price: z.object({
    perMillionUsd,
    perRequestUsd: rate,
    tiers: z.array(z.object({ aboveInputTokens: z.number(), perMillionUsd })),
    multiplier: rate,
  }),
});
type Price = z.infer<typeof reply>['price'];

/**
 * Prices calls by the price table of the server, for limits and replies; what is booked is the server's business. Undefined where
 * there is no server, no price, or a part of the usage without one.
 */
export function pricesOf(
  findServer: () => string | undefined,
  { nowMs = Date.now, headers = {} }: { nowMs?: () => number; headers?: Readonly<Record<string, string>> } = {},
): PriceCall {
  const known = new Map<string, { price: Promise<Price | undefined>; untilMs: number }>();
  return async ({ provider, model, usage, atMs }) => {
    const serverUrl = findServer();
    if (serverUrl === undefined) return undefined;
    const key = `${provider} ${model}`;
    let kept = known.get(key);
    if (kept === undefined || kept.untilMs < nowMs()) {
      if (known.size >= keptMax) known.clear();
      kept = { price: fetchPrice(serverUrl, { provider, model, atMs }, headers), untilMs: nowMs() + keptMs };
      known.set(key, kept);
    }
    const price = await kept.price;
    return price === undefined ? undefined : priceUsage(price, usage);
  };
}

async function fetchPrice(
  serverUrl: string,
  { provider, model, atMs }: { provider: string; model: string; atMs: number },
  headers: Readonly<Record<string, string>>,
): Promise<Price | undefined> {
  const search = new URLSearchParams({ provider, model, at: new Date(atMs).toISOString() });
  try {
    const response = await fetch(`${serverUrl}/api/prices?${search.toString()}`, {
      headers,
      redirect: 'error', // the headers are for the server alone
      signal: AbortSignal.timeout(timeoutMs),
    });
    const parsed = reply.safeParse(await response.json());
    return response.ok && parsed.success ? parsed.data.price : undefined;
  } catch {
    return undefined;
  }
}

/** Exact: rates are decimals per million, tokens whole numbers. Undefined where a rate that is needed is not known, or tokens are no number. */
export function priceUsage(price: Price, usage: Usage): string | undefined {
  const rates =
    price.tiers.findLast(({ aboveInputTokens }) => usage.inputTokens > aboveInputTokens)?.perMillionUsd ??
    price.perMillionUsd;
  const { cacheReadTokens = 0, cacheWrite5mTokens = 0, cacheWrite1hTokens = 0, reasoningTokens = 0 } = usage;
  const parts: [number, string | null][] = [
    [usage.inputTokens - cacheReadTokens - cacheWrite5mTokens - cacheWrite1hTokens, rates.input],
    [cacheReadTokens, rates.cacheRead],
    [cacheWrite5mTokens, rates.cacheWrite],
    [cacheWrite1hTokens, rates.cacheWrite1h],
    [usage.outputTokens - reasoningTokens, rates.output],
    [reasoningTokens, rates.reasoning ?? rates.output],
  ];
  let total = price.perRequestUsd === null ? 0n : parseUsd(price.perRequestUsd) * 1_000_000n;
  for (const [tokens, perMillion] of parts) {
    if (tokens <= 0) continue;
    if (perMillion === null || !Number.isSafeInteger(tokens)) return undefined;
    total += BigInt(tokens) * parseUsd(perMillion);
  }
  const usd = total / 1_000_000n;
  return formatUsd(price.multiplier === null ? usd : (usd * parseUsd(price.multiplier)) / 1_000_000_000_000n);
}
