import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { useApi } from './api.ts';
import { spanIdOf, traceIdOf } from './fixtures.ts';
import { ledgerWriter } from './ledger-fixtures.ts';
import { type SummaryFixture, summaryWriter } from './summary-fixtures.ts';

const noUsage = {
  ...{ modelCalls: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
};
const unknown = { usd: null, pricedCalls: 0, unpricedCalls: 0 };

describe('what settlement summed up of a trace', () => {
  const api = useApi(useDatabase());
  const settled = summaryWriter(useDatabase(), api.project);
  afterAll(() => settled.close());
  const call = { kind: 'llm', usage_scope: 'call', has_usage: true, input_tokens: 999n, session_id: 'of a span' };
  const shown = async (traceId: string) => {
    const { trace } = await api.getTrace(traceId);
    const { traces } = await api.listTraces({ from: '2026-11-18T00:00:00Z', to: '2026-11-22T00:00:00Z' });
    expect(traces.find((one) => one.traceId === traceId)).toEqual(trace);
    return trace;
  };

  it('is what the trace shows, whatever its spans say', async () => {
    const traceId = traceIdOf('a1');
    await api.write.spans({ traceId, spanId: spanIdOf(1), columns: call });
    expect(await shown(traceId)).toMatchObject({
      ...{ settled: false, usage: noUsage, cost: unknown, sessionId: 'of a span', userId: null },
    });
    await settled.traces({
      ...{ traceId, costUsd: '0.081' },
      columns: {
        ...{ model_calls: 4n, priced_calls: 3n, unpriced_calls: 1n, session_id: 'inherited', user_id: 'ann' },
        ...{
          input_tokens: 100n,
          output_tokens: 7n,
          cache_read_tokens: 60n,
          cache_write_tokens: 5n,
          reasoning_tokens: 2n,
        },
      },
    });
    expect(await shown(traceId)).toMatchObject({
      ...{ settled: true, sessionId: 'inherited', userId: 'ann' },
      usage: {
        ...{ modelCalls: 4, inputTokens: 100, outputTokens: 7 },
        ...{ cacheReadTokens: 60, cacheWriteTokens: 5, reasoningTokens: 2 },
      },
      cost: { usd: '0.081', pricedCalls: 3, unpricedCalls: 1 },
    });
  });

  it('is that of the latest pass, in whatever order the rows arrived', async () => {
    const traceId = traceIdOf('a2');
    await api.write.spans({ traceId, spanId: spanIdOf(1), columns: call });
    await settled.traces({ traceId, costUsd: '3', pass: 3 }, { traceId, costUsd: '1', pass: 1 });
    await settled.traces({ traceId, costUsd: '2', pass: 2 });
    expect(await shown(traceId)).toMatchObject({ cost: { usd: '3' } });
  });

  it('is found on the day to which a late root moved the trace', async () => {
    const traceId = traceIdOf('a3');
    const [eveningBefore, now] = [-13 * 3600, 0];
    await api.write.spans(
      { traceId, spanId: spanIdOf(1), at: eveningBefore },
      { traceId, spanId: spanIdOf(2), parentSpanId: spanIdOf(1), at: now, columns: call },
    );
    await settled.traces({ traceId, at: now, costUsd: '1', pass: 1 });
    await settled.traces(
      { traceId, at: now, costUsd: '1', pass: 2, isDeleted: true },
      { traceId, at: eveningBefore, costUsd: '2', pass: 2 },
    );
    expect(await shown(traceId)).toMatchObject({ cost: { usd: '2' } });
    const { traces } = await api.listTraces({ from: '2026-11-18T00:00:00Z', sort: '-cost', minCostUsd: '0.5' });
    expect(traces.filter((trace) => trace.traceId === traceId)).toHaveLength(1);
    // A pass that was repeated may delete the old row later than it wrote the new one.
    await settled.traces({ traceId, at: now, costUsd: '1', pass: 3, isDeleted: true });
    expect(await shown(traceId)).toMatchObject({ cost: { usd: '2' } });
  });
});

describe('the list of traces by cost and tokens', () => {
  const api = useApi(useDatabase());
  const settled = summaryWriter(useDatabase(), api.project);
  afterAll(() => settled.close());
  // Ties in cost and tokens, unknown costs, and every fifth trace not settled yet.
  const rows = Array.from({ length: 23 }, (_, i) => ({
    traceId: traceIdOf(`b${i.toString(16).padStart(2, '0')}`),
    at: i % 3,
    agent: i % 2 === 0 ? 'even' : 'odd',
    costUsd: i % 4 === 0 ? null : `0.${String(i % 7)}00000000001`,
    tokens: BigInt(i % 6),
    isSettled: i % 5 !== 0,
  }));
  const byCost = (row: (typeof rows)[number]) =>
    !row.isSettled ? -2 : row.costUsd === null ? -1 : Number(row.costUsd);
  const byTokens = (row: (typeof rows)[number]) => (row.isSettled ? Number(row.tokens) : -1);

  beforeAll(async () => {
    await api.write.spans(
      ...rows.map(({ traceId, at, agent }) => ({
        ...{ traceId, at, spanId: spanIdOf(1) },
        columns: { agent_name: agent, user_id: `user of ${agent}`, response_model: 'm', name: `the ${agent}` },
      })),
    );
    const summaries: SummaryFixture[] = rows
      .filter(({ isSettled }) => isSettled)
      .map(({ traceId, at, costUsd, tokens }) => ({ traceId, at, costUsd, columns: { input_tokens: tokens } }));
    await settled.traces(...summaries.map((summary) => ({ ...summary, costUsd: '9', pass: 1 })));
    await settled.traces(...summaries.map((summary) => ({ ...summary, pass: 2 })));
  });

  async function readPages(parameters: Record<string, string | number>) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await api.listTraces({ ...parameters, limit: 4, cursor });
      expect(page.traces.length).toBeLessThanOrEqual(4);
      seen.push(...page.traces.map((trace) => trace.traceId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return seen;
  }
  const ordered = (of: (row: (typeof rows)[number]) => number, from = rows) =>
    [...from]
      .sort((a, b) => of(b) - of(a) || b.at - a.at || (a.traceId < b.traceId ? 1 : -1))
      .map((row) => row.traceId);

  it.each([
    ['-cost', byCost],
    ['-tokens', byTokens],
  ])('holds every trace once in order %s: what is not settled yet comes last', async (sort, of) => {
    expect(await readPages({ sort })).toEqual(ordered(of));
  });

  it.each([
    ['agent', { agent: 'even' }],
    ['user', { user: 'user of even' }],
    ['text', { q: 'the even' }],
    ['two filters', { agent: 'even', model: 'm' }],
  ])('keeps the filter by %s', async (_name, filter) => {
    const even = rows.filter(({ agent }) => agent === 'even');
    expect(await readPages({ sort: '-cost', ...filter })).toEqual(ordered(byCost, even));
    expect(await readPages({ sort: '-tokens', ...filter })).toEqual(ordered(byTokens, even));
  });

  it('keeps the filters by duration, status and id', async () => {
    expect(await readPages({ sort: '-cost', minDurationMs: 101 })).toEqual([]);
    expect(await readPages({ sort: '-tokens', status: 'error' })).toEqual([]);
    expect(await readPages({ sort: '-cost', status: 'ok', minDurationMs: 100 })).toHaveLength(rows.length);
    const one = rows[1]?.traceId ?? '';
    expect(await readPages({ sort: '-cost', q: one })).toEqual([one]);
  });

  it.each(['-cost', '-startTime', '-tokens', '-duration'])(
    'has with a least cost what is known to cost as much, in order %s',
    async (sort) => {
      const dear = rows.filter((row) => byCost(row) >= 0.3);
      expect(dear.length).toBeGreaterThan(3);
      expect((await readPages({ sort, minCostUsd: '0.3' })).toSorted()).toEqual(
        dear.map((row) => row.traceId).toSorted(),
      );
      const { buckets } = await api.countTraces({ minCostUsd: '0.3' });
      expect(buckets.reduce((sum, bucket) => sum + bucket.traceCount, 0)).toBe(dear.length);
    },
  );

  it('compares costs to the last digit', async () => {
    const exactly = rows.filter((row) => byCost(row) >= 0.600000000001);
    expect(exactly.length).toBeGreaterThan(0);
    expect(await readPages({ sort: '-cost', minCostUsd: '0.600000000001' })).toHaveLength(exactly.length);
    expect(await readPages({ sort: '-cost', minCostUsd: '0.600000000002' })).toEqual([]);
    const free = rows.filter((row) => byCost(row) >= 0).length;
    expect(await readPages({ sort: '-cost', minCostUsd: '0' })).toHaveLength(free);
  });
});

describe('the list of spans by cost', () => {
  const api = useApi(useDatabase());
  const ledger = ledgerWriter(useDatabase(), api.project);
  afterAll(() => ledger.close());

  it('has what is booked at least so high now', async () => {
    const traceId = traceIdOf('c1');
    const of = (number: number, costUsd: string) => ({ traceId, spanId: spanIdOf(number), at: number, costUsd });
    const columns = { kind: 'llm', usage_scope: 'call' };
    await api.write.spans(...[1, 2, 3, 4].map((number) => ({ ...of(number, '0'), columns })));
    await ledger.book(of(1, '0.5'), of(2, '0.49'), of(3, '0.9'));
    await ledger.reverse(of(3, '0.9'));
    await ledger.book(of(3, '0.1'));
    const ids = async (minCostUsd: string) => (await api.listSpans({ minCostUsd })).spans.map((span) => span.spanId);
    expect(await ids('0.5')).toEqual([spanIdOf(1)]);
    expect(await ids('0')).toEqual([3, 2, 1].map(spanIdOf));
  });
});
