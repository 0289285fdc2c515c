import { describe, expect, it } from 'vitest';
import { pricesFile } from '../../../../../server/contract/prices-file.ts';
import { GenaiTable } from '../../../../../server/domain/prices/genai-table.ts';
import { Overrides } from '../../../../../server/domain/prices/overrides.ts';
import { createPriceBook } from '../../../../../server/domain/prices/price-book.ts';
import { priceCall } from '../../../../../server/domain/prices/price-call.ts';
import { callOf, dollars, type GivenCall } from './price-fixture.ts';

/** A price file as a company would keep it. The table has gpt-4.1 at 2.00 in, 0.50 cached, 8.00 out. */
const file = {
  prices: [
    // 0: a contract of one project and one model
    {
      ...{ provider: 'openai', model: 'gpt-4.1', project: 'shop-*', basis: 'negotiated', note: 'contract 12' },
      ...{ effective_from: '2026-07-01', effective_to: '2027-07-01' },
      per_million: { input: '1.8', cache_read: '0.45', output: '7.2' },
      ...{ batch: '0.5', service_tiers: { flex: 0.5, priority: 1.75, 'batch+priority': 0.9 } },
    },
    // 1: a tier with prices of its own, of which a cache read is not cheaper
    {
      ...{ provider: 'google', model: 'gemini-2.5-pro', multiplier: 1 },
      batch: {
        per_million: { input: 0.625, cache_read: 0.125, output: 5 },
        tiers: [{ above_input_tokens: 200_000, per_million: { input: 1.25, cache_read: 0.25, output: 7.5 } }],
      },
    },
    // 2: a class that the table lacks
    {
      ...{ provider: 'aws', model: 'us.anthropic.claude-haiku-4-5*', extends: 'table' },
      per_million: { cache_write_1h: '2.2' },
    },
    // 3: one class otherwise than the table, at every size
    { provider: 'anthropic', model: 'claude-sonnet-4-5*', extends: 'table', per_million: { cache_read: 0.2 } },
    // 4: a discount on everything else of a provider
    { provider: 'anthropic', model: '*', multiplier: '0.9', batch: 0.5, basis: 'negotiated' },
    // 5: a model of one's own that costs nothing a token
    { provider: 'ollama', model: '*', per_million: 0, basis: 'self_hosted' },
    // 6: one that has a price of its own, with long contexts
    {
      ...{ provider: 'vllm', model: 'acme/*', basis: 'self_hosted', per_million: 0.07 },
      tiers: [{ above_input_tokens: 32_000, per_million: { input: 0.11 } }],
    },
    // 7: billed by the call
    { provider: 'stability', model: 'image-*', per_million: 0, per_request: '0.04' },
    // 8: embeddings, audio
    { provider: 'acme', model: 'embed', per_million: { input: 0.013 } },
    {
      ...{ provider: 'acme', model: 'voice' },
      per_million: { input: 0.6, input_audio: 10, output: 2.4, output_audio: 20 },
      batch: { per_million: { input: 0.3, input_audio: 5, output: 1.2, output_audio: 10 }, per_request: 0.001 },
    },
    // 10: a tier of a model whose standard price is the table's
    {
      provider: 'openai',
      model: 'gpt-5-mini',
      service_tiers: { Flex: 0.5, priority: { per_million: { input: 0.45, output: 3.6 } } },
    },
    // 11: free
    {
      provider: 'partner',
      model: 'beta',
      per_million: { input: 0, output: 0 },
      basis: 'free',
      effective_to: '2026-12-01',
    },
  ],
};

const overrides = new Overrides(pricesFile.parse(file), 'f'.repeat(64));
const book = createPriceBook({ table: new GenaiTable('1.2.3'), overrides });
const own = (index: number) => `file:ffffffffffff#${index}`;
const adjusted = (index: number) => `${own(index)}+genai-prices@1.2.3`;

/** Every line is computed by hand: `sum` is the arithmetic (tokens × dollars per million), `usd` its result. */
interface HandComputed extends GivenCall {
  what: string;
  sum: string;
  usd: string;
  version: string;
}

const shop = { projectId: 'shop-eu', provider: 'openai', model: 'gpt-4.1' };
const shopUsage = { inputTokens: 10_000, cacheReadTokens: 4_000, outputTokens: 1_000 };

