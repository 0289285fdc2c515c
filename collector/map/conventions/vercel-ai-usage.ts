import type { Json } from '../../lossless-json.ts';
import { isObject, type JsonObject } from '../message.ts';
import type { Source } from '../source.ts';
import { type Row, row, tokens } from '../table.ts';
import type { RawUsage } from '../usage.ts';
import { count, text } from '../value.ts';
import { isModelCall } from './vercel-ai-operations.ts';

/** What the provider itself said: `{anthropic: {usage: {…}, cacheCreationInputTokens}}`, one member a provider. */
const providerMetadata = 'ai.response.providerMetadata';

/** Counts of tokens, in the names of versions 5 to 7, then of version 4 and before, then of the providers. */
export const usageRows: readonly Row[] = [
  tokens('input', 'ai.usage.inputTokens'),
  tokens('input', 'ai.usage.promptTokens'),
  tokens('input', 'ai.usage.tokens'), // embeddings
  tokens('output', 'ai.usage.outputTokens'),
  tokens('output', 'ai.usage.completionTokens'),
  detail('cacheRead', 'ai.usage.inputTokenDetails.cacheReadTokens'),
  detail('cacheRead', 'ai.usage.cachedInputTokens'),
  ofProvider('cacheRead'),
  detail('cacheWrite', 'ai.usage.inputTokenDetails.cacheWriteTokens'),
  ofProvider('cacheWrite'),
  ofProvider('cacheWrite5m'),
  ofProvider('cacheWrite1h'),
  detail('reasoning', 'ai.usage.outputTokenDetails.reasoningTokens'),
  detail('reasoning', 'ai.usage.reasoningTokens'),
  ofProvider('reasoning'),
  tokens('total', 'ai.usage.totalTokens'),
  row('serviceTier', providerMetadata, (_value, source) => wordOfCall(source)?.serviceTier),
];

/** Adapters of these passed on, up to version 5, what the provider says: an input without the cached tokens. */
const exclusiveProviders = /anthropic|bedrock/i;

/** True where the input count leaves cached tokens out. */
export function leavesCachedOut(source: Source): boolean {
  const { attributes } = source;
  if (!exclusiveProviders.test(text(attributes.get('ai.model.provider')) ?? '')) return false;
  const input = count(attributes.get('ai.usage.inputTokens') ?? attributes.get('ai.usage.promptTokens'));
  const hasDetails = attributes.keys().some((key) => key.startsWith('ai.usage.inputTokenDetails.'));
  if (input === undefined || hasDetails) return false;
  // Versions 6 and 7 leave the details out where an object is generated: the provider's own count tells, else the version.
  const own = wordOfCall(source)?.usage.input;
  if (own !== undefined) return own === input;
  const version = /\bai\/(\d+)\./.exec(text(attributes.get('ai.request.headers.user-agent')) ?? '')?.[1];
  return version === undefined || Number(version) < 6;
}

type Detail = 'cacheRead' | 'cacheWrite' | 'cacheWrite5m' | 'cacheWrite1h' | 'reasoning';

function detail(field: Detail, from: string): Row {
  return row(`usage.${field}`, from, (value, source) => (source.once(hasTotals) ? count(value) : undefined));
}

const totals = [
  ...['ai.usage.inputTokens', 'ai.usage.outputTokens', 'ai.usage.promptTokens', 'ai.usage.completionTokens'],
  ...['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'],
] as const;

/** Version 7 puts the details, but not what they are details of, on the span of a step, too. */
function hasTotals({ attributes }: Source): boolean {
  return totals.some((total) => attributes.has(total));
}

function ofProvider(field: Detail): Row {
  return row(`usage.${field}`, providerMetadata, (_value, source) => wordOfCall(source)?.usage[field]);
}

/** A loop has the word of its last call beside the sums of all: there it counts for nothing. */
function wordOfCall(source: Source): ReturnType<typeof readProviderWord> | undefined {
  return source.once(isModelCall) ? source.once(readProviderWord) : undefined;
}

function readProviderWord(source: Source): { usage: RawUsage; serviceTier: string | undefined } {
  const said = Object.values(source.object(providerMetadata)).filter(isObject);
  const places = said.flatMap((about) => [about, about['usage'], about['usageMetadata']]).filter(isObject);
  const writes = places.map((place) => place['cache_creation']).filter(isObject);
  return {
    usage: {
      input: firstCount(places, 'input_tokens'),
      cacheRead: firstCount(places, ...cacheReadNames),
      cacheWrite: firstCount(
        places,
        'cache_creation_input_tokens',
        'cacheCreationInputTokens',
        'cacheWriteInputTokens',
      ),
      cacheWrite5m: firstCount(writes, 'ephemeral_5m_input_tokens'),
      cacheWrite1h: firstCount(writes, 'ephemeral_1h_input_tokens'),
      reasoning: firstCount(places, 'reasoningTokens', 'thoughtsTokenCount'),
    },
    serviceTier: places
      .map((place) => place['serviceTier'] ?? place['service_tier'])
      .map((tier) => (typeof tier === 'string' ? text(tier) : undefined))
      .find((tier) => tier !== undefined),
  };
}

/** Anthropic, Bedrock and Anthropic before version 5, OpenAI before version 5, Google, DeepSeek. */
const cacheReadNames = [
  ...['cache_read_input_tokens', 'cacheReadInputTokens', 'cachedPromptTokens', 'cachedContentTokenCount'],
  ...['promptCacheHitTokens'],
] as const;

function firstCount(places: readonly JsonObject[], ...names: readonly string[]): bigint | undefined {
  return places
    .flatMap((place) => names.map((name) => countOf(place[name])))
    .find((value): value is bigint => value !== undefined);
}

function countOf(value: Json | undefined): bigint | undefined {
  return typeof value === 'number' ? count(value) : undefined;
}
