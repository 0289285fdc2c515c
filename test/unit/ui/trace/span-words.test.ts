import { describe, expect, it } from 'vitest';
import { describeMarks, formatTick, listRowFacts } from '../../../../ui/trace/span-words.ts';
import { mark } from '../../../../ui/trace/span-tree.ts';
import { makeSpan } from './trace-fixture.ts';

const usage = {
  modelCalls: 1,
  inputTokens: 1_104,
  outputTokens: 84,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};
const texts = (...given: Parameters<typeof listRowFacts>) => listRowFacts(...given).map(({ text }) => text);

describe('the words of a span', () => {
  it('say what the name does not', () => {
    const models = { requestModel: 'gpt-4o', responseModel: 'gpt-4o-2024-08-06' };
    const cost = { usd: '0', pricedCalls: 1, unpricedCalls: 0 };
    const chat = { id: 'a', kind: 'llm' as const, ...models, usage, counted: true, cost };
    expect(texts(makeSpan({ ...chat, name: 'chat gpt-4o' }), 0)).toEqual(['1.10 k → 84 tok']);
    expect(texts(makeSpan({ ...chat, name: 'generate' }), 0)).toEqual(['1.10 k → 84 tok', 'gpt-4o-2024-08-06']);
    expect(texts(makeSpan({ id: 't', kind: 'tool', name: 'run', toolName: 'lookup' }), 0)).toEqual(['lookup']);
  });

  it('put errors and missing parents first', () => {
    const span = makeSpan({
      id: 'a',
      kind: 'tool',
      name: 'x',
      toolName: 'lookup',
      status: 'error',
      errorType: 'TimeoutError',
    });
    expect(texts(span, mark.orphan | mark.endsAfterParent)).toEqual(['TimeoutError', 'parent not received', 'lookup']);
    expect(describeMarks(mark.orphan | mark.endsAfterParent)).toHaveLength(2);
  });

  it('show an aggregate as a sum that is counted elsewhere', () => {
    const span = makeSpan({ id: 'a', kind: 'agent', usage, usageScope: 'aggregate', notCountedBecause: 'aggregate' });
    expect(listRowFacts(span, 0)[0]).toMatchObject({
      text: 'Σ 1.10 k → 84 tok',
      title: expect.stringContaining('Not counted: aggregate') as string,
    });
  });

  it.each([
    [0, 500, '0'],
    [500, 500, '500 ms'],
    [1_500, 500, '1.5 s'],
    [150_000, 30_000, '2 min 30 s'],
    [7_200_000, 3_600_000, '2 h'],
    [0.25, 0.05, '250 µs'],
    [0.000_05, 0.000_01, '50 ns'],
    [8_230, 82.3, '8.23 s'],
  ])('name a moment on the ruler: %d ms', (ms, step, text) => {
    expect(formatTick(ms, step)).toBe(text);
  });
});