const negotiated: HandComputed[] = [
  {
    ...shop,
    what: 'a contract of one project',
    usage: shopUsage,
    sum: '6_000 × 1.8 + 4_000 × 0.45 + 1_000 × 7.2 = 10_800 + 1_800 + 7_200 = 19_800 per million',
    usd: '0.0198',
    version: own(0),
  },
  {
    ...shop,
    what: 'the same call in another project',
    projectId: 'lab',
    usage: shopUsage,
    sum: '6_000 × 2 + 4_000 × 0.5 + 1_000 × 8 = 12_000 + 2_000 + 8_000 = 22_000 per million',
    usd: '0.022',
    version: 'genai-prices@1.2.3',
  },
  {
    ...shop,
    what: 'the same call before the contract',
    at: '2026-06-30T23:59:59.999Z',
    usage: shopUsage,
    sum: '22_000 per million, as above',
    usd: '0.022',
    version: 'genai-prices@1.2.3',
  },
  {
    what: 'a discount of a provider, with cache reads and both kinds of writes',
    provider: 'anthropic',
    model: 'claude-opus-4-6',
    usage: {
      ...{ inputTokens: 10_000, cacheReadTokens: 6_000, outputTokens: 700 },
      ...{ cacheWriteTokens: 3_000, cacheWrite5mTokens: 1_000, cacheWrite1hTokens: 2_000 },
    },
    sum:
      '(1_000 × 5 + 6_000 × 0.5 + 1_000 × 6.25 + 2_000 × 10 + 700 × 25) × 0.9 = ' +
      '(5_000 + 3_000 + 6_250 + 20_000 + 17_500) × 0.9 = 51_750 × 0.9 = 46_575 per million',
    usd: '0.046575',
    version: adjusted(4),
  },
  {
    what: 'the discount and the half price of a batch',
    provider: 'anthropic',
    model: 'claude-opus-4-6',
    isBatch: true,
    usage: { inputTokens: 1_000, outputTokens: 100 },
    sum: '(1_000 × 5 + 100 × 25) × 0.9 × 0.5 = 7_500 × 0.45 = 3_375 per million',
    usd: '0.003375',
    version: adjusted(4),
  },
];

const serviceTiers: HandComputed[] = [
  {
    ...shop,
    what: 'a batch at half the contract',
    isBatch: true,
    usage: shopUsage,
    sum: '19_800 × 0.5 = 9_900 per million',
    usd: '0.0099',
    version: own(0),
  },
  {
    ...shop,
    what: 'a batch that says so as its service tier, and once more as a batch',
    isBatch: true,
    serviceTier: 'Batch',
    usage: shopUsage,
    sum: '19_800 × 0.5 = 9_900 per million',
    usd: '0.0099',
    version: own(0),
  },
  {
    ...shop,
    what: 'flex',
    serviceTier: 'flex',
    usage: shopUsage,
    sum: '19_800 × 0.5 = 9_900 per million',
    usd: '0.0099',
    version: own(0),
  },
  {
    ...shop,
    what: 'priority',
    serviceTier: 'priority',
    usage: shopUsage,
    sum: '19_800 × 1.75 = 34_650 per million',
    usd: '0.03465',
    version: own(0),
  },
  {
    ...shop,
    what: 'a batch of priority calls, which has a factor of its own',
    isBatch: true,
    serviceTier: 'priority',
    usage: shopUsage,
    sum: '19_800 × 0.9 = 17_820 per million',
    usd: '0.01782',
    version: own(0),
  },
  {
    ...shop,
    what: 'the standard tier by its name',
    serviceTier: 'default',
    usage: shopUsage,
    sum: '19_800 per million',
    usd: '0.0198',
    version: own(0),
  },
  {
    what: 'a batch with prices of its own, where cached input is not half of half',
    provider: 'gcp.gemini',
    model: 'gemini-2.5-pro',
    isBatch: true,
    usage: { inputTokens: 100_000, cacheReadTokens: 40_000, outputTokens: 2_000 },
    sum: '60_000 × 0.625 + 40_000 × 0.125 + 2_000 × 5 = 37_500 + 5_000 + 10_000 = 52_500 per million',
    usd: '0.0525',
    version: adjusted(1),
  },
  {
    what: 'the same batch with a long context',
    provider: 'gcp.gemini',
    model: 'gemini-2.5-pro',
    isBatch: true,
    usage: { inputTokens: 200_001, cacheReadTokens: 100_000, outputTokens: 1_000 },
    sum: '100_001 × 1.25 + 100_000 × 0.25 + 1_000 × 7.5 = 125_001.25 + 25_000 + 7_500 = 157_501.25 per million',
    usd: '0.15750125',
    version: adjusted(1),
  },
  {
    what: 'the same model outside of a batch, at the list price',
    provider: 'gcp.gemini',
    model: 'gemini-2.5-pro',
    usage: { inputTokens: 100_000, cacheReadTokens: 40_000, outputTokens: 2_000 },
    sum: '60_000 × 1.25 + 40_000 × 0.125 + 2_000 × 10 = 75_000 + 5_000 + 20_000 = 100_000 per million',
    usd: '0.1',
    version: adjusted(1),
  },
  {
    what: 'flex at half the list price, however it is spelled',
    model: 'gpt-5-mini',
    serviceTier: 'FLEX',
    usage: { inputTokens: 8_000, cacheReadTokens: 4_000, outputTokens: 500 },
    sum: '(4_000 × 0.25 + 4_000 × 0.025 + 500 × 2) × 0.5 = (1_000 + 100 + 1_000) × 0.5 = 1_050 per million',
    usd: '0.00105',
    version: adjusted(10),
  },
  {
    what: 'priority with prices of its own',
    model: 'gpt-5-mini',
    serviceTier: 'priority',
    usage: { inputTokens: 8_000, outputTokens: 500 },
    sum: '8_000 × 0.45 + 500 × 3.6 = 3_600 + 1_800 = 5_400 per million',
    usd: '0.0054',
    version: adjusted(10),
  },
];

