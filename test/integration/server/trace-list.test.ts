import { beforeAll, describe, expect, it } from 'vitest';
import { traceSorts } from '../../../server/contract/requests.ts';
import { useDatabase } from '../../support/database.ts';
import { useApi } from './api.ts';
import { noonNs, spanIdOf, traceIdOf } from './fixtures.ts';

const second = 1_000_000_000n;

describe('the list of traces', () => {
  const api = useApi(useDatabase());
  const support = traceIdOf('a1');
  const failed = traceIdOf('a2');
  const orphan = traceIdOf('a3');
  const earlier = traceIdOf('a4');
  const trailingZeros = 'ab'.repeat(10) + '00'.repeat(6);

  beforeAll(async () => {
    const call = { kind: 'llm', usage_scope: 'call' };
    await api.write.spans(
      {
        traceId: support,
        spanId: spanIdOf(1),
        durationMs: 4000,
        columns: { name: 'support', kind: 'agent', agent_name: 'support', input_preview: 'where is it', status: 'ok' },
      },
      {
        traceId: support,
        spanId: spanIdOf(2),
        parentSpanId: spanIdOf(1),
        at: 1,
        columns: {
          ...call,
          session_id: 's-1',
          user_id: 'ann',
          response_model: 'm-2',
          has_usage: true,
          input_tokens: 100n,
          output_tokens: 7n,
          cache_read_tokens: 60n,
          output_preview: 'it is here',
        },
      },
      {
        traceId: support,
        spanId: spanIdOf(3),
        parentSpanId: spanIdOf(1),
        at: 0.5,
        durationMs: 9000,
        columns: { ...call, request_model: 'm-1', status: 'error', agent_name: 'helper' },
      },
      {
        traceId: support,
        spanId: spanIdOf(4),
        parentSpanId: spanIdOf(1),
        at: 2,
        columns: {
          kind: 'agent',
          usage_scope: 'aggregate',
          has_usage: true,
          input_tokens: 999n,
          agent_name: 'support',
        },
      },
      { traceId: failed, spanId: spanIdOf(1), at: 10, columns: { name: 'failed', status: 'error' } },
      { traceId: orphan, spanId: spanIdOf(2), parentSpanId: spanIdOf(9), at: 20, columns: { name: 'first' } },
      {
        traceId: orphan,
        spanId: spanIdOf(3),
        parentSpanId: spanIdOf(9),
        at: 21,
        columns: { name: 'second', status: 'error' },
      },
      // Began the evening before, ends after midnight: belongs to the day before.
      { traceId: earlier, spanId: spanIdOf(1), at: -13 * 3600, columns: { name: 'earlier' } },
      { traceId: earlier, spanId: spanIdOf(2), parentSpanId: spanIdOf(1), at: -11 * 3600 },
      { traceId: trailingZeros, spanId: `${'cd'.repeat(4)}${'00'.repeat(4)}`, at: 30, columns: { name: 'zeros' } },
    );
  });

  it('summarises each trace from all its spans', async () => {
    const { traces } = await api.listTraces({ agent: 'support' });
    expect(traces).toEqual([
      {
        traceId: support,
        name: 'support',
        startTimeUnixNano: String(noonNs),
        endTimeUnixNano: String(noonNs + (19n * second) / 2n),
        durationNs: '9500000000',
        status: 'ok',
        spanCount: 4,
        errorCount: 1,
        agents: ['support', 'helper'],
        models: ['m-1', 'm-2'],
        inputPreview: 'where is it',
        outputPreview: 'it is here',
        sessionId: 's-1',
        userId: 'ann',
        settled: false,
        usage: {
          modelCalls: 0,
          inputTokens: 0,
          outputTokens: 0,
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
          reasoningTokens: 0,
        },
        cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 },
      },
    ]);
  });

  it('takes name, start and status from the root, else from the earliest span and any failure', async () => {
    const { traces } = await api.listTraces();
    const of = (traceId: string) => traces.find((trace) => trace.traceId === traceId);
    expect(of(failed)).toMatchObject({ name: 'failed', status: 'error' });
    expect(of(orphan)).toMatchObject({
      name: 'first',
      status: 'error',
      startTimeUnixNano: String(noonNs + 20n * second),
    });
  });

  it('counts a trace where its root starts, however far its spans reach', async () => {
    const names = async (from: string, to: string) => (await api.listTraces({ from, to })).traces.map((t) => t.name);
    expect(await names('2026-11-20T00:00:00Z', '2026-11-20T06:00:00Z')).toEqual([]);
    expect(await names('2026-11-19T00:00:00Z', '2026-11-20T00:00:00Z')).toEqual(['earlier']);
    expect(await names('2026-11-20T12:00:00.000000001Z', '2026-11-20T12:00:10Z')).toEqual([]);
    expect(await names('2026-11-20T12:00:10Z', '2026-11-20T12:00:10.000000001Z')).toEqual(['failed']);
  });

  it('finds ids that end with zero bytes', async () => {
    const { traces } = await api.listTraces();
    expect(traces.map((trace) => trace.name)).toContain('zeros');
    expect((await api.getTrace(trailingZeros)).trace.name).toBe('zeros');
    expect((await api.getSpan(trailingZeros, 'cdcdcdcd00000000')).name).toBe('zeros');
  });

  it.each([
    ['status', { status: 'error' }, [orphan, failed]],
    ['status ok', { status: 'ok' }, [trailingZeros, support]],
    ['model, by response or request', { model: ['m-1', 'nothing'] }, [support]],
    ['two filters that different spans match', { model: 'm-2', agent: 'helper' }, [support]],
    ['user', { user: 'ann' }, [support]],
    ['session', { session: 's-1' }, [support]],
    ['kind', { kind: ['llm', 'tool'] }, [support]],
    ['duration', { minDurationMs: 9500 }, [support]],
    ['duration that none has', { minDurationMs: 9501 }, []],
    ['cost, which is unknown', { minCostUsd: '0.01' }, []],
    ['two filters that no trace matches both', { user: 'ann', status: 'error' }, []],
  ])('filters by %s', async (_name, filter, expected) => {
    const { traces } = await api.listTraces(filter);
    expect(traces.map((trace) => trace.traceId)).toEqual(expected);
    const { buckets } = await api.countTraces(filter);
    expect(buckets.reduce((sum, bucket) => sum + bucket.traceCount, 0)).toBe(expected.length);
  });

  it('orders by what the summary shows', async () => {
    const first = async (sort: string) => (await api.listTraces({ sort, limit: 1 })).traces[0]?.traceId;
    expect(await first('-startTime')).toBe(trailingZeros);
    expect(await first('startTime')).toBe(support);
    expect(await first('-duration')).toBe(support);
    expect(await first('-errors')).toBe(orphan);
  });
});

