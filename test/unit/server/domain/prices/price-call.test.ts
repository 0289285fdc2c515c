import { describe, expect, it } from 'vitest';
import { priceCall } from '../../../../../server/domain/prices/price-call.ts';
import { callOf, dollars, type GivenCall, tableBook } from './price-fixture.ts';

function price(given: GivenCall) {
  return priceCall(callOf(given), tableBook);
}

const plain = { inputTokens: 1_000, outputTokens: 100 };

describe('what a call’s amount keeps', () => {
  it('is each unit price with the tokens it applied to, and where it comes from', () => {
    const usage = { inputTokens: 300_000, cacheReadTokens: 100_000, outputTokens: 10, reasoningTokens: 4 };
    expect(price({ provider: 'gcp.gemini', model: 'gemini-2.5-pro', usage })).toEqual({
      status: 'priced',
      // 200_000 × 2.50 + 100_000 × 0.25 + 10 × 15 = 500_000 + 25_000 + 150 = 525_150 per million
      amount: dollars('0.52515'),
      priceVersion: 'genai-prices@1.2.3',
      price: {
        source: 'table',
        provider: 'google',
        model: 'gemini-2.5-pro',
        parts: [
          { usage: 'input', tokens: 200_000, perMillionUsd: '2.5' },
          { usage: 'cacheRead', tokens: 100_000, perMillionUsd: '0.25' },
          { usage: 'output', tokens: 10, perMillionUsd: '15' },
        ],
        aboveInputTokens: 200_000,
      },
    });
  });

  it('names the fee per request', () => {
    expect(price({ provider: 'perplexity', model: 'sonar', usage: plain }).price).toMatchObject({
      perRequestUsd: '0.012',
    });
  });
});

describe('which model is priced', () => {
  it('the one that answered, before the one that was asked', () => {
    // 1_000 × 0.15 + 100 × 0.60 = 210 per million
    expect(price({ requestModel: 'gpt-4o', model: 'gpt-4o-mini', usage: plain }).amount).toBe(dollars('0.00021'));
  });

  it.each([
    // 1_000 × 1.00 + 100 × 5.00 = 1_500 per million; without `global` 1_650
    ['aws.bedrock', 'global.anthropic.claude-haiku-4-5-20251001-v1:0', 'claude-haiku-4-5-20251001', '0.0015'],
    // 1_000 × 2.50 + 100 × 10.00 = 3_500 per million: another model answered than the longer name that was asked
    ['openai', 'openai/gpt-4o-mini', 'gpt-4o', '0.0035'],
    ['openai', 'gpt-4o-mini', 'gpt-4o', '0.0035'],
  ])('of %s %s and %s', (provider, requestModel, model, usd) => {
    expect(price({ provider, requestModel, model, usage: plain }).amount).toBe(dollars(usd));
  });

  it('the one that was asked, where nobody knows the one that answered', () => {
    // 1_000 × 2.50 + 100 × 10 = 3_500 per million
    expect(price({ requestModel: 'gpt-4o', model: 'chatcmpl-x', usage: plain }).amount).toBe(dollars('0.0035'));
  });

  it.each([
    ['a model that nobody knows', { model: 'gpt-77' }],
    [
      'a provider that is named but not in the table, whatever its model is called',
      { provider: 'vllm', model: 'gpt-4o' },
    ],
    ['a model that tells no provider', { provider: '', model: 'llama3' }],
    ['no model', { model: '' }],
    ['a name that ends as a known one does', { provider: 'gcp.gemini', model: 'xxxxxxgemini-2.5-pro' }],
  ])('is unpriced: %s', (_, given) => {
    expect(price({ ...given, usage: plain })).toEqual({
      status: 'unpriced_model',
      amount: null,
      price: { missing: 'model' },
      priceVersion: 'genai-prices@1.2.3',
    });
  });
});

