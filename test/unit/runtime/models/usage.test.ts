import { describe, expect, test } from 'vitest';
import { readAnthropicUsage } from '../../../../runtime/models/anthropic-usage.ts';
import { readOpenaiUsage } from '../../../../runtime/models/openai-usage.ts';

describe('OpenAI', () => {
  test('totals include their parts', () => {
    const raw = {
      prompt_tokens: 1_000,
      completion_tokens: 300,
      total_tokens: 1_300,
      prompt_tokens_details: { cached_tokens: 800, cache_write_tokens: 50, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 200, audio_tokens: 3 },
    };
    expect(readOpenaiUsage(raw)).toEqual({
      inputTokens: 1_000,
      cacheReadTokens: 800,
      cacheWrite5mTokens: 50,
      inputAudioTokens: 0,
      outputTokens: 300,
      reasoningTokens: 200,
      outputAudioTokens: 3,
      raw,
    });
  });

  test('parts that were not reported are absent', () => {
    const raw = { prompt_tokens: 7, completion_tokens: 2, prompt_tokens_details: null };
    expect(readOpenaiUsage(raw)).toEqual({ inputTokens: 7, outputTokens: 2, raw });
  });

  test('DeepSeek names its cache otherwise', () => {
    const raw = { prompt_tokens: 7, completion_tokens: 2, prompt_cache_hit_tokens: 4 };
    expect(readOpenaiUsage(raw)?.cacheReadTokens).toBe(4);
  });

  test('reasoning that is in the total only is output', () => {
    const raw = {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 115,
      completion_tokens_details: { reasoning_tokens: 100 },
    };
    expect(readOpenaiUsage(raw)).toMatchObject({ outputTokens: 105, reasoningTokens: 100 });
  });

  test.each([
    undefined,
    null,
    {},
    'many',
    { prompt_tokens: '7', completion_tokens: 2 },
    { prompt_tokens: -1, completion_tokens: 2 },
  ])('%j counts nothing', (raw) => expect(readOpenaiUsage(raw)).toBeUndefined());
});

describe('Anthropic', () => {
  const start = {
    input_tokens: 10,
    cache_read_input_tokens: 400,
    cache_creation_input_tokens: 50,
    cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
    output_tokens: 1,
    service_tier: 'standard',
  };

  test('the cache is added to the input, the split is kept', () => {
    const usage = readAnthropicUsage(start, {
      output_tokens: 90,
      output_tokens_details: { thinking_tokens: 60 },
      server_tool_use: { web_search_requests: 2 },
    });
    expect(usage).toMatchObject({
      inputTokens: 460,
      cacheReadTokens: 400,
      cacheWrite5mTokens: 20,
      cacheWrite1hTokens: 30,
      outputTokens: 90,
      reasoningTokens: 60,
      webSearches: 2,
      raw: { service_tier: 'standard', output_tokens: 90 },
    });
  });

  test('the end’s totals count, not the start’s: server tools made more iterations', () => {
    const end = {
      input_tokens: 25,
      cache_read_input_tokens: 900,
      cache_creation_input_tokens: 80,
      output_tokens: 200,
      server_tool_use: null,
    };
    expect(readAnthropicUsage(start, end)).toMatchObject({
      inputTokens: 1_005,
      cacheReadTokens: 900,
      cacheWrite5mTokens: 50,
      cacheWrite1hTokens: 30,
      outputTokens: 200,
    });
  });

  test('where all that is known was written for an hour, so was the rest', () => {
    const hour = { ...start, cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 50 } };
    const usage = readAnthropicUsage(hour, { cache_creation_input_tokens: 70, output_tokens: 2 });
    expect(usage).toMatchObject({ cacheWrite5mTokens: 0, cacheWrite1hTokens: 70 });
  });

  test('without a split all of it is five minutes', () => {
    const usage = readAnthropicUsage({ input_tokens: 1, cache_creation_input_tokens: 5, output_tokens: 1 }, undefined);
    expect(usage).toEqual({
      inputTokens: 6,
      cacheWrite5mTokens: 5,
      outputTokens: 1,
      raw: { input_tokens: 1, cache_creation_input_tokens: 5, output_tokens: 1 },
    });
  });

  test('nulls at the end do not hide the start', () => {
    const end = {
      input_tokens: null,
      cache_read_input_tokens: null,
      cache_creation_input_tokens: null,
      output_tokens: 5,
    };
    expect(readAnthropicUsage(start, end)?.inputTokens).toBe(460);
  });

  test('nothing reported is nothing counted', () => {
    expect(readAnthropicUsage(undefined, undefined)).toBeUndefined();
    expect(readAnthropicUsage({}, { output_tokens: 5 })).toBeUndefined();
  });
});
