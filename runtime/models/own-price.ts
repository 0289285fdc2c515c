import type { Model } from '../definition/schema.ts';
import type { Price } from '../run/price-usage.ts';
import { readBehaviour } from './simulated-profiles.ts';

/** The rates of a definition as a price. What is cached costs what it would without a cache where nothing else is said. */
export function toPrice({ input, output, cacheRead, cacheWrite, request }: NonNullable<Model['price']>): Price {
  const write = cacheWrite ?? input;
  return {
    perMillionUsd: {
      ...{ input, output, reasoning: null },
      ...{ cacheRead: cacheRead ?? input, cacheWrite: write, cacheWrite1h: write },
    },
    perRequestUsd: request ?? null,
    tiers: [],
    multiplier: null,
  };
}

/** By what a simulated model says that its calls cost. */
export function simulatedPrice(model: string, simulate: Model['simulate']): Price {
  const { usdPerMillionInput, usdPerMillionCachedInput, usdPerMillionOutput } = readBehaviour(model, simulate);
  return toPrice({
    input: usdPerMillionInput.toFixed(simulatedDigits),
    cacheRead: usdPerMillionCachedInput.toFixed(simulatedDigits),
    output: usdPerMillionOutput.toFixed(simulatedDigits),
  });
}

/** To which simulated models round their own prices. */
const simulatedDigits = 6;
