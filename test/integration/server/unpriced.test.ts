import { describe, expect, it } from 'vitest';
import { unpricedReply } from '../../../server/contract/unpriced.ts';
import { useDatabase } from '../../support/database.ts';
import { request } from './api.ts';
import type { BookingFixture } from './ledger-fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const hourS = 3_600;
let spans = 0;

/** An unpriced call in a trace of its own, with what settlement writes of it. */
function unpriced(missing: Record<string, string>, more: BookingFixture | Partial<BookingFixture>): BookingFixture {
  spans += 1;
  const id = spans.toString(16);
  return {
    traceId: id.padStart(32, '0'),
    spanId: id.padStart(16, '0'),
    status: missing['missing'] === 'model' ? 'unpriced_model' : 'unpriced_usage',
    ...more,
    columns: { price: JSON.stringify(missing), ...more.columns },
  };
}

describe('what has no price', () => {
  const database = useDatabase();
  const api = useMoneyApi(database);
  const read = async (parameters: Record<string, string | undefined> = {}) => {
    const asked = { project: api.project, from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z', ...parameters };
    const { status, body } = await request(api.app, '/api/unpriced', asked);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return unpricedReply.parse(body);
  };

  const own = { provider: 'vllm', model: 'acme/chat', agent: 'support' };
  const first = unpriced({ missing: 'model' }, { ...own, at: 0, inputTokens: 100, outputTokens: 10 });
  const second = unpriced({ missing: 'model' }, { ...own, at: 2 * hourS, inputTokens: 200, outputTokens: 20 });
  const takenBack = unpriced({ missing: 'model' }, { ...own, at: 5 * hourS, inputTokens: 400, outputTokens: 40 });
  const tier = unpriced(
    { missing: 'service_tier', usage: 'flex' },
    { provider: 'openai', model: 'gpt-5-mini', inputTokens: 50, columns: { service_tier: 'flex' } },
  );
  const cached = unpriced(
    { missing: 'class_price', usage: 'cacheWrite1h' },
    {
      ...{ provider: 'aws.bedrock', model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0', inputTokens: 900 },
      columns: { cache_write_tokens: 800n, cache_write_1h_tokens: 800n },
    },
  );
  const sum = unpriced(
    { missing: 'class_count', usage: 'requests' },
    {
      ...{ provider: 'perplexity', model: 'sonar', inputTokens: 7 },
      columns: { usage_scope: 'aggregate', model_calls: 0n, unpriced_calls: 0n },
    },
  );
  const uncounted = unpriced({ missing: 'usage' }, { provider: 'openai', model: 'gpt-5-mini' });
  const known = unpriced({ missing: 'model' }, { provider: 'openai', model: 'gpt-5-mini', inputTokens: 1_000_000 });

  it('is all listed, most calls first, with volumes that are those of the costs', async () => {
    await api.ledger.book(first, second, takenBack, tier, cached, sum, uncounted);
    await api.ledger.book({
      traceId: 'f'.repeat(32),
      spanId: 'f'.repeat(16),
      ...own,
      costUsd: '1',
      inputTokens: 5_000,
    });
    await api.ledger.reverse(takenBack);
    const reply = await read();
    expect(
      reply.groups.map(({ model, missing, usageClass, usage, sums }) => [
        model,
        missing,
        usageClass,
        usage.modelCalls,
        sums,
      ]),
    ).toEqual([
      ['acme/chat', 'model', null, 2, 0],
      [cached.model, 'class_price', 'cacheWrite1h', 1, 0],
      ['gpt-5-mini', 'service_tier', 'flex', 1, 0],
      ['gpt-5-mini', 'usage', null, 1, 0],
      ['sonar', 'class_count', 'requests', 0, 1],
    ]);
    expect(reply.groups[0]).toMatchObject({
      ...{ provider: 'vllm', requestModel: 'acme/chat', status: 'unpriced_model' },
      usage: { inputTokens: 300, outputTokens: 30 },
      firstSeenUnixNano: '1795176000000000000', // 2026-11-20T12:00:00Z
      lastSeenUnixNano: '1795183200000000000', // 14:00; what was taken back at 17:00 is not among them
      example: { traceId: second.traceId, spanId: second.spanId },
      pricedNow: null,
    });
    expect(reply).toMatchObject({ groupCount: 5, prices: { hasFile: false } });
    const { totals } = await api.getCosts();
    expect(reply.unpriced).toEqual({ modelCalls: totals.cost.unpricedCalls, inputTokens: 1_257, outputTokens: 30 });
    expect(reply.all).toEqual({
      modelCalls: totals.usage.modelCalls,
      inputTokens: totals.usage.inputTokens,
      outputTokens: totals.usage.outputTokens,
    });
  });

  it('comes with the entry that would price it, or with none where no price can', async () => {
    const { groups } = await read();
    expect(groups.map(({ override }) => override?.text ?? null)).toEqual([
      '{ "provider": "vllm", "model": "acme/chat", "per_million": { "input": null, "output": null } }',
      '{ "provider": "aws.bedrock", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0", "extends": "table", ' +
        '"per_million": { "cache_write_1h": null } }',
      '{ "provider": "openai", "model": "gpt-5-mini", "service_tiers": { "flex": null } }',
      null,
      null,
    ]);
    expect(groups.flatMap(({ override }) => override?.entryIndex ?? [])).toEqual([]);
  });

  it('says where a price is known by now', async () => {
    await api.ledger.book(known);
    const { groups } = await read();
    const found = groups.find(({ model, missing }) => model === 'gpt-5-mini' && missing === 'model');
    expect(found).toMatchObject({ pricedNow: expect.stringMatching(/^genai-prices@/) as string, override: null });
    await api.ledger.reverse(known);
  });

  it('is narrowed by the filters and the window of the costs, and cut with a word', async () => {
    const cut = await read({ limit: '1' });
    expect([cut.groups.length, cut.groupCount, cut.unpriced.modelCalls]).toEqual([1, 5, 5]);
    expect((await read({ agent: 'support' })).groups.map(({ model }) => model)).toEqual(['acme/chat']);
    const late = await read({ from: '2026-11-20T13:00:00Z' });
    expect(late.groups.map(({ usage }) => usage.inputTokens)).toEqual([200]);
    expect(late.all.modelCalls).toBe(1);
    expect(await read({ project: 'another' })).toMatchObject({ groups: [], groupCount: 0, all: { modelCalls: 0 } });
    expect(await api.ask('/api/unpriced', { limit: 501 })).toMatchObject({
      status: 400,
      error: { message: '`limit` must be a whole number from 1 to 500' },
    });
    expect(await api.ask('/api/unpriced', { mdel: 'x' })).toMatchObject({ status: 400 });
  });

  it('takes a name with everything in it as a name', async () => {
    const hostile = `a'"\\ {x:String} *\n🙂`;
    const booked = unpriced({ missing: 'model' }, { provider: 'vllm', model: hostile, inputTokens: 1 });
    await api.ledger.book(booked);
    const { groups } = await read({ model: hostile });
    expect(groups.map(({ model }) => model)).toEqual([hostile]);
    expect(JSON.parse(groups[0]?.override?.text ?? '')).toEqual({
      ...{ provider: 'vllm', model: hostile },
      per_million: { input: null },
    });
    await api.ledger.reverse(booked);
  });
});
