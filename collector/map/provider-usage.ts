import type { Json } from '../lossless-json.ts';
import { isObject, type JsonObject } from './message.ts';
import { readCacheWrites } from './provider-response.ts';
import { type RawUsage, toInclusive } from './usage.ts';
import { count } from './value.ts';

// Token counts as the providers' APIs give them, all made inclusive.

/** The counts in a response of a provider, or in what LangChain makes of one; undefined where it has none. */
export function readProviderUsage(response: Json | undefined): RawUsage | undefined {
  if (!isObject(response)) return undefined;
  const places = [response, ...langChainPlaces(response)];
  for (const { usage, usage_metadata: snake, usageMetadata: camel, token_usage: counted } of places) {
    for (const given of [snake, camel, usage, counted].filter(isObject)) {
      const read = readCounts(given);
      if (read?.input !== undefined || read?.output !== undefined) return read;
    }
  }
  return undefined;
}

function readCounts(given: JsonObject): RawUsage | undefined {
  return (
    readBedrockCounts(given) ??
    readGeminiCounts(given) ??
    readOpenAiCounts(given) ??
    ('input_tokens' in given ? readAnthropicCounts(given) : undefined)
  );
}

/** LangChain has the counts on the message, in its own form, and what the provider said beside all messages. */
function langChainPlaces({ generations, llm_output: snake, llmOutput = snake }: JsonObject): JsonObject[] {
  const answers = Array.isArray(generations) ? generations.flat().filter(isObject) : [];
  const message = answers.length === 1 ? answers[0]?.['message'] : undefined;
  const fields = isObject(message) && isObject(message['kwargs']) ? message['kwargs'] : message;
  return [fields, llmOutput].filter(isObject);
}

/** Anthropic's counts: the input has none of the cached tokens in it. */
function readAnthropicCounts(given: JsonObject): RawUsage {
  return toInclusive({
    isExclusive: true,
    input: countOf(given['input_tokens']),
    output: countOf(given['output_tokens']),
    cacheRead: countOf(given['cache_read_input_tokens']),
    cacheWrite: countOf(given['cache_creation_input_tokens']),
    ...readCacheWrites({ usage: given }),
  });
}

/** Those of Bedrock's Converse: as Anthropic's. */
function readBedrockCounts(given: JsonObject): RawUsage | undefined {
  if (!('inputTokens' in given)) return undefined;
  return toInclusive({
    isExclusive: true,
    input: countOf(given['inputTokens']),
    output: countOf(given['outputTokens']),
    cacheRead: countOf(first(given, ['cacheReadInputTokens', 'cacheReadInputTokenCount'])),
    cacheWrite: countOf(first(given, ['cacheWriteInputTokens', 'cacheWriteInputTokenCount'])),
  });
}

const promptNames = ['prompt_tokens', 'input_tokens'] as const;
const completionNames = ['completion_tokens', 'output_tokens'] as const;
const writeNames = ['cache_write_tokens', 'cache_creation_tokens', 'cache_creation'] as const;
const promptDetails = ['prompt_tokens_details', 'input_tokens_details', 'input_token_details'] as const;
const completionDetails = ['completion_tokens_details', 'output_tokens_details', 'output_token_details'] as const;

/** OpenAI's counts, and LangChain's: what a part of the input or the output was stands in an object of its own. */
export function readOpenAiCounts(details: JsonObject): RawUsage | undefined {
  const isOpenAi = 'prompt_tokens' in details || 'completion_tokens' in details;
  if (!isOpenAi && ![...promptDetails, ...completionDetails].some((name) => isObject(details[name]))) return undefined;
  const prompt = objectOf(first(details, promptDetails));
  const completion = objectOf(first(details, completionDetails));
  const cacheWrite5m = countOf(prompt['ephemeral_5m_input_tokens']);
  const cacheWrite1h = countOf(prompt['ephemeral_1h_input_tokens']);
  const written = first(prompt, writeNames) ?? details['cache_creation_input_tokens'];
  return toInclusive({
    input: countOf(first(details, promptNames)),
    output: countOf(first(details, completionNames)),
    cacheRead: countOf(prompt['cached_tokens'] ?? prompt['cache_read'] ?? details['cache_read_input_tokens']),
    // LangChain says 0 where it says how long they live.
    cacheWrite: largest(countOf(written), sum([cacheWrite5m, cacheWrite1h])),
    ...{ cacheWrite5m, cacheWrite1h },
    reasoning: countOf(completion['reasoning_tokens'] ?? completion['reasoning'] ?? details['reasoning_tokens']),
    inputAudio: countOf(prompt['audio_tokens'] ?? prompt['audio']),
    outputAudio: countOf(completion['audio_tokens'] ?? completion['audio']),
    // Some that speak as OpenAI does leave reasoning out of the answer, or cached tokens out of the prompt.
    total: countOf(details['total_tokens']),
  });
}

/** Google's counts: the input has the cached tokens in it, the answer has neither the thoughts nor the prompts of tools. */
export function readGeminiCounts(details: JsonObject): RawUsage | undefined {
  if (!('prompt_token_count' in details) && !('promptTokenCount' in details)) return undefined;
  const counts = (...names: string[]) => sum(names.map((name) => countOf(details[name] ?? details[inCamelCase(name)])));
  return {
    input: counts('prompt_token_count', 'tool_use_prompt_token_count'),
    output: counts('candidates_token_count', 'thoughts_token_count'),
    cacheRead: counts('cached_content_token_count'),
    reasoning: counts('thoughts_token_count'),
  };
}

function inCamelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function first(details: JsonObject, names: readonly string[]): Json | undefined {
  return names.map((name) => details[name]).find((value) => value !== undefined && value !== null);
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function countOf(value: Json | undefined): bigint | undefined {
  return typeof value === 'number' || typeof value === 'string' ? count(value) : undefined;
}

function sum(counts: readonly (bigint | undefined)[]): bigint | undefined {
  const given = counts.filter((tokens) => tokens !== undefined);
  return given.length === 0 ? undefined : given.reduce((all, tokens) => all + tokens, 0n);
}

function largest(one: bigint | undefined, other: bigint | undefined): bigint | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one > other ? one : other;
}
