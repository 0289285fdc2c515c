import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { useApi } from './api.ts';
import { spanIdOf, textMessage, traceIdOf } from './fixtures.ts';

const refund = traceIdOf('e1');
const policy = traceIdOf('e2');
const logged = traceIdOf('e3');
const other = traceIdOf('e4');
const old = traceIdOf('e5');

describe('the search', () => {
  const api = useApi(useDatabase());

  beforeAll(async () => {
    await api.write.spans(
      {
        traceId: refund,
        spanId: spanIdOf(1),
        columns: { name: 'invoke_agent Support', session_id: 'session-42' },
        input: [textMessage('user', 'Where is my\nREFUND for order_1042?')],
        output: [textMessage('assistant', 'Über the counter.\tSoon 🎉')],
      },
      { traceId: refund, spanId: spanIdOf(2), parentSpanId: spanIdOf(1), at: 1, columns: { response_id: 'resp_abc1' } },
      {
        traceId: policy,
        spanId: spanIdOf(1),
        at: 1,
        input: [textMessage('user', 'policy of refund and "quoted" C:\\temp')],
        toolDefinitions: [{ name: 'teleport' }],
        columns: { session_id: 'session-42', output_preview: 'gpt 5 wrote this' },
      },
      { traceId: logged, spanId: spanIdOf(1), at: 2, columns: { session_id: 'unrelated' } },
      { traceId: other, spanId: spanIdOf(1), at: 3, columns: { name: 'chat', input_preview: 'the weather' } },
      {
        traceId: old,
        spanId: spanIdOf(77),
        parentSpanId: spanIdOf(76),
        at: -20 * 86_400,
        columns: { session_id: 'session-old' },
      },
      { traceId: old, spanId: spanIdOf(76), at: -20 * 86_400 - 7_200 },
    );
    await api.write.records({ traceId: logged, spanId: spanIdOf(1), at: 2, input: [textMessage('user', 'zanzibar')] });
  });

  it.each([
    ['a word of a message', 'zanzibar', [logged]],
    ['a word after a line break', 'refund', [policy, refund]],
    ['words of any case', 'ReFuNd WHERE', [refund]],
    ['words beyond ASCII', 'über', [refund]],
    ['an emoji', '🎉', [refund]],
    ['words that no message has together', 'refund zanzibar', []],
    ['a phrase', '"refund for"', [refund]],
    ['a phrase in the wrong order', '"for refund"', []],
    ['a term with punctuation, as a phrase', 'order_1042', [refund]],
    ['a word after a backslash', 'temp', [policy]],
    ['a span name', 'support', [refund]],
    ['a preview', 'weather', [other]],
    ['words of one span’s name and preview', 'chat weather', [other]],
    ['nothing that could be found', '+++ ?', []],
    ['a tool definition, which nobody said', 'teleport', []],
    ['part of a word', 'refun', []],
  ])('finds %s', async (_name, q, expected) => {
    const { traces } = await api.listTraces({ q });
    expect(traces.map((trace) => trace.traceId)).toEqual(expected);
    const { buckets } = await api.countTraces({ q });
    expect(buckets.reduce((sum, bucket) => sum + bucket.traceCount, 0)).toBe(expected.length);
  });

  it.each([
    ['a trace', old, [old]],
    ['a trace in capitals', old.toUpperCase(), [old]],
    ['a span', spanIdOf(77), [old]],
    ['a session', 'session-old', [old]],
    ['a session of several traces', 'session-42', [policy, refund]],
    ['a response', 'resp_abc1', [refund]],
  ])('finds the id of %s at any time', async (_name, q, expected) => {
    const { traces } = await api.listTraces({ q });
    expect(traces.map((trace) => trace.traceId)).toEqual(expected);
  });

  it('finds spans by what they say themselves', async () => {
    const ids = async (q: string) => (await api.listSpans({ q })).spans.map((span) => [span.traceId, span.spanId]);
    expect(await ids('counter')).toEqual([[refund, spanIdOf(1)]]);
    expect(await ids('zanzibar')).toEqual([[logged, spanIdOf(1)]]);
    expect(await ids('resp_abc1')).toEqual([[refund, spanIdOf(2)]]);
    expect(await ids(spanIdOf(77))).toEqual([[old, spanIdOf(77)]]);
  });

  it('combines with filters', async () => {
    expect((await api.listTraces({ q: 'refund', session: 'session-42', minDurationMs: 5000 })).traces).toEqual([]);
    expect((await api.listTraces({ q: 'refund', session: 'session-42' })).traces).toHaveLength(2);
  });
});
