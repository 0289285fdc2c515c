import { expect, it } from 'vitest';
import { parseDecimal } from '../../../../../server/domain/prices/decimal.ts';
import { estimateCall } from '../../../../../server/domain/prices/estimate-call.ts';
import { noUnitPrices } from '../../../../../server/domain/prices/unit-prices.ts';

const usd = parseDecimal;
const prices = { ...noUnitPrices, perMillion: { input: usd('2.5'), cacheRead: usd('1.25'), output: usd('10') } };

it('takes all input as new and all output as made', () => {
  expect(estimateCall(prices, { inputTokens: 1_000, maxOutputTokens: 500 })).toBe('0.0075');
  expect(estimateCall(prices, { inputTokens: 0, maxOutputTokens: 0 })).toBe('0');
});

it('uses the tier of the size, the price of a request, dearer reasoning and what was negotiated', () => {
  const tiers = [{ aboveInputTokens: 200_000n, perMillion: { input: usd('5') } }];
  const tokens = { inputTokens: 200_001, maxOutputTokens: 0 };
  expect(estimateCall({ ...prices, tiers }, tokens)).toBe('1.000005');
  const dear = { ...prices, perRequest: usd('0.01'), perMillion: { ...prices.perMillion, reasoning: usd('20') } };
  expect(estimateCall({ ...dear, multiplier: usd('0.5') }, { inputTokens: 0, maxOutputTokens: 1_000 })).toBe('0.015');
});

it('knows nothing where a price is missing, or something is billed that no token counts', () => {
  const tokens = { inputTokens: 1, maxOutputTokens: 1 };
  expect(estimateCall(noUnitPrices, tokens)).toBeUndefined();
  expect(estimateCall({ ...noUnitPrices, perMillion: { input: usd('1') } }, tokens)).toBeUndefined();
  expect(estimateCall({ ...prices, uncounted: ['images'] }, tokens)).toBeUndefined();
});