const classes: HandComputed[] = [
  {
    what: 'one-hour cache writes that the table has no price for, five-minute ones at the table’s',
    provider: 'aws.bedrock',
    model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    usage: {
      ...{ inputTokens: 5_000, cacheReadTokens: 1_000, outputTokens: 100 },
      ...{ cacheWriteTokens: 3_000, cacheWrite5mTokens: 1_000, cacheWrite1hTokens: 2_000 },
    },
    sum:
      '1_000 × 1.1 + 1_000 × 0.11 + 1_000 × 1.375 + 2_000 × 2.2 + 100 × 5.5 = ' +
      '1_100 + 110 + 1_375 + 4_400 + 550 = 7_535 per million',
    usd: '0.007535',
    version: adjusted(2),
  },
  {
    what: 'cache reads otherwise than the table, the rest at its price of long contexts',
    provider: 'anthropic',
    model: 'claude-sonnet-4-5-20250929',
    usage: { inputTokens: 300_000, cacheReadTokens: 250_000, outputTokens: 100 },
    sum: '50_000 × 6 + 250_000 × 0.2 + 100 × 22.5 = 300_000 + 50_000 + 2_250 = 352_250 per million',
    usd: '0.35225',
    version: adjusted(3),
  },
  {
    what: 'embeddings',
    provider: 'acme',
    model: 'embed',
    usage: { inputTokens: 7_777 },
    sum: '7_777 × 0.013 = 101.101 per million',
    usd: '0.000101101',
    version: own(8),
  },
  {
    what: 'audio in and out',
    provider: 'acme',
    model: 'voice',
    usage: { inputTokens: 3_000, inputAudioTokens: 2_500, outputTokens: 800, outputAudioTokens: 700 },
    sum: '500 × 0.6 + 2_500 × 10 + 100 × 2.4 + 700 × 20 = 300 + 25_000 + 240 + 14_000 = 39_540 per million',
    usd: '0.03954',
    version: own(9),
  },
  {
    what: 'audio in a batch, with a fee for each call',
    provider: 'acme',
    model: 'voice',
    isBatch: true,
    usage: { inputTokens: 3_000, inputAudioTokens: 2_500, outputTokens: 800, outputAudioTokens: 700 },
    sum: '500 × 0.3 + 2_500 × 5 + 100 × 1.2 + 700 × 10 = 19_770 per million, and 0.001',
    usd: '0.02077',
    version: own(9),
  },
];

