import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { useApi } from './api.ts';
import { noonNs, spanIdOf, traceIdOf } from './fixtures.ts';
import { ledgerWriter } from './ledger-fixtures.ts';

const call = { kind: 'llm', usage_scope: 'call', has_usage: true, input_tokens: 5n };
const nothing = { usd: null, pricedCalls: 0, unpricedCalls: 0 };

describe('what settlement decided of a span', () => {
  const api = useApi(useDatabase());
  const ledger = ledgerWriter(useDatabase(), api.project);
  afterAll(() => ledger.close());
  const [traceId, otherTraceId] = [traceIdOf('a1'), traceIdOf('a2')];
  const span = (number: number) => ({ traceId, spanId: spanIdOf(number), at: number });
  const price = { price: '{"source":"table","parts":[]}', price_version: 'v1', reported_cost_usd: 20_000_000_000n };
  const booking = { ...span(1), costUsd: '0.0132', model: 'm', columns: price };

  beforeAll(async () => {
    await api.write.spans(
      { ...span(1), columns: call },
      { ...span(2), columns: { ...call, user_id: 'own' } },
      { ...span(3), columns: { kind: 'agent', usage_scope: 'aggregate', has_usage: true, input_tokens: 9n } },
      { ...span(4), columns: { kind: 'tool' } },
      { ...span(5), columns: call },
      { ...span(6), columns: { kind: 'llm', usage_scope: 'call' } },
    );
    await ledger.book(
      booking,
      {
        ...span(2),
        notCountedBecause: 'duplicate',
        columns: {
          counted_instead_trace_id: Buffer.from(otherTraceId, 'hex'),
          counted_instead_span_id: Buffer.from(spanIdOf(7), 'hex'),
        },
        ...{ session: 's', user: 'inherited', agent: 'helper' },
      },
      { ...span(3), costUsd: '0.5', status: 'reported', columns: { model_calls: 0n, priced_calls: 0n } },
      { ...span(6) },
    );
    await ledger.reverse({ ...booking, pass: 2 });
    await ledger.book({ ...booking, pass: 3 });
  });

  it('is shown on the span, with the exact amount', async () => {
    expect(await api.getSpan(traceId, spanIdOf(1))).toMatchObject({
      ...{ counted: true, notCountedBecause: null, countedInstead: null, settled: true, costStatus: 'priced' },
      usage: { modelCalls: 1, inputTokens: 5 },
      cost: { usd: '0.0132', pricedCalls: 1, unpricedCalls: 0 },
    });
  });

  it('names the span that counts instead, also in another trace', async () => {
    expect(await api.getSpan(traceId, spanIdOf(2))).toMatchObject({
      ...{ counted: false, notCountedBecause: 'duplicate', settled: true, costStatus: null, cost: nothing },
      countedInstead: { traceId: otherTraceId, spanId: spanIdOf(7) },
      usage: { modelCalls: 0, inputTokens: 5 },
    });
  });

  it('gives a span the session, user and agent that it has from others, never instead of its own', async () => {
    expect(await api.getSpan(traceId, spanIdOf(2))).toMatchObject({
      ...{ sessionId: 's', userId: 'own', agentName: 'helper' },
    });
  });

  it('may count an aggregate, which is no model call', async () => {
    expect(await api.getSpan(traceId, spanIdOf(3))).toMatchObject({
      ...{ counted: true, costStatus: 'reported', cost: { usd: '0.5', pricedCalls: 0, unpricedCalls: 0 } },
      usage: { modelCalls: 0, inputTokens: 9 },
    });
  });

  it('is known from the start of a span that can have no usage', async () => {
    expect(await api.getSpan(traceId, spanIdOf(4))).toMatchObject({
      ...{ counted: false, notCountedBecause: 'not_a_model_call', settled: true, usage: null, cost: nothing },
    });
  });

  it('comes with its row of the ledger and the price behind the amount', async () => {
    const { booking } = await api.getSpan(traceId, spanIdOf(1));
    expect(booking).toMatchObject({
      ...{ traceId, spanId: spanIdOf(1), counted: true, status: 'priced', costUsd: '0.0132', sign: 1, pass: '3' },
      ...{ price: { source: 'table', parts: [] }, priceVersion: 'v1', reportedCostUsd: '0.02' },
    });
    expect((await api.getSpan(traceId, spanIdOf(5))).booking).toBeNull();
    expect((await api.getSpan(traceId, spanIdOf(4))).booking).toBeNull();
  });

  it('is open until the ledger has it', async () => {
    expect(await api.getSpan(traceId, spanIdOf(5))).toMatchObject({
      ...{ counted: false, notCountedBecause: null, settled: false, costStatus: null, cost: nothing },
      usage: { modelCalls: 0, inputTokens: 5 },
    });
  });

  it('leaves an unknown cost unknown', async () => {
    expect(await api.getSpan(traceId, spanIdOf(6))).toMatchObject({
      ...{ counted: true, costStatus: 'unpriced_model', usage: { modelCalls: 1, inputTokens: 0 } },
      cost: { usd: null, pricedCalls: 0, unpricedCalls: 1 },
    });
  });

  it('is the same in the trace, in the list of spans and on the span itself', async () => {
    const { spans } = await api.getTrace(traceId);
    const listed = await api.listSpans({ sort: 'startTime' });
    expect(listed.spans).toEqual(spans);
    expect(spans).toHaveLength(6);
    for (const skeleton of spans) {
      expect(await api.getSpan(traceId, skeleton.spanId)).toMatchObject(skeleton);
    }
  });
});

