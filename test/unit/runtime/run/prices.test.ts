import { describe, expect, test } from 'vitest';
import type { Usage } from '../../../../runtime/models/model.ts';
import { priceUsage } from '../../../../runtime/run/price-usage.ts';

type Price = Parameters<typeof priceUsage>[0];
type Rates = Price['perMillionUsd'];

const rates: Rates = {
  input: '3',
  cacheRead: '0.3',
  cacheWrite: '3.75',
  cacheWrite1h: '6',
  output: '15',
  reasoning: null,
};
const price = (more: Partial<Price> = {}): Price => ({
  perMillionUsd: rates,
  perRequestUsd: null,
  tiers: [],
  multiplier: null,
  ...more,
});
const usage = (more: Partial<Usage> = {}): Usage => ({ inputTokens: 0, outputTokens: 0, raw: null, ...more });

describe('a call costs', () => {
  test('its tokens by their kind: cached ones are part of the input, reasoning of the output', () => {
    const call = usage({
      inputTokens: 10_000, // 4,000 of them plain: 0.012
      cacheReadTokens: 3_000, // 0.0009
      cacheWrite5mTokens: 2_000, // 0.0075
      cacheWrite1hTokens: 1_000, // 0.006
      outputTokens: 500, // 0.0075, reasoning at the rate of output
      reasoningTokens: 200,
    });
    expect(priceUsage(price(), call)).toBe('0.0339');
    // 300 × 15 + 200 × 20 = 8,500 per million
    expect(priceUsage(price({ perMillionUsd: { ...rates, reasoning: '20' } }), call)).toBe('0.0349');
  });

  test('nothing where nothing was used, and the price of a request', () => {
    expect(priceUsage(price(), usage())).toBe('0');
    expect(priceUsage(price({ perRequestUsd: '0.005' }), usage({ inputTokens: 1 }))).toBe('0.005003');
  });

  test('the rates of the highest tier that its input is above', () => {
    const tier = (aboveInputTokens: number, input: string) => ({
      aboveInputTokens,
      perMillionUsd: { ...rates, input },
    });
    const tiered = price({ tiers: [tier(100, '6'), tier(1_000, '12')] });
    expect(priceUsage(tiered, usage({ inputTokens: 100 }))).toBe('0.0003');
    expect(priceUsage(tiered, usage({ inputTokens: 101 }))).toBe('0.000606');
    expect(priceUsage(tiered, usage({ inputTokens: 1_001 }))).toBe('0.012012');
  });

  test('its multiplier, to the twelfth digit', () => {
    expect(priceUsage(price({ multiplier: '0.5' }), usage({ inputTokens: 1_000_000 }))).toBe('1.5');
    expect(priceUsage(price({ multiplier: '0.3333' }), usage({ inputTokens: 1 }))).toBe(
      '0.000000999900'.replace(/0+$/, ''),
    );
  });

  test('fractions of a cent without rounding', () => {
    const cheap = price({ perMillionUsd: { ...rates, input: '0.075', output: '0.3' } });
    expect(priceUsage(cheap, usage({ inputTokens: 7, outputTokens: 3 }))).toBe('0.000001425');
  });
});

describe('what a call costs is not known', () => {
  test('where a rate that is needed is not known; another one does not matter', () => {
    const unknown = price({ perMillionUsd: { ...rates, cacheRead: null } });
    expect(priceUsage(unknown, usage({ inputTokens: 10, cacheReadTokens: 1 }))).toBeUndefined();
    expect(priceUsage(unknown, usage({ inputTokens: 10 }))).toBe('0.00003');
    expect(
      priceUsage(price({ perMillionUsd: { ...rates, output: null } }), usage({ outputTokens: 1 })),
    ).toBeUndefined();
  });

  test('where its tokens are no whole numbers, as a faulty server counts them', () => {
    expect(priceUsage(price(), usage({ inputTokens: 1.5 }))).toBeUndefined();
    expect(priceUsage(price(), usage({ inputTokens: 1e300 }))).toBeUndefined();
  });
});
