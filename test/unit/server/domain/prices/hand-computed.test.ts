import { describe, expect, it } from 'vitest';
import { priceCall } from '../../../../../server/domain/prices/price-call.ts';
import { callOf, dollars, type GivenCall, tableBook } from './price-fixture.ts';

/** Every line is computed by hand: `sum` is the arithmetic (tokens × dollars per million), `usd` its result. */
interface HandComputed extends GivenCall {
  what: string;
  sum: string;
  usd: string;
}

const openai: HandComputed[] = [
  {
    what: 'a dated model name',
    requestModel: 'gpt-4o',
    model: 'gpt-4o-2024-08-06',
    usage: { inputTokens: 1_000, outputTokens: 500 },
    sum: '1_000 × 2.50 + 500 × 10.00 = 2_500 + 5_000 = 7_500 per million',
    usd: '0.0075',
  },
  {
    what: 'the dated model that is dearer than the others of its name',
    requestModel: 'gpt-4o',
    model: 'gpt-4o-2024-05-13',
    usage: { inputTokens: 1_000, outputTokens: 500 },
    sum: '1_000 × 5.00 + 500 × 15.00 = 5_000 + 7_500 = 12_500 per million',
    usd: '0.0125',
  },
  {
    what: 'cached input within the input',
    model: 'gpt-4o-mini-2024-07-18',
    usage: { inputTokens: 2_000, cacheReadTokens: 1_024, outputTokens: 100 },
    sum: '976 × 0.15 + 1_024 × 0.075 + 100 × 0.60 = 146.4 + 76.8 + 60 = 283.2 per million',
    usd: '0.0002832',
  },
  {
    what: 'the last second before a price fell; reasoning within the output',
    model: 'o3-2025-04-16',
    at: '2025-06-09T23:59:59.999Z',
    usage: { inputTokens: 1_000, outputTokens: 1_000, reasoningTokens: 800 },
    sum: '1_000 × 10.00 + 1_000 × 40.00 = 50_000 per million',
    usd: '0.05',
  },
  {
    what: 'the first second after a price fell',
    model: 'o3-2025-04-16',
    at: '2025-06-10T00:00:00Z',
    usage: { inputTokens: 1_000, outputTokens: 1_000, reasoningTokens: 800 },
    sum: '1_000 × 2.00 + 1_000 × 8.00 = 10_000 per million',
    usd: '0.01',
  },
  {
    what: 'cache writes that cost more than input, after a price fell',
    model: 'gpt-5.6-luna',
    at: '2026-07-30T00:00:00Z',
    usage: { inputTokens: 10_000, cacheReadTokens: 3_000, cacheWriteTokens: 2_000, outputTokens: 1_000 },
    sum: '5_000 × 0.20 + 3_000 × 0.02 + 2_000 × 0.25 + 1_000 × 1.20 = 1_000 + 60 + 500 + 1_200 = 2_760 per million',
    usd: '0.00276',
  },
  {
    what: 'the same before the price fell',
    model: 'gpt-5.6-luna',
    at: '2026-07-29T23:59:59Z',
    usage: { inputTokens: 10_000, cacheReadTokens: 3_000, cacheWriteTokens: 2_000, outputTokens: 1_000 },
    sum: '5_000 × 1.00 + 3_000 × 0.10 + 2_000 × 1.25 + 1_000 × 6.00 = 5_000 + 300 + 2_500 + 6_000 = 13_800 per million',
    usd: '0.0138',
  },
  {
    what: 'the largest input of the short context',
    model: 'gpt-5.4',
    usage: { inputTokens: 271_999, outputTokens: 1_000 },
    sum: '271_999 × 2.50 + 1_000 × 15.00 = 679_997.5 + 15_000 = 694_997.5 per million',
    usd: '0.6949975',
  },
  {
    what: 'the smallest input of the long context',
    model: 'gpt-5.4',
    usage: { inputTokens: 272_000, outputTokens: 1_000 },
    sum: '272_000 × 5.00 + 1_000 × 22.50 = 1_360_000 + 22_500 = 1_382_500 per million',
    usd: '1.3825',
  },
  {
    what: 'embeddings',
    model: 'text-embedding-3-small',
    usage: { inputTokens: 12_345 },
    sum: '12_345 × 0.02 = 246.9 per million',
    usd: '0.0002469',
  },
  {
    what: 'audio in and out beside text',
    model: 'gpt-audio',
    usage: { inputTokens: 1_000, inputAudioTokens: 600, outputTokens: 500, outputAudioTokens: 300 },
    sum: '400 × 2.50 + 600 × 32 + 200 × 10 + 300 × 64 = 1_000 + 19_200 + 2_000 + 19_200 = 41_400 per million',
    usd: '0.0414',
  },
  {
    what: 'audio tokens that the model takes at the price of text',
    model: 'gpt-5-mini',
    usage: { inputTokens: 1_000, inputAudioTokens: 600, outputTokens: 100 },
    sum: '1_000 × 0.25 + 100 × 2.00 = 250 + 200 = 450 per million',
    usd: '0.00045',
  },
  {
    what: 'a fine-tuned model',
    model: 'ft:gpt-4o-2024-08-06:acme::abc',
    usage: { inputTokens: 1_000, outputTokens: 100 },
    sum: '1_000 × 3.75 + 100 × 15.00 = 3_750 + 1_500 = 5_250 per million',
    usd: '0.00525',
  },
  {
    what: 'Azure, by the name spans give it',
    provider: 'azure.ai.openai',
    model: 'gpt-4.1-mini',
    usage: { inputTokens: 5_000, cacheReadTokens: 4_000, outputTokens: 10 },
    sum: '1_000 × 0.40 + 4_000 × 0.10 + 10 × 1.60 = 400 + 400 + 16 = 816 per million',
    usd: '0.000816',
  },
];

