import { describe, expect, it } from 'vitest';
import { describeCounting, describeSpanCost, describeTraceCost } from '../../../../ui/trace/counting-words.ts';
import { listRowFacts } from '../../../../ui/trace/span-words.ts';
import { makeSpan } from './trace-fixture.ts';

const usage = {
  ...{ modelCalls: 1, inputTokens: 1_104, outputTokens: 84 },
  ...{ cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
};
const call = { id: 'a', name: 'chat gpt-4o', kind: 'llm' as const, usage, usageScope: 'call' as const };
const counted = { ...call, counted: true, requestModel: 'gpt-4o' };
const instead = { traceId: 'b', spanId: 'c' };

describe('whether a span counts', () => {
  it.each([
    [counted, 'counted', /^Counted:/],
    [{ ...counted, usageScope: 'aggregate' as const }, 'counted', /a sum over model calls that were not received/],
    [{ ...call, settled: false }, 'being settled', /^Being settled:/],
    [{ ...call, notCountedBecause: 'aggregate' as const }, 'aggregate', /the sum over the model calls below/],
    [{ ...call, notCountedBecause: 'wrapper' as const, countedInstead: instead }, 'wrapper', /wrapper of$/],
    [{ ...call, notCountedBecause: 'wrapper' as const }, 'wrapper', /The model call inside it is counted\.$/],
    [{ ...call, notCountedBecause: 'duplicate' as const, countedInstead: instead }, 'duplicate', /duplicate of$/],
    [{ id: 'a', notCountedBecause: 'not_a_model_call' as const }, 'no model call', /not a model call/],
  ])('is said in words: %#', (given, short, long) => {
    const words = describeCounting(makeSpan(given));
    expect(words.short).toBe(short);
    expect(words.long).toMatch(long);
  });

  it('is marked in the row, without a word for what simply counts', () => {
    const texts = (given: Parameters<typeof makeSpan>[0]) => listRowFacts(makeSpan(given), 0).map(({ text }) => text);
    const cost = { usd: '0.0132', pricedCalls: 1, unpricedCalls: 0 };
    expect(texts({ ...counted, cost })).toEqual(['1.10 k → 84 tok', '$0.0132']);
    expect(texts(counted)).toEqual(['1.10 k → 84 tok', 'no price']);
    expect(texts({ ...call, settled: false })).toEqual(['1.10 k → 84 tok', 'being settled']);
    expect(texts({ ...call, notCountedBecause: 'wrapper' })).toEqual(['1.10 k → 84 tok', 'wrapper']);
    const sum = { ...call, kind: 'agent' as const, usageScope: 'aggregate' as const };
    expect(texts({ ...sum, notCountedBecause: 'aggregate' })).toEqual(['Σ 1.10 k → 84 tok']);
    expect(texts({ ...sum, counted: true, cost })).toEqual(['Σ 1.10 k → 84 tok', '$0.0132', 'counted']);
    expect(texts({ id: 'a', notCountedBecause: 'not_a_model_call' })).toEqual([]);
  });
});

describe('the cost of a span', () => {
  it('is a dash with the reason where it is not known', () => {
    const title = (given: object) => describeSpanCost(makeSpan({ ...counted, ...given })).title;
    expect(title({ costStatus: 'unpriced_model' })).toBe('Unknown: there is no price for gpt-4o.');
    expect(title({ costStatus: 'unpriced_usage' })).toContain('cannot be priced');
    expect(title({ settled: false })).toContain('Being settled');
    expect(title({ counted: false, notCountedBecause: 'wrapper' })).toContain('Not counted');
  });

  it('is marked where it is the emitter’s own', () => {
    const cost = { usd: '0.5', pricedCalls: 1, unpricedCalls: 0 };
    const span = makeSpan({ ...counted, cost, costStatus: 'reported' });
    expect(describeSpanCost(span)).toMatchObject({
      text: '$0.50',
      title: expect.stringContaining('reported') as string,
    });
    expect(listRowFacts(span, 0).map(({ text }) => text)).toEqual(['1.10 k → 84 tok', '$0.50', 'reported']);
  });
});

describe('the cost of a trace', () => {
  it('says how many calls it stands for', () => {
    expect(describeTraceCost({ cost: { usd: '0.081', pricedCalls: 3, unpricedCalls: 0 } })).toEqual({
      ...{ text: '$0.081', title: '$0.081', note: '3 calls priced, 0 unpriced' },
    });
    expect(describeTraceCost({ cost: { usd: '0.081', pricedCalls: 2, unpricedCalls: 1 } })).toMatchObject({
      ...{ text: '$0.081+', note: '2 calls priced, 1 unpriced' },
      title: '$0.081, without 1 model call that could not be priced',
    });
  });

  it('is a dash with the reason where it is not known', () => {
    const unknown = { usd: null, pricedCalls: 0, unpricedCalls: 0 };
    expect(describeTraceCost({ cost: unknown, settled: false })).toMatchObject({ text: '–', note: 'being settled' });
    expect(describeTraceCost({ cost: unknown })).toMatchObject({ text: '–', title: 'No model call, so no cost.' });
    expect(describeTraceCost({ cost: { ...unknown, unpricedCalls: 3 } })).toMatchObject({
      ...{ text: '–', title: 'Unknown: 3 model calls without a price.' },
    });
  });
});