describe('the pages of the list of traces', () => {
  const api = useApi(useDatabase());
  const count = 23;
  const traceIds = Array.from({ length: count }, (_, i) => traceIdOf(`b${i.toString(16).padStart(2, '0')}`));

  beforeAll(async () => {
    // Many ties: three different starts, two durations, two error counts; every span is stored twice.
    const spans = traceIds.map((traceId, i) => ({
      traceId,
      spanId: spanIdOf(1),
      at: i % 3,
      durationMs: 100 * (i % 2),
      columns: {
        ...{ usage_scope: 'call', has_usage: true, input_tokens: BigInt(i % 2) },
        status: i % 4 === 0 ? 'error' : 'ok',
      },
    }));
    await api.write.spans(...spans);
    await api.write.spans(...spans);
  });

  it.each(traceSorts)('hold every trace once in order %s, however rows tie', async (sort) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await api.listTraces({ sort, limit: 4, cursor });
      expect(page.traces.length).toBeLessThanOrEqual(4);
      seen.push(...page.traces.map((trace) => trace.traceId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen.length).toBe(count);
    expect(seen.toSorted()).toEqual(traceIds);
  });

  it('count a span that is stored twice once', async () => {
    const { traces } = await api.listTraces({ sort: '-duration', limit: 1 });
    expect(traces[0]).toMatchObject({ spanCount: 1 });
  });

  it('keep the window of the first page when none was given', async () => {
    const page = await api.listTraces({ from: undefined, to: undefined, limit: 20 });
    const rest = await api.listTraces({ from: undefined, to: undefined, limit: 20, cursor: page.nextCursor ?? '' });
    expect(page.traces.length + rest.traces.length).toBe(count);
    expect(rest.nextCursor).toBeNull();
  });

  it('refuse the cursor of another order', async () => {
    const { nextCursor } = await api.listTraces({ limit: 1 });
    const asked = { project: api.project, sort: '-errors', cursor: nextCursor ?? '' };
    expect(await api.ask('/api/traces', asked)).toMatchObject({ status: 400, error: { code: 'invalid_cursor' } });
  });
});

describe('a trace whose spans carry no content', () => {
  const api = useApi(useDatabase());

  it('shows content that came as log records', async () => {
    const traceId = traceIdOf('a7');
    const record = { traceId, spanId: spanIdOf(1) };
    await api.write.spans({ ...record, at: 3600, columns: { agent_name: 'logs' } });
    await api.write.records(
      { ...record, at: 3601, columns: { output_preview: 'last answer' } },
      { ...record, at: 3600, columns: { input_preview: 'first question' } },
      { ...record, at: 3602, columns: { input_preview: 'second question' } },
    );
    const { traces } = await api.listTraces({ agent: 'logs' });
    expect(traces).toMatchObject([{ inputPreview: 'first question', outputPreview: 'last answer' }]);
    expect((await api.getTrace(traceId)).trace).toEqual(traces[0]);
  });
});
