import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pricesFile } from '../../../../../server/contract/prices-file.ts';
import { GenaiTable } from '../../../../../server/domain/prices/genai-table.ts';
import { matchesPattern, Overrides } from '../../../../../server/domain/prices/overrides.ts';
import { createPriceBook } from '../../../../../server/domain/prices/price-book.ts';
import { priceCall } from '../../../../../server/domain/prices/price-call.ts';
import { atTime, callOf, dollars, type GivenCall } from './price-fixture.ts';

const hash = '0123456789abcdef'.repeat(4);

/** Prices calls by a file with these entries over the table. */
function withEntries(...prices: unknown[]) {
  const overrides = new Overrides(pricesFile.parse({ prices }), hash);
  const book = createPriceBook({ table: new GenaiTable('1.2.3'), overrides });
  return { book, price: (given: GivenCall) => priceCall(callOf(given), book) };
}

const plain = { inputTokens: 1_000, outputTokens: 100 };

describe('an entry of the override file', () => {
  it('wins over the price table and says so', () => {
    const { price } = withEntries(
      { provider: 'openai', model: 'other', per_million: { input: 1 } },
      { provider: 'openai', model: 'gpt-4o', per_million: { input: '2.00', output: 8 }, note: 'contract 7' },
    );
    expect(price({ usage: plain })).toEqual({
      status: 'priced',
      // 1_000 × 2.00 + 100 × 8.00 = 2_000 + 800 = 2_800 per million
      amount: dollars('0.0028'),
      priceVersion: 'file:0123456789ab#1',
      price: {
        source: 'file',
        provider: 'openai',
        model: 'gpt-4o',
        parts: [
          { usage: 'input', tokens: 1_000, perMillionUsd: '2' },
          { usage: 'output', tokens: 100, perMillionUsd: '8' },
        ],
        note: 'contract 7',
      },
    });
  });

  it('prices what the table does not know: a model of one’s own', () => {
    const { price } = withEntries({
      ...{ provider: 'vllm', model: 'acme/*', per_million: { input: 0.05, cache_read: 0.01, output: 0.1 } },
      per_request: '0.0001',
    });
    const usage = { inputTokens: 1_000, cacheReadTokens: 500, outputTokens: 1_000 };
    // 500 × 0.05 + 500 × 0.01 + 1_000 × 0.10 = 25 + 5 + 100 = 130 per million, and 0.0001 for the request
    expect(price({ provider: 'vllm', model: 'Acme/Tuned-8B', usage }).amount).toBe(dollars('0.00023'));
    expect(price({ provider: 'vllm', model: 'other', usage }).status).toBe('unpriced_model');
  });

  it('leaves what it does not name to the table', () => {
    const { price } = withEntries({ provider: 'openai', model: 'gpt-4o', per_million: { input: 1 } });
    // 1_000 × 0.15 + 100 × 0.60 = 210 per million
    expect(price({ model: 'gpt-4o-mini', usage: plain })).toMatchObject({
      amount: dollars('0.00021'),
      priceVersion: 'genai-prices@1.2.3',
    });
  });

  it('that has no price for a class of tokens does not borrow the table’s', () => {
    const { price } = withEntries({ provider: 'openai', model: 'gpt-4o', per_million: { input: 1 } });
    expect(price({ usage: plain })).toMatchObject({
      status: 'unpriced_usage',
      price: { missing: 'class_price', usage: 'output' },
      priceVersion: 'file:0123456789ab#0',
    });
  });

  it('that is an earlier one in the file wins', () => {
    const { price } = withEntries(
      { provider: 'openai', model: 'gpt-4o-2024*', per_million: { input: 1, output: 1 } },
      { provider: '*', model: '*', per_million: { input: 9, output: 9 } },
    );
    expect(price({ model: 'gpt-4o-2024-08-06', usage: plain }).priceVersion).toBe('file:0123456789ab#0');
    expect(price({ provider: '', model: 'anything', usage: plain }).priceVersion).toBe('file:0123456789ab#1');
  });

  it('goes by the response model first, then by the request model, before any of the table', () => {
    const { price } = withEntries(
      { provider: 'openai', model: 'gpt-4o', per_million: { input: 1, output: 1 } },
      { provider: 'openai', model: 'gpt-4o-2024-11-20', per_million: { input: 2, output: 2 } },
    );
    const asked = { requestModel: 'gpt-4o', usage: plain };
    expect(price({ ...asked, model: 'gpt-4o-2024-11-20' }).priceVersion).toBe('file:0123456789ab#1');
    expect(price({ ...asked, model: 'gpt-4o-2024-08-06' }).priceVersion).toBe('file:0123456789ab#0');
  });

  it('names the provider as spans do or as the table does', () => {
    for (const provider of ['gcp.vertex_ai', 'google']) {
      const { price } = withEntries({ provider, model: 'gemini-*', per_million: { input: 1, output: 1 } });
      const given = { model: 'gemini-2.5-pro', usage: plain };
      expect(price({ ...given, provider: 'gcp.vertex_ai' }).priceVersion).toBe('file:0123456789ab#0');
      expect(price({ ...given, provider: 'anthropic' }).status).toBe('unpriced_model');
      // Without a provider the model’s name tells the table’s.
      expect(price({ ...given, provider: '' }).priceVersion.startsWith('file')).toBe(provider === 'google');
    }
  });

  it('is in force from effective_from until just before effective_to', () => {
    const { price } = withEntries({
      ...{ provider: 'openai', model: 'gpt-4o', per_million: { input: 1, output: 1 } },
      ...{ effective_from: '2026-07-01', effective_to: '2026-10-01T02:00:00+02:00' },
    });
    const versionAt = (at: string) => price({ at, usage: plain }).priceVersion;
    expect(versionAt('2026-06-30T23:59:59.999Z')).toBe('genai-prices@1.2.3');
    expect(versionAt('2026-07-01T00:00:00Z')).toBe('file:0123456789ab#0');
    expect(versionAt('2026-09-30T23:59:59.999Z')).toBe('file:0123456789ab#0');
    expect(versionAt('2026-10-01T00:00:00Z')).toBe('genai-prices@1.2.3');
  });

  it('has tiers by input, of which a class left out costs what it costs below', () => {
    const { price } = withEntries({
      ...{ provider: 'x', model: 'm', per_million: { input: 1, cache_read: 0.1, output: 4 } },
      tiers: [
        { above_input_tokens: 1_000, per_million: { input: 2, output: 8 } },
        { above_input_tokens: 10_000, per_million: { input: 3 } },
      ],
    });
    const amountOf = (inputTokens: number) =>
      price({ provider: 'x', model: 'm', usage: { inputTokens, cacheReadTokens: 100, outputTokens: 10 } }).amount;
    // 900 × 1 + 100 × 0.1 + 10 × 4 = 900 + 10 + 40 = 950 per million
    expect(amountOf(1_000)).toBe(dollars('0.00095'));
    // 901 × 2 + 100 × 0.1 + 10 × 8 = 1_802 + 10 + 80 = 1_892 per million
    expect(amountOf(1_001)).toBe(dollars('0.001892'));
    // 9_901 × 3 + 100 × 0.1 + 10 × 8 = 29_703 + 10 + 80 = 29_793 per million
    expect(amountOf(10_001)).toBe(dollars('0.029793'));
  });

  it('has factors for batches and service tiers', () => {
    const { price } = withEntries({
      ...{ provider: 'openai', model: 'gpt-4o', per_million: { input: 2.5, output: 10 } },
      ...{ batch: '0.5', service_tiers: { priority: 1.7 } },
    });
    // (1_000 × 2.50 + 100 × 10) × 0.5 = 3_500 × 0.5 = 1_750 per million
    expect(price({ usage: plain, isBatch: true }).amount).toBe(dollars('0.00175'));
    expect(price({ usage: plain, serviceTier: 'batch' }).amount).toBe(dollars('0.00175'));
    // 3_500 × 1.7 = 5_950 per million
    expect(price({ usage: plain, serviceTier: 'Priority' })).toMatchObject({
      amount: dollars('0.00595'),
      price: {
        parts: [
          { usage: 'input', perMillionUsd: '4.25' },
          { usage: 'output', perMillionUsd: '17' },
        ],
        factors: [{ of: 'priority', factor: '1.7' }],
      },
    });
    expect(price({ usage: plain, serviceTier: 'flex' }).price).toEqual({ missing: 'service_tier', usage: 'flex' });
  });

  it('without prices of its own adjusts those of the table', () => {
    const { price, book } = withEntries({
      ...{ provider: 'openai', model: '*', multiplier: 0.88, batch: 0.5 },
      ...{ effective_from: '2025-01-01', effective_to: '2027-01-01' },
    });
    // (1_000 × 2.50 + 100 × 10) × 0.88 = 3_500 × 0.88 = 3_080 per million
    expect(price({ usage: plain })).toMatchObject({
      amount: dollars('0.00308'),
      priceVersion: 'file:0123456789ab#0+genai-prices@1.2.3',
      price: { provider: 'openai', model: 'gpt-4o', factors: [{ of: 'multiplier', factor: '0.88' }] },
    });
    // 3_500 × 0.88 × 0.5 = 1_540 per million
    expect(price({ usage: plain, isBatch: true }).amount).toBe(dollars('0.00154'));
    expect(price({ model: 'gpt-77', usage: plain })).toMatchObject({
      status: 'unpriced_model',
      priceVersion: 'file:0123456789ab+genai-prices@1.2.3',
    });
    const at = atTime('2026-01-01T00:00:00Z');
    const fallen = book.find({ projectId: 'default', provider: 'openai', models: ['o3'], at });
    expect([fallen?.from, fallen?.to].map((time) => new Date(Number(time) / 1e6).toISOString().slice(0, 10))).toEqual([
      '2025-06-10',
      '2027-01-01',
    ]);
  });

  it('takes audio for text unless it has an audio price', () => {
    const usage = { inputTokens: 1_000, inputAudioTokens: 400 };
    const text = withEntries({ provider: 'x', model: 'm', per_million: { input: 1 } });
    const audio = withEntries({ provider: 'x', model: 'm', per_million: { input: 1, input_audio: 10 } });
    // 1_000 × 1 per million, and 600 × 1 + 400 × 10 = 4_600 per million
    expect(text.price({ provider: 'x', model: 'm', usage }).amount).toBe(dollars('0.001'));
    expect(audio.price({ provider: 'x', model: 'm', usage }).amount).toBe(dollars('0.0046'));
  });
});

describe('a pattern', () => {
  it.each([
    ['gpt-4o', 'gpt-4o', true],
    ['gpt-4o', 'gpt-4o-mini', false],
    ['gpt-4o*', 'gpt-4o', true],
    ['gpt-4o*', 'gpt-4o-mini', true],
    ['*-mini', 'gpt-4o-mini', true],
    ['*4o*', 'gpt-4o-mini', true],
    ['g*4*mini', 'gpt-4o-mini', true],
    ['ab*ba', 'aba', false],
    ['a*b*b', 'ab', false],
    ['a.c', 'abc', false],
    ['*', '', true],
    ['**', 'x', true],
  ])('%s and %s: %s', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  it('matches as a regular expression would', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(letters, letters, (pattern, given) => {
        const text = given.replaceAll('*', 'a');
        expect(matchesPattern(pattern, text)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text));
      }),
    );
  });
});