const anthropic: HandComputed[] = [
  {
    what: 'cache read, five-minute and one-hour writes',
    provider: 'anthropic',
    model: 'claude-sonnet-4-20250514',
    usage: {
      ...{ inputTokens: 10_000, cacheReadTokens: 6_000, outputTokens: 700 },
      ...{ cacheWriteTokens: 3_000, cacheWrite5mTokens: 1_000, cacheWrite1hTokens: 2_000 },
    },
    sum:
      '1_000 × 3 + 6_000 × 0.30 + 1_000 × 3.75 + 2_000 × 6 + 700 × 15 = ' +
      '3_000 + 1_800 + 3_750 + 12_000 + 10_500 = 31_050 per million',
    usd: '0.03105',
  },
  {
    what: 'cache writes of an unsaid time, which are five-minute ones',
    provider: 'anthropic',
    model: 'claude-haiku-4-5-20251001',
    usage: { inputTokens: 2_500, cacheWriteTokens: 2_000, outputTokens: 100 },
    sum: '500 × 1.00 + 2_000 × 1.25 + 100 × 5.00 = 500 + 2_500 + 500 = 3_500 per million',
    usd: '0.0035',
  },
  {
    what: 'a long context of which most is cached: the whole call is dearer',
    provider: 'anthropic',
    model: 'claude-sonnet-4-5-20250929',
    usage: {
      ...{ inputTokens: 200_001, cacheReadTokens: 150_000, outputTokens: 10 },
      ...{ cacheWriteTokens: 1, cacheWrite1hTokens: 1 },
    },
    sum: '50_000 × 6 + 150_000 × 0.60 + 1 × 12 + 10 × 22.50 = 300_000 + 90_000 + 12 + 225 = 390_237 per million',
    usd: '0.390237',
  },
  {
    what: 'a long context while it was dearer',
    provider: 'anthropic',
    model: 'claude-opus-4-6',
    at: '2026-03-12T23:59:59Z',
    usage: { inputTokens: 250_000, outputTokens: 1_000 },
    sum: '250_000 × 10 + 1_000 × 37.50 = 2_500_000 + 37_500 = 2_537_500 per million',
    usd: '2.5375',
  },
  {
    what: 'a long context since it costs what a short one does',
    provider: 'anthropic',
    model: 'claude-opus-4-6',
    at: '2026-03-13T00:00:00Z',
    usage: { inputTokens: 250_000, outputTokens: 1_000 },
    sum: '250_000 × 5 + 1_000 × 25 = 1_250_000 + 25_000 = 1_275_000 per million',
    usd: '1.275',
  },
  {
    what: 'no provider: the model’s name tells it',
    provider: '',
    model: 'claude-3-5-haiku-latest',
    usage: { inputTokens: 100, outputTokens: 10 },
    sum: '100 × 0.80 + 10 × 4 = 80 + 40 = 120 per million',
    usd: '0.00012',
  },
];

