import { describe, expect, test } from 'vitest';
import { describeMissing, listGaps, readCoverage } from '../../../../ui/components/coverage.ts';

const text = (pricedCalls: number, unpricedCalls: number) => readCoverage({ pricedCalls, unpricedCalls }).text;

describe('coverage', () => {
  test('is never rounded up to the whole', () => {
    expect(text(99_999, 1)).toBe('99.9 %');
    expect(text(3, 0)).toBe('100 %');
    expect(text(0, 3)).toBe('0.0 %');
    expect(text(0, 0)).toBe('–');
  });

  test('says how many calls are missing in a sum', () => {
    expect(describeMissing(readCoverage({ pricedCalls: 2, unpricedCalls: 0 }))).toBe(null);
    expect(describeMissing(readCoverage({ pricedCalls: 2, unpricedCalls: 1 }))).toBe(
      '1 of 3 calls has no price and is not in this sum.',
    );
    expect(describeMissing(readCoverage({ pricedCalls: 0, unpricedCalls: 3 }))).toBe(
      'None of 3 calls has a price: the cost is not known.',
    );
  });

  test('names every gap, and what is not by our own prices', () => {
    const gaps = listGaps({ priced: 5, reported: 1, unpricedModel: 1_200, unpricedUsage: 0 });
    expect(gaps).toEqual([
      { status: 'unpriced_model', missing: true, text: '1,200 calls of unpriced models' },
      { status: 'reported', missing: false, text: '1 call at the emitter’s own price' },
    ]);
  });
});
