import { describe, expect, test } from 'vitest';
import { boundInputTokens, worstCaseUsd } from '../../../../runtime/budgets/estimate.ts';
import type { Message, ModelRequest } from '../../../../runtime/models/model.ts';
import { countInputTokens } from '../../../../runtime/models/simulated-tokens.ts';
import { simulatedPrice, toPrice } from '../../../../runtime/models/own-price.ts';
import type { Price } from '../../../../runtime/run/price-usage.ts';

const request = (messages: Message[], more: Partial<ModelRequest> = {}): ModelRequest => ({
  ...{ model: 'm', messages, tools: [], ...more },
});
const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] });
const rates = { input: '3', cacheRead: '0.3', cacheWrite: '3.75', cacheWrite1h: '6', output: '15', reasoning: null };
const price = (more: Partial<Price> = {}): Price => ({
  ...{ perMillionUsd: rates, perRequestUsd: null, tiers: [], multiplier: null, ...more },
});

describe('the input of a call', () => {
  test('has no more tokens than bytes, whatever the script', () => {
    // Tokens of o200k: 5, 3 and 6.
    for (const text of ['Where is my order 1042?', 'Grüße', '注文はどこですか', '👩‍👩‍👧‍👦']) {
      expect(boundInputTokens(request([user(text)]))).toBe(16 + Buffer.byteLength(text));
    }
  });

  test('grows with everything that is sent along', () => {
    const plain = boundInputTokens(request([user('x')]));
    const tool = { name: 'find', description: 'Finds.', input: { type: 'object' } };
    const more: ModelRequest[] = [
      request([{ role: 'system', text: 'Help.' }, user('x')]),
      request([user('x')], { tools: [tool] }),
      request([user('x')], { output: { name: 'a', schema: { type: 'object' } } }),
      request([user('x')], { passthrough: { logit_bias: { 5: 1 } } }),
      request([
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'image', url: 'https://x/y.png' },
          ],
        },
      ]),
      request([
        user('x'),
        { role: 'assistant', text: '', toolCalls: [{ id: 'c', name: 'find', arguments: '{}' }] },
        { role: 'tool', callId: 'c', name: 'find', text: 'found', isError: false },
      ]),
      request([
        user('x'),
        { role: 'assistant', text: '', toolCalls: [], state: { provider: 'p', blocks: ['signed'] } },
      ]),
    ];
    for (const one of more) {
      expect(boundInputTokens(one)).toBeGreaterThan(plain);
      expect(boundInputTokens(one)).toBeGreaterThan(countInputTokens(one));
    }
  });

  test('an image is as dear as the dearest known, however short its address', () => {
    const image: Message = { role: 'user', content: [{ type: 'image', url: 'https://x/y.png' }] };
    expect(boundInputTokens(request([image]))).toBe(50_016);
  });
});

describe('the worst case of a call', () => {
  test('is every token at the dearest way to bill it', () => {
    // 1,000 × 3.75 (written to the cache) + 100 × 15 = 5,250 per million
    expect(worstCaseUsd(price(), { inputTokens: 1_000, outputTokens: 100 })).toBe('0.00525');
    const thinking = price({ perMillionUsd: { ...rates, reasoning: '20' } });
    expect(worstCaseUsd(thinking, { inputTokens: 1_000, outputTokens: 100 })).toBe('0.00575');
  });

  test('has the price of a request and the factor on everything, rounded up', () => {
    expect(worstCaseUsd(price({ perRequestUsd: '0.01' }), { inputTokens: 0, outputTokens: 0 })).toBe('0.01');
    expect(worstCaseUsd(price({ multiplier: '1.1' }), { inputTokens: 1_000, outputTokens: 0 })).toBe('0.004125');
    const tiny = price({ perMillionUsd: { ...rates, input: '0.0000001', cacheWrite: null } });
    expect(worstCaseUsd(tiny, { inputTokens: 1, outputTokens: 0 })).toBe('0.000000000001');
  });

  test('counts a tier that the input may reach, and none that it cannot', () => {
    const tiered = price({
      tiers: [{ aboveInputTokens: 1_000, perMillionUsd: { ...rates, input: '6', cacheWrite: null, output: '30' } }],
    });
    expect(worstCaseUsd(tiered, { inputTokens: 1_000, outputTokens: 0 })).toBe('0.00375');
    expect(worstCaseUsd(tiered, { inputTokens: 2_000, outputTokens: 100 })).toBe('0.015');
  });

  test('is unknown where input or output has no price', () => {
    for (const missing of [{ input: null }, { output: null }]) {
      const partly = price({ perMillionUsd: { ...rates, ...missing } });
      expect(worstCaseUsd(partly, { inputTokens: 1, outputTokens: 1 })).toBeUndefined();
    }
  });
});

describe('a price that is no table’s', () => {
  test('of a definition: what is cached costs as input where nothing else is said', () => {
    expect(toPrice({ input: '0.2', output: '0.6' })).toEqual({
      perMillionUsd: {
        ...{ input: '0.2', output: '0.6', reasoning: null, cacheRead: '0.2', cacheWrite: '0.2', cacheWrite1h: '0.2' },
      },
      ...{ perRequestUsd: null, tiers: [], multiplier: null },
    });
  });

  test('of a simulated model: by its name, or as its definition says', () => {
    expect(simulatedPrice('careful', undefined).perMillionUsd).toMatchObject({
      input: '3.000000',
      output: '15.000000',
    });
  });
});
