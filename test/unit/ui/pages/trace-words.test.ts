import { describe, expect, test } from 'vitest';
import {
  describeCost,
  describeNames,
  describeStatus,
  describeTokens,
  findDurationScale,
  readFirstWords,
} from '../../../../ui/pages/traces/trace-words.ts';
import { makeTrace } from '../trace-fixture.ts';

describe('cost', () => {
  test('unknown is a dash with its reason, never $0', () => {
    expect(describeCost(makeTrace())).toEqual({ text: '–', title: 'Unknown: 1 model call without a price' });
    const noCalls = makeTrace({ cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 } });
    expect(describeCost(noCalls)).toEqual({ text: '–', title: 'No model call, so nothing to price' });
  });

  test('what is not settled yet says so', () => {
    const words = { text: '–', title: 'Being settled: its spans arrived moments ago' };
    expect(describeCost(makeTrace({ settled: false }))).toEqual(words);
    expect(describeTokens(makeTrace({ settled: false }))).toEqual(words);
  });

  test('a partly priced trace says so', () => {
    expect(describeCost(makeTrace({ cost: { usd: '0.013200450000', pricedCalls: 3, unpricedCalls: 2 } }))).toEqual({
      text: '$0.0132+',
      title: '$0.01320045, 2 of 5 model calls not priced',
    });
  });

  test('a priced trace shows its sum and every digit on hover', () => {
    expect(describeCost(makeTrace({ cost: { usd: '1.5', pricedCalls: 3, unpricedCalls: 0 } }))).toEqual({
      text: '$1.50',
      title: '$1.5',
    });
  });
});

test('tokens say what they are made of', () => {
  const usage = { ...makeTrace().usage, cacheReadTokens: 800, reasoningTokens: 20 };
  expect(describeTokens(makeTrace({ usage }))).toEqual({
    text: '1.18 k',
    title: '1,100 tokens in, 800 of them from cache, 84 tokens out, 20 of them reasoning, 1 model call',
  });
});

test('a trace without model calls has no tokens, not zero', () => {
  const usage = { ...makeTrace().usage, modelCalls: 0, inputTokens: 0, outputTokens: 0 };
  expect(describeTokens(makeTrace({ usage }))).toEqual({ text: '–', title: 'No model call, so no tokens' });
});

test('the status counts failed spans, also where the trace itself ended well', () => {
  expect(describeStatus(makeTrace()).text).toBe('ok');
  expect(describeStatus(makeTrace({ status: 'error', errorCount: 2 }))).toEqual({
    text: '2 errors',
    title: '2 of 3 spans failed',
  });
  expect(describeStatus(makeTrace({ errorCount: 1 })).title).toBe('1 of 3 spans failed; the trace itself ended ok');
});

test('several names show the first and how many more', () => {
  expect(describeNames(['a', 'b', 'c'])).toEqual({ text: 'a +2', title: 'a, b, c' });
  expect(describeNames([])).toEqual({ text: '–', title: 'None named' });
});

test('first words are one line, blank ones are none', () => {
  expect(readFirstWords(makeTrace({ inputPreview: ' Where\n is  it? ' }))).toBe('Where is it?');
  expect(readFirstWords(makeTrace({ inputPreview: ' \n' }))).toBeNull();
});

test('one giant does not flatten the duration bars of the others', () => {
  const traces = Array.from({ length: 40 }, (_, index) =>
    makeTrace({ durationNs: index === 0 ? '900000000000' : '1000' }),
  );
  expect(findDurationScale(traces)).toBe(1_000);
  expect(findDurationScale([])).toBe(0);
});
