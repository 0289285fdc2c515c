import { describe, expect, it } from 'vitest';
import { type CachedUsage, sumCacheSavings } from '../../../../server/domain/cache-savings.ts';

const group = (changes: Partial<CachedUsage>): CachedUsage => ({
  ...{ model: 'm', priceVersion: 'v1', isPriced: true },
  ...{ inputPrice: '2.5', readPrice: '0.25', writePrice: '', write1hPrice: '' },
  ...{ readTokens: 0n, writeTokens: 0n, write1hTokens: 0n },
  ...changes,
});

describe('what caching saved', () => {
  it('is the plain price less the cached one, to the digit', () => {
    // 1,000,001 × (2.5 − 0.25) millionths
    const found = sumCacheSavings([group({ readTokens: 1_000_001n })]);
    expect(found).toEqual({
      ...{ uncachedUsd: '2.5000025', cachedUsd: '0.25000025', savedUsd: '2.25000225', isExact: true },
      tokens: { read: 1_000_001, written: 0, inferred: 0, unknown: 0 },
    });
  });

  it('is less than nothing where writing cost more than reading saved', () => {
    const found = sumCacheSavings([
      group({ inputPrice: '3', readPrice: '0.3', writePrice: '3.75', readTokens: 1_000n, writeTokens: 1_000_000n }),
      group({ inputPrice: '3', readPrice: '', write1hPrice: '6', write1hTokens: 10n }),
    ]);
    // 1,000 × 2.7 − 1,000,000 × 0.75 − 10 × 3 millionths
    expect(found.savedUsd).toBe('-0.74733');
    expect(found.tokens).toEqual({ read: 1_000, written: 1_000_010, inferred: 0, unknown: 0 });
  });

  it('takes the plain price of like calls where a call had none, and says so', () => {
    const found = sumCacheSavings([
      group({ readTokens: 100n }),
      group({ inputPrice: '', readTokens: 900n }),
      group({ inputPrice: '', readTokens: 5n, model: 'another' }),
    ]);
    expect(found.savedUsd).toBe('0.00225');
    expect(found.tokens).toEqual({ read: 1_005, written: 0, inferred: 900, unknown: 5 });
    expect(found.isExact).toBe(false);
  });

  it('guesses no price where like calls have two', () => {
    const found = sumCacheSavings([
      group({ readTokens: 100n }),
      group({ inputPrice: '5', readTokens: 100n }),
      group({ inputPrice: '', readTokens: 900n }),
    ]);
    expect(found.tokens).toEqual({ read: 1_100, written: 0, inferred: 0, unknown: 900 });
  });

  it('is not known where nothing that was cached has a price', () => {
    const found = sumCacheSavings([group({ isPriced: false, inputPrice: '', readPrice: '', readTokens: 7n })]);
    expect([found.savedUsd, found.tokens.unknown, found.isExact]).toEqual([null, 7, false]);
  });

  it('is nothing where nothing was cached', () => {
    expect(sumCacheSavings([])).toEqual({
      ...{ savedUsd: '0', cachedUsd: '0', uncachedUsd: '0', isExact: true },
      tokens: { read: 0, written: 0, inferred: 0, unknown: 0 },
    });
  });
});
