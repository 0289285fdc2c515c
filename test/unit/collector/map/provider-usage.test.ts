import { describe, expect, it } from 'vitest';
import { readProviderUsage } from '../../../../collector/map/provider-usage.ts';
import { mapSpan } from '../../../../collector/map/span.ts';
import { spanOf } from './otlp-fixture.ts';

const json = (value: unknown) => JSON.stringify(value);

describe('the counts in a response', () => {
  it.each([
    [
      'of OpenAI chat completions',
      { usage: { prompt_tokens: 100, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 64 } } },
      { input: 100n, output: 20n, cacheRead: 64n },
    ],
    [
      'of OpenAI responses',
      { usage: { input_tokens: 9, output_tokens: 8, output_tokens_details: { reasoning_tokens: 5 } } },
      { input: 9n, output: 8n, reasoning: 5n },
    ],
    [
      'of one that speaks as OpenAI does and leaves reasoning out of the answer',
      {
        usage: {
          ...{ prompt_tokens: 10, completion_tokens: 20, total_tokens: 42 },
          completion_tokens_details: { reasoning_tokens: 12 },
        },
      },
      { input: 10n, output: 32n, reasoning: 12n },
    ],
    [
      'of Anthropic messages',
      { usage: { input_tokens: 4, output_tokens: 3, cache_read_input_tokens: 2, cache_creation_input_tokens: 1 } },
      { input: 7n, output: 3n, cacheRead: 2n, cacheWrite: 1n },
    ],
    [
      'of Bedrock Converse',
      {
        usage: { inputTokens: 4, outputTokens: 3, cacheReadInputTokens: 2, cacheWriteInputTokens: 1, totalTokens: 10 },
      },
      { input: 7n, output: 3n, cacheRead: 2n, cacheWrite: 1n },
    ],
    [
      'of Gemini',
      {
        usageMetadata: {
          ...{ promptTokenCount: 10, candidatesTokenCount: 20, thoughtsTokenCount: 5 },
          ...{ cachedContentTokenCount: 8, toolUsePromptTokenCount: 1 },
        },
      },
      { input: 11n, output: 25n, cacheRead: 8n, reasoning: 5n },
    ],
    [
      'of LangChain, which has them on the message',
      {
        generations: [
          [
            {
              message: {
                kwargs: {
                  usage_metadata: {
                    ...{ input_tokens: 50, output_tokens: 5, total_tokens: 55 },
                    input_token_details: { cache_read: 40, cache_creation: 6 },
                  },
                },
              },
            },
          ],
        ],
        llm_output: { usage: { input_tokens: 4, output_tokens: 5, cache_read_input_tokens: 40 } },
      },
      { input: 50n, output: 5n, cacheRead: 40n, cacheWrite: 6n },
    ],
    [
      'of LangChain before it had them there',
      { generations: [[{ text: 'x' }]], llm_output: { token_usage: { prompt_tokens: 3, completion_tokens: 2 } } },
      { input: 3n, output: 2n },
    ],
  ])('%s', (_name, response, expected) => {
    const counts = Object.entries(readProviderUsage(response) ?? {}).filter(([, count]) => count !== undefined);
    expect(Object.fromEntries(counts.filter(([name]) => name !== 'total'))).toEqual(expected);
  });

  it.each([[undefined], ['text'], [[]], [{}], [{ usage: null }], [{ usage: { cost: 1 } }], [{ generations: [] }]])(
    'are absent in %j',
    (response) => {
      expect(readProviderUsage(response)).toBeUndefined();
    },
  );
});

describe('a span that counts worse than the response on it', () => {
  it('OpenInference Anthropic 0.1.17 puts down no cached tokens of a stream', () => {
    const { row } = mapSpan(
      spanOf({
        'openinference.span.kind': 'LLM',
        'llm.model_name': 'claude-3-7-sonnet-20250219',
        'llm.token_count.prompt': 12,
        'llm.token_count.completion': 30,
        'llm.token_count.total': 42,
        'output.mime_type': 'application/json',
        'output.value': json({
          ...{ type: 'message', content: [{ type: 'text', text: 'hi' }] },
          usage: { input_tokens: 12, output_tokens: 30, cache_read_input_tokens: 8, cache_creation_input_tokens: 900 },
        }),
      }),
      'p',
    );
    expect(row).toMatchObject({
      ...{ input_tokens: 920n, output_tokens: 30n },
      ...{ cache_read_tokens: 8n, cache_write_tokens: 900n },
    });
  });

  it('Logfire 4.6 puts down what Anthropic counted in the response alone', () => {
    const { row } = mapSpan(
      spanOf(
        {
          ...{ 'logfire.msg': "Message with 'claude-sonnet-4-5'", 'logfire.span_type': 'span', async: false },
          request_data: json({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'hi' }] }),
          response_data: json({
            message: { role: 'assistant', content: 'ho' },
            usage: {
              input_tokens: 3,
              output_tokens: 5,
              cache_read_input_tokens: 1_000,
              cache_creation_input_tokens: 0,
            },
          }),
        },
        { name: 'Message with {request_data[model]!r}' },
        { scope: { name: 'logfire.anthropic' } },
      ),
      'p',
    );
    expect(row).toMatchObject({
      ...{ kind: 'llm', usage_scope: 'call', provider: 'anthropic', request_model: 'claude-sonnet-4-5' },
      ...{ input_tokens: 1_003n, output_tokens: 5n, cache_read_tokens: 1_000n },
    });
  });

  it('AI SDK 5.0 with Google 2.0 leaves thoughts out of the answer, also in the names of OpenTelemetry', () => {
    const { row } = mapSpan(
      spanOf({
        'ai.operationId': 'ai.generateText.doGenerate',
        'ai.model.provider': 'google.generative-ai',
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 90,
        'ai.usage.inputTokens': 100,
        'ai.usage.outputTokens': 90,
        'ai.usage.reasoningTokens': 50,
        'ai.usage.totalTokens': 240,
      }),
      'p',
    );
    expect(row).toMatchObject({ input_tokens: 100n, output_tokens: 140n, reasoning_tokens: 50n });
  });
});