const google: HandComputed[] = [
  {
    what: 'Gemini at the edge of the short context',
    provider: 'gcp.gemini',
    model: 'gemini-2.5-pro',
    usage: { inputTokens: 200_000, outputTokens: 1_000 },
    sum: '200_000 × 1.25 + 1_000 × 10 = 250_000 + 10_000 = 260_000 per million',
    usd: '0.26',
  },
  {
    what: 'Gemini beyond it, with cached input and thoughts within the output',
    provider: 'gcp.vertex_ai',
    model: 'gemini-2.5-pro',
    usage: { inputTokens: 200_001, cacheReadTokens: 100_000, outputTokens: 1_000, reasoningTokens: 600 },
    sum: '100_001 × 2.50 + 100_000 × 0.25 + 1_000 × 15 = 250_002.5 + 25_000 + 15_000 = 290_002.5 per million',
    usd: '0.2900025',
  },
  {
    what: 'Gemini hears',
    provider: 'gcp.gemini',
    model: 'gemini-2.5-flash',
    usage: { inputTokens: 5_000, inputAudioTokens: 4_000, outputTokens: 200 },
    sum: '1_000 × 0.30 + 4_000 × 1.00 + 200 × 2.50 = 300 + 4_000 + 500 = 4_800 per million',
    usd: '0.0048',
  },
  {
    what: 'a model under its resource name',
    provider: 'gcp.gen_ai',
    model: 'models/gemini-embedding-001',
    usage: { inputTokens: 800 },
    sum: '800 × 0.15 = 120 per million',
    usd: '0.00012',
  },
  {
    what: 'Claude on Vertex',
    provider: 'gcp.vertex_ai',
    model: 'claude-sonnet-4@20250514',
    usage: { inputTokens: 1_000, outputTokens: 100 },
    sum: '1_000 × 3 + 100 × 15 = 3_000 + 1_500 = 4_500 per million',
    usd: '0.0045',
  },
];

const bedrock: HandComputed[] = [
  {
    what: 'a regional inference profile of Bedrock',
    provider: 'aws.bedrock',
    model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    usage: { inputTokens: 1_000, outputTokens: 100 },
    sum: '1_000 × 1.10 + 100 × 5.50 = 1_100 + 550 = 1_650 per million',
    usd: '0.00165',
  },
  {
    what: 'a global one, whose answer names only the model',
    provider: 'aws.bedrock',
    requestModel: 'global.anthropic.claude-haiku-4-5-20251001-v1:0',
    model: 'claude-haiku-4-5-20251001',
    usage: { inputTokens: 1_000, outputTokens: 100 },
    sum: '1_000 × 1.00 + 100 × 5.00 = 1_000 + 500 = 1_500 per million',
    usd: '0.0015',
  },
  {
    what: 'Nova with cached input',
    provider: 'aws.bedrock',
    model: 'us.amazon.nova-lite-v1:0',
    usage: { inputTokens: 1_000, cacheReadTokens: 400, outputTokens: 100 },
    sum: '600 × 0.06 + 400 × 0.015 + 100 × 0.24 = 36 + 6 + 24 = 66 per million',
    usd: '0.000066',
  },
];