describe('a decision that settlement changed', () => {
  const api = useApi(useDatabase());
  const ledger = ledgerWriter(useDatabase(), api.project);
  afterAll(() => ledger.close());
  const traceId = traceIdOf('b1');
  const first = { traceId, spanId: spanIdOf(1), costUsd: '0.25', model: 'm', pass: 1 };
  const shown = () => api.getSpan(traceId, spanIdOf(1));

  it('is taken back, made anew, and made again as it was', async () => {
    await api.write.spans({ traceId, spanId: spanIdOf(1), columns: call });
    await ledger.book(first);
    const second = { ...first, notCountedBecause: 'wrapper' as const, pass: 2 };
    await ledger.reverse({ ...first, pass: 2 });
    expect(await shown()).toMatchObject({ settled: false, cost: nothing, booking: null });
    await ledger.book(second);
    expect(await shown()).toMatchObject({
      ...{ counted: false, notCountedBecause: 'wrapper', cost: nothing },
      booking: { counted: false, pass: '2', costUsd: null },
    });
    await ledger.reverse({ ...second, pass: 3 });
    await ledger.book({ ...first, pass: 3 });
    expect(await shown()).toMatchObject({ counted: true, cost: { usd: '0.25' } });
  });

  it('is the later one, should two be in force', async () => {
    await ledger.book({ ...first, pass: 4, costUsd: '0.125' });
    expect(await shown()).toMatchObject({ cost: { usd: '0.125' }, booking: { costUsd: '0.125', pass: '4' } });
  });

  it('is found where another copy of the span starts on another day', async () => {
    const spanId = spanIdOf(2);
    const startNs = noonNs + 12n * 3_600_000_000_000n;
    await api.write.spans({ traceId, spanId, columns: { ...call, start_time: startNs } });
    await ledger.book({ traceId, spanId, startNs: startNs - 1n, costUsd: '1' });
    expect(await api.getSpan(traceId, spanId)).toMatchObject({ settled: true, cost: { usd: '1' } });
  });

  it('is not taken from another project', async () => {
    const other = ledgerWriter(useDatabase(), `${api.project}-other`);
    const spanId = spanIdOf(3);
    await api.write.spans({ traceId, spanId, columns: call });
    await other.book({ traceId, spanId, costUsd: '1' });
    await other.close();
    expect(await api.getSpan(traceId, spanId)).toMatchObject({ settled: false });
  });
});