const ownModels: HandComputed[] = [
  {
    what: 'one’s own machine, at nothing a token',
    provider: 'ollama',
    model: 'llama3.3',
    usage: {
      inputTokens: 10_000,
      cacheReadTokens: 5_000,
      inputAudioTokens: 100,
      outputTokens: 900,
      reasoningTokens: 800,
    },
    sum: '10_900 × 0',
    usd: '0',
    version: own(5),
  },
  {
    what: 'the same without a count of tokens: nothing, whatever they were',
    provider: 'ollama',
    model: 'llama3.3',
    usage: null,
    sum: '? × 0',
    usd: '0',
    version: own(5),
  },
  {
    what: 'one price for every class',
    provider: 'vllm',
    model: 'acme/chat-8b',
    usage: {
      inputTokens: 20_000,
      cacheReadTokens: 8_000,
      inputAudioTokens: 50,
      outputTokens: 1_000,
      reasoningTokens: 300,
    },
    sum: '(12_000 + 8_000 + 1_000) × 0.07 = 1_470 per million',
    usd: '0.00147',
    version: own(6),
  },
  {
    what: 'one price for every class, but for the input of a long context',
    provider: 'vllm',
    model: 'acme/chat-8b',
    usage: { inputTokens: 40_000, cacheReadTokens: 8_000, outputTokens: 1_000 },
    sum: '32_000 × 0.11 + 8_000 × 0.07 + 1_000 × 0.07 = 3_520 + 560 + 70 = 4_150 per million',
    usd: '0.00415',
    version: own(6),
  },
  {
    what: 'a fee for each call and nothing for tokens, counted or not',
    provider: 'stability',
    model: 'image-core',
    usage: null,
    sum: '0.04',
    usd: '0.04',
    version: own(7),
  },
  {
    what: 'what is free until a day',
    provider: 'partner',
    model: 'beta',
    at: '2026-11-30T23:59:59Z',
    usage: { inputTokens: 10_000, outputTokens: 900 },
    sum: '10_900 × 0',
    usd: '0',
    version: own(11),
  },
];

describe('prices of the override file computed by hand', () => {
  it.each([...negotiated, ...serviceTiers, ...classes, ...ownModels])('$what: $sum', (given) => {
    const { status, amount, priceVersion } = priceCall(callOf(given), book);
    expect({ status, amount, priceVersion }).toEqual({
      status: 'priced',
      amount: dollars(given.usd),
      priceVersion: given.version,
    });
  });

  it('say what they are', () => {
    const usage = { inputTokens: 1_000 };
    expect(priceCall(callOf({ ...shop, usage }), book).price).toMatchObject({
      basis: 'negotiated',
      note: 'contract 12',
    });
    expect(priceCall(callOf({ provider: 'ollama', model: 'm', usage }), book).price).toMatchObject({
      source: 'file',
      basis: 'self_hosted',
      parts: [{ usage: 'input', tokens: 1_000, perMillionUsd: '0' }],
    });
    const batch = { provider: 'gcp.gemini', model: 'gemini-2.5-pro', isBatch: true, usage };
    expect(priceCall(callOf(batch), book).price).toMatchObject({ serviceTier: 'batch' });
  });
});

describe('what the override file does not say stays unknown', () => {
  it.each<[string, GivenCall, Record<string, unknown>]>([
    ['a tier', { ...shop, serviceTier: 'scale', usage: shopUsage }, { missing: 'service_tier', usage: 'scale' }],
    [
      'a batch of another tier: which of both factors counts is no guess of ours',
      { ...shop, isBatch: true, serviceTier: 'flex', usage: shopUsage },
      { missing: 'service_tier', usage: 'batch+flex' },
    ],
    [
      'a class in the prices of a tier: it is not the standard one’s',
      {
        ...{ provider: 'gcp.gemini', model: 'gemini-2.5-pro', isBatch: true },
        usage: { inputTokens: 10, cacheWriteTokens: 5 },
      },
      { missing: 'class_price', usage: 'cacheWrite' },
    ],
    [
      'a cached read of a priority tier with prices of its own',
      { model: 'gpt-5-mini', serviceTier: 'priority', usage: { inputTokens: 10, cacheReadTokens: 1 } },
      { missing: 'class_price', usage: 'cacheRead' },
    ],
    [
      'a class of an entry that does not extend the table',
      { ...shop, usage: { inputTokens: 10, cacheWriteTokens: 5 } },
      { missing: 'class_price', usage: 'cacheWrite' },
    ],
    [
      'the sum of calls that are billed by the call',
      { provider: 'stability', model: 'image-core', usage: null, isAggregate: true },
      { missing: 'class_count', usage: 'requests' },
    ],
    [
      'a call without counts that may have a long context',
      { provider: 'vllm', model: 'acme/chat-8b', usage: null },
      { missing: 'usage' },
    ],
    ['a call without counts of an unknown tier', { ...shop, serviceTier: 'scale', usage: null }, { missing: 'usage' }],
  ])('%s', (_, given, missing) => {
    const { status, amount, price } = priceCall(callOf(given), book);
    expect({ status, amount, price }).toEqual({ status: 'unpriced_usage', amount: null, price: missing });
  });

  it('a free model after its last free day', () => {
    const given = { provider: 'partner', model: 'beta', at: '2026-12-01T00:00:00Z', usage: { inputTokens: 1 } };
    expect(priceCall(callOf(given), book).status).toBe('unpriced_model');
  });
});
