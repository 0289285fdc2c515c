import { describe, expect, it } from 'vitest';
import { costOf } from '../../../../server/domain/counting.ts';

describe('the cost of some calls', () => {
  it('is known only where every one is', () => {
    expect(costOf({ modelCalls: 3, pricedCalls: 1 })).toEqual({ usd: null, pricedCalls: 1, unpricedCalls: 2 });
    expect(costOf({ modelCalls: 0, pricedCalls: 0 }).usd).toBeNull();
  });
});