describe('usage that cannot be priced stays unknown', () => {
  it.each<[string, GivenCall, Record<string, unknown>]>([
    [
      'cached input without a price is neither free nor at the full price',
      { model: 'gpt-4o-2024-05-13', usage: { ...plain, cacheReadTokens: 1 } },
      { missing: 'class_price', usage: 'cacheRead' },
    ],
    [
      'cache writes without a price',
      { provider: 'aws.bedrock', model: 'amazon.nova-pro-v1:0', usage: { ...plain, cacheWriteTokens: 1 } },
      { missing: 'class_price', usage: 'cacheWrite' },
    ],
    [
      'one-hour cache writes without a price are not five-minute ones',
      {
        provider: 'aws.bedrock',
        model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
        usage: { ...plain, cacheWriteTokens: 10, cacheWrite1hTokens: 1 },
      },
      { missing: 'class_price', usage: 'cacheWrite1h' },
    ],
    [
      'output of a model that is priced by input',
      { model: 'text-embedding-3-small', usage: plain },
      { missing: 'class_price', usage: 'output' },
    ],
    [
      'audio output of a model with a price for audio input only',
      { model: 'gpt-4o-transcribe', usage: { ...plain, outputAudioTokens: 1 } },
      { missing: 'class_price', usage: 'outputAudio' },
    ],
    [
      'audio of a model that is made for it, where the table has no audio price',
      { model: 'gpt-4o-audio-preview', usage: { ...plain, inputAudioTokens: 1 } },
      { missing: 'class_price', usage: 'inputAudio' },
    ],
    [
      'audio beside cached input: some of it may be the cached',
      {
        provider: 'gcp.gemini',
        model: 'gemini-2.5-flash',
        usage: { ...plain, cacheReadTokens: 1, inputAudioTokens: 1 },
      },
      { missing: 'class_count', usage: 'inputAudio' },
    ],
    ['images', { model: 'gpt-image-1', usage: plain }, { missing: 'class_count', usage: 'input_image_mtok' }],
    ['hours of speech', { model: 'whisper-1', usage: {} }, { missing: 'class_count', usage: 'audio_hours' }],
    [
      'an empty entry of the table whose name does not say that it is free',
      { provider: 'github-copilot', model: 'gpt-4o', usage: plain },
      { missing: 'class_price', usage: 'input' },
    ],
    ['a successful call without token counts', { usage: null }, { missing: 'usage' }],
    ['a batch', { usage: plain, isBatch: true }, { missing: 'service_tier', usage: 'batch' }],
    ['a service tier', { usage: plain, serviceTier: 'Flex' }, { missing: 'service_tier', usage: 'flex' }],
    [
      'parts larger than their whole',
      { usage: { inputTokens: 10, cacheReadTokens: 11 } },
      { missing: 'consistent_counts', usage: 'input' },
    ],
    [
      'more one-hour cache writes than cache writes',
      { provider: 'anthropic', model: 'claude-haiku-4-5', usage: { ...plain, cacheWrite1hTokens: 1 } },
      { missing: 'consistent_counts', usage: 'cacheWrite' },
    ],
    [
      'more five-minute cache writes than cache writes',
      { provider: 'anthropic', model: 'claude-haiku-4-5', usage: { ...plain, cacheWrite5mTokens: 1 } },
      { missing: 'consistent_counts', usage: 'cacheWrite' },
    ],
    ['a negative count', { usage: { inputTokens: -1 } }, { missing: 'plausible_counts' }],
    ['a call of a million dollars', { usage: { inputTokens: 4e11 } }, { missing: 'plausible_counts' }],
    ['a count beyond 2^53', { usage: { inputTokens: 2 ** 60 } }, { missing: 'plausible_counts' }],
    [
      'a sum of calls that may have been of long contexts',
      { provider: 'gcp.gemini', model: 'gemini-2.5-pro', usage: { inputTokens: 200_001 }, isAggregate: true },
      { missing: 'class_count', usage: 'inputTokensOfEachCall' },
    ],
    [
      'a sum of calls with a fee for each',
      { provider: 'perplexity', model: 'sonar', usage: plain, isAggregate: true },
      { missing: 'class_count', usage: 'requests' },
    ],
  ])('%s', (_, given, missing) => {
    const { status, amount, price: reason, priceVersion } = price(given);
    expect({ status, amount, reason }).toEqual({ status: 'unpriced_usage', amount: null, reason: missing });
    expect(priceVersion).toBe('genai-prices@1.2.3');
  });

  it.each(['', 'default', 'standard', 'auto', 'on_demand'])(
    'but service tier `%s` is the list price',
    (serviceTier) => {
      expect(price({ usage: plain, serviceTier }).amount).toBe(dollars('0.0035'));
    },
  );

  it('but a sum of calls that is small enough is priced', () => {
    const given = { provider: 'gcp.gemini', model: 'gemini-2.5-pro', isAggregate: true };
    // 200_000 × 1.25 = 250_000 per million
    expect(price({ ...given, usage: { inputTokens: 200_000 } }).amount).toBe(dollars('0.25'));
  });
});

describe('a failed call', () => {
  it.each<[string, GivenCall]>([
    ['reports nothing', { usage: null }],
    ['reports zeros', { usage: {} }],
    ['is of a model that nobody knows', { model: 'gpt-77', usage: null }],
    ['has a fee per request', { provider: 'perplexity', model: 'sonar', usage: null }],
    ['is said to have cost something', { usage: null, reported: '0.5' }],
  ])('costs nothing where it %s', (_, given) => {
    const { status, amount, price: rule } = price({ ...given, isError: true });
    expect({ status, amount, rule }).toEqual({ status: 'priced', amount: 0n, rule: { rule: 'failed_without_usage' } });
  });

  it('costs its tokens where it reports some', () => {
    // 1_000 × 2.50 = 2_500 per million
    expect(price({ usage: { inputTokens: 1_000 }, isError: true }).amount).toBe(dollars('0.0025'));
  });
});

describe('a reported cost', () => {
  it('is the amount where we know no price, and says what was missing', () => {
    expect(price({ model: 'gpt-77', usage: plain, reported: '0.004200000001' })).toEqual({
      status: 'reported',
      amount: dollars('0.004200000001'),
      price: { missing: 'model' },
      priceVersion: 'reported',
    });
    expect(price({ usage: { ...plain }, isBatch: true, reported: '0.001' }).status).toBe('reported');
    expect(price({ usage: null, reported: '0.001' }).status).toBe('reported');
  });

  it('is not, where we do', () => {
    expect(price({ usage: plain, reported: '9' })).toMatchObject({ status: 'priced', amount: dollars('0.0035') });
  });

  it('is not, where it is zero or no amount: emitters write 0 for what they do not know', () => {
    for (const reported of ['0', '1000000']) {
      expect(price({ model: 'gpt-77', usage: plain, reported })).toMatchObject({
        status: 'unpriced_model',
        amount: null,
      });
    }
  });
});
