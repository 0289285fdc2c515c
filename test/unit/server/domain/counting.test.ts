import { describe, expect, it } from 'vitest';
import { costOf, countSpan } from '../../../../server/domain/counting.ts';

const tokens = { inputTokens: 10, outputTokens: 2, cacheReadTokens: 4, cacheWriteTokens: 0, reasoningTokens: 1 };

describe('what a span counts for', () => {
  it('a model call is counted and not priced yet', () => {
    expect(countSpan({ usageScope: 'call', hasUsage: true, isError: false, ...tokens })).toEqual({
      usage: { modelCalls: 1, ...tokens },
      counted: true,
      notCountedBecause: null,
      cost: { usd: null, pricedCalls: 0, unpricedCalls: 1 },
    });
  });

  it('a failed call without usage costs nothing', () => {
    const { cost } = countSpan({ usageScope: 'call', hasUsage: false, isError: true, ...tokens });
    expect(cost).toEqual({ usd: '0', pricedCalls: 1, unpricedCalls: 0 });
  });

  it('a failed call with usage has an unknown cost', () => {
    const { cost } = countSpan({ usageScope: 'call', hasUsage: true, isError: true, ...tokens });
    expect(cost).toEqual({ usd: null, pricedCalls: 0, unpricedCalls: 1 });
  });

  it('a sum over children is shown, not counted', () => {
    const counting = countSpan({ usageScope: 'aggregate', hasUsage: true, isError: false, ...tokens });
    expect(counting).toMatchObject({
      usage: { modelCalls: 0, inputTokens: 10 },
      counted: false,
      notCountedBecause: 'aggregate',
    });
  });

  it('anything else has no usage', () => {
    const counting = countSpan({ usageScope: null, hasUsage: false, isError: true, ...tokens });
    expect(counting).toMatchObject({ usage: null, counted: false, notCountedBecause: 'not_a_model_call' });
    expect(counting.cost).toEqual({ usd: null, pricedCalls: 0, unpricedCalls: 0 });
  });

  it('the two counts of a cost add up to the calls, and a partly known sum is unknown', () => {
    expect(costOf({ modelCalls: 3, pricedCalls: 1 })).toEqual({ usd: null, pricedCalls: 1, unpricedCalls: 2 });
    expect(costOf({ modelCalls: 0, pricedCalls: 0 }).usd).toBeNull();
  });
});