const others: HandComputed[] = [
  {
    what: 'Mistral, an alias before it moved to a dearer model',
    provider: 'mistral_ai',
    model: 'mistral-medium-latest',
    at: '2026-06-15T23:59:59Z',
    usage: { inputTokens: 1_000, outputTokens: 100 },
    sum: '1_000 × 0.40 + 100 × 2.00 = 400 + 200 = 600 per million',
    usd: '0.0006',
  },
  {
    what: 'Mistral, the alias after it moved',
    provider: 'mistral_ai',
    model: 'mistral-medium-latest',
    at: '2026-06-16T00:00:00Z',
    usage: { inputTokens: 1_000, outputTokens: 100 },
    sum: '1_000 × 1.50 + 100 × 7.50 = 1_500 + 750 = 2_250 per million',
    usd: '0.00225',
  },
  {
    what: 'DeepSeek by day',
    provider: 'deepseek',
    model: 'deepseek-chat',
    at: '2026-01-01T16:29:59.999Z',
    usage: { inputTokens: 3_000, cacheReadTokens: 1_000, outputTokens: 500 },
    sum: '2_000 × 0.27 + 1_000 × 0.07 + 500 × 1.10 = 540 + 70 + 550 = 1_160 per million',
    usd: '0.00116',
  },
  {
    what: 'DeepSeek by night, through midnight',
    provider: 'deepseek',
    model: 'deepseek-chat',
    at: '2026-01-01T16:30:00Z',
    usage: { inputTokens: 3_000, cacheReadTokens: 1_000, outputTokens: 500 },
    sum: '2_000 × 0.135 + 1_000 × 0.035 + 500 × 0.55 = 270 + 35 + 275 = 580 per million',
    usd: '0.00058',
  },
  {
    what: 'DeepSeek V4 in a peak hour before peak hours were introduced',
    provider: 'deepseek',
    model: 'deepseek-v4-flash',
    at: '2026-08-16T02:00:00Z',
    usage: { inputTokens: 1_000, outputTokens: 1_000 },
    sum: '1_000 × 0.14 + 1_000 × 0.28 = 140 + 280 = 420 per million',
    usd: '0.00042',
  },
  {
    what: 'DeepSeek V4 in a peak hour since',
    provider: 'deepseek',
    model: 'deepseek-v4-flash',
    at: '2026-08-18T02:00:00Z',
    usage: { inputTokens: 1_000, outputTokens: 1_000 },
    sum: '1_000 × 0.44 + 1_000 × 1.32 = 440 + 1_320 = 1_760 per million',
    usd: '0.00176',
  },
  {
    what: 'DeepSeek V4 between its peak hours',
    provider: 'deepseek',
    model: 'deepseek-v4-flash',
    at: '2026-08-18T05:00:00Z',
    usage: { inputTokens: 1_000, cacheReadTokens: 1_000, outputTokens: 1_000 },
    sum: '1_000 × 0.007 + 1_000 × 0.66 = 7 + 660 = 667 per million',
    usd: '0.000667',
  },
  {
    what: 'xAI, by the name spans give it',
    provider: 'x_ai',
    model: 'grok-4',
    usage: { inputTokens: 1_000, cacheReadTokens: 200, outputTokens: 100 },
    sum: '800 × 3.00 + 200 × 0.75 + 100 × 15 = 2_400 + 150 + 1_500 = 4_050 per million',
    usd: '0.00405',
  },
  {
    what: 'Cohere',
    provider: 'cohere',
    model: 'command-r-plus-08-2024',
    usage: { inputTokens: 400, outputTokens: 50 },
    sum: '400 × 2.50 + 50 × 10 = 1_000 + 500 = 1_500 per million',
    usd: '0.0015',
  },
  {
    what: 'Groq',
    provider: 'groq',
    model: 'llama-3.3-70b-versatile',
    usage: { inputTokens: 1_000, outputTokens: 1_000 },
    sum: '1_000 × 0.59 + 1_000 × 0.79 = 590 + 790 = 1_380 per million',
    usd: '0.00138',
  },
  {
    what: 'a fee per request besides the tokens',
    provider: 'perplexity',
    model: 'sonar',
    usage: { inputTokens: 300, outputTokens: 200 },
    sum: '300 × 1 + 200 × 1 = 500 per million, and 12 per thousand requests = 0.0005 + 0.012',
    usd: '0.0125',
  },
  {
    what: 'reasoning with a price of its own',
    provider: 'openrouter',
    model: 'perplexity/sonar-deep-research',
    usage: { inputTokens: 100, outputTokens: 1_000, reasoningTokens: 900 },
    sum: '100 × 2 + 100 × 8 + 900 × 3 = 200 + 800 + 2_700 = 3_700 per million',
    usd: '0.0037',
  },
  {
    what: 'embeddings of Voyage',
    provider: 'voyageai',
    model: 'voyage-3',
    usage: { inputTokens: 1_000 },
    sum: '1_000 × 0.06 = 60 per million',
    usd: '0.00006',
  },
  {
    what: 'a remainder below the half, rounded down',
    provider: 'openrouter',
    model: 'google/gemini-3-flash-preview',
    usage: { inputTokens: 1, cacheWriteTokens: 1 },
    sum: '1 × 0.08333333333333334 per million = 0.00000008333333333333334',
    usd: '0.000000083333',
  },
  {
    what: 'a remainder above the half, rounded up',
    provider: 'openrouter',
    model: 'google/gemini-3-flash-preview',
    usage: { inputTokens: 5, cacheWriteTokens: 5 },
    sum: '5 × 0.08333333333333334 per million = 0.0000004166666666666667',
    usd: '0.000000416667',
  },
  {
    what: 'a model whose name says that it is free',
    provider: 'openrouter',
    model: 'deepseek/deepseek-chat-v3-0324:free',
    usage: { inputTokens: 1_000, cacheReadTokens: 100, outputTokens: 1_000 },
    sum: '2_000 × 0',
    usd: '0',
  },
];

describe('prices computed by hand', () => {
  it.each([...openai, ...anthropic, ...google, ...bedrock, ...others])('$what: $sum', (given) => {
    const { status, amount, priceVersion } = priceCall(callOf(given), tableBook);
    expect({ status, amount, priceVersion }).toEqual({
      status: 'priced',
      amount: dollars(given.usd),
      priceVersion: 'genai-prices@1.2.3',
    });
  });
});
