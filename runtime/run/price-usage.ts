import { z } from 'zod';
import type { Usage } from '../models/model.ts';
import { formatUsd, parseUsd } from './money.ts';

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

/** What a model costs: US dollars as decimals; null where a class of tokens has no price. */
export const priceSchema = z.object({
  perMillionUsd,
  perRequestUsd: rate,
  tiers: z.array(z.object({ aboveInputTokens: z.number(), perMillionUsd })),
  multiplier: rate,
});
export type Price = z.infer<typeof priceSchema>;

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
