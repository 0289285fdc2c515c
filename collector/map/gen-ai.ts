import type { Attributes } from '../receive/otlp.ts';
import { readGenAiContent } from './gen-ai-content.ts';
import { readGenAiEvents } from './gen-ai-events.ts';
import { kindFromOperation, normaliseFinishReason, normaliseProvider } from './names.ts';
import { type Convention, type Reading, type ReadSpan, withoutUndefined } from './reading.ts';
import type { RawUsage } from './usage.ts';
import { count, number, structured, text, texts } from './value.ts';

/** Attributes whose content becomes messages, instructions or tool payloads, by field. */
export const genAiContent = {
  inputMessages: ['gen_ai.input.messages'],
  outputMessages: ['gen_ai.output.messages'],
  systemInstructions: ['gen_ai.system_instructions'],
  toolDefinitions: ['gen_ai.tool.definitions'],
  toolArguments: ['gen_ai.tool.call.arguments'],
  toolResult: ['gen_ai.tool.call.result'],
  inputValue: ['gen_ai.retrieval.query.text'],
  outputValue: ['gen_ai.retrieval.documents'],
} as const satisfies ReadSpan['content'];

/**
 * OpenTelemetry GenAI semantic conventions, all generations: current names first, then the older ones (up to v1.36).
 * https://github.com/open-telemetry/semantic-conventions-genai
 */
export const genAi: Convention = {
  name: 'otel-gen-ai',
  read(span) {
    const { attributes } = span;
    const events = readGenAiEvents(span.events);
    if (!speaksGenAi(attributes) && events === undefined) return undefined;
    return {
      reading: {
        ...readCall(attributes),
        ...readIdentity(attributes),
        ...readTool(attributes),
        ...withoutUndefined({ ...events, ...readGenAiContent(attributes) }),
      },
      content: genAiContent,
    };
  },
};

/** Names of token counts that were met in the field but are in no version of the conventions: they fill gaps, last of all. */
export const genAiAliases: Convention = {
  name: 'otel-gen-ai-aliases',
  read({ attributes }) {
    const usage = readGenAiUsageAliases(attributes);
    return hasCounts(usage) ? { reading: { usage, likelyKind: 'llm' }, content: {} } : undefined;
  },
};

/** Counts under the current names. */
export function readGenAiUsage(attributes: Attributes): RawUsage {
  const first = countsOf(attributes);
  return {
    input: first('gen_ai.usage.input_tokens'),
    output: first('gen_ai.usage.output_tokens'),
    cacheRead: first('gen_ai.usage.cache_read.input_tokens'),
    cacheWrite: first('gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation.input_tokens'),
    cacheWrite5m: first(
      'anthropic.usage.cache_creation.ephemeral_5m_input_tokens',
      'gen_ai.usage.cache_creation.5m_input_tokens',
    ),
    cacheWrite1h: first(
      'anthropic.usage.cache_creation.ephemeral_1h_input_tokens',
      'gen_ai.usage.cache_creation.1h_input_tokens',
    ),
    reasoning: first('gen_ai.usage.reasoning.output_tokens'),
    inputAudio: first('gen_ai.usage.audio.input_tokens'),
    outputAudio: first('gen_ai.usage.audio.output_tokens'),
    total: first('gen_ai.usage.total_tokens'),
  };
}

/** Counts under other names. */
export function readGenAiUsageAliases(attributes: Attributes): RawUsage {
  const first = countsOf(attributes);
  return {
    input: first('gen_ai.usage.prompt_tokens'),
    output: first('gen_ai.usage.completion_tokens'),
    cacheRead: first('gen_ai.usage.cache_read_input_tokens'),
    cacheWrite: first('gen_ai.usage.cache_creation_input_tokens', 'gen_ai.usage.cache_write_input_tokens'),
    reasoning: first('gen_ai.usage.reasoning_tokens'),
    total: first('gen_ai.usage.total_tokens'),
  };
}

function countsOf(attributes: Attributes): (...keys: string[]) => bigint | undefined {
  return (...keys) => keys.map((key) => count(attributes.get(key))).find((value) => value !== undefined);
}

function hasCounts(usage: RawUsage): boolean {
  return Object.values(usage).some((value) => value !== undefined);
}

function speaksGenAi(attributes: Attributes): boolean {
  for (const key of attributes.keys()) if (key.startsWith('gen_ai.')) return true;
  return false;
}

function readCall(attributes: Attributes): Reading {
  const string = (...keys: string[]) =>
    keys.map((key) => text(attributes.get(key))).find((value) => value !== undefined);
  const operation = string('gen_ai.operation.name');
  const requestModel = string('gen_ai.request.model');
  const responseModel = string('gen_ai.response.model');
  const usage = readGenAiUsage(attributes);
  const provider = string('gen_ai.provider.name', 'gen_ai.system');
  const finishReasons = texts(attributes.get('gen_ai.response.finish_reasons'));
  const firstChunkSeconds =
    attributes.get('gen_ai.response.time_to_first_chunk') ??
    attributes.get('gen_ai.client.operation.time_to_first_chunk');
  return withoutUndefined({
    kind: operation === undefined ? undefined : kindFromOperation(operation),
    // Without an operation, a span that names a model or tokens is a model call.
    likelyKind: (requestModel ?? responseModel ?? usage.input ?? usage.output) === undefined ? undefined : 'llm',
    operation,
    provider: provider === undefined ? undefined : normaliseProvider(provider),
    requestModel,
    responseModel,
    responseId: string('gen_ai.response.id'),
    finishReasons: finishReasons.length > 0 ? finishReasons.filter(Boolean).map(normaliseFinishReason) : undefined,
    stream: attributes.get('gen_ai.request.stream') === true || firstChunkSeconds !== undefined ? true : undefined,
    timeToFirstTokenNs: secondsToNs(firstChunkSeconds),
    serviceTier: string(
      'openai.response.service_tier',
      'gen_ai.openai.response.service_tier',
      'openai.request.service_tier',
      'gen_ai.openai.request.service_tier',
    ),
    usage: hasCounts(usage) ? usage : undefined,
    reportedCostUsd: number(attributes.get('gen_ai.usage.cost')),
  });
}

function readIdentity(attributes: Attributes): Reading {
  return withoutUndefined({
    sessionId: text(attributes.get('gen_ai.conversation.id')),
    agentName: text(attributes.get('gen_ai.agent.name')),
    agentId: text(attributes.get('gen_ai.agent.id')),
    agentVersion: text(attributes.get('gen_ai.agent.version')),
  });
}

function readTool(attributes: Attributes): Reading {
  const content = (key: string) => {
    const value = attributes.get(key);
    return value === undefined ? undefined : structured(value);
  };
  return withoutUndefined({
    toolName: text(attributes.get('gen_ai.tool.name')),
    toolCallId: text(attributes.get('gen_ai.tool.call.id')),
    toolArguments: content('gen_ai.tool.call.arguments'),
    toolResult: content('gen_ai.tool.call.result'),
    inputValue: content('gen_ai.retrieval.query.text'),
    outputValue: content('gen_ai.retrieval.documents'),
  });
}

function secondsToNs(seconds: unknown): bigint | undefined {
  const value = typeof seconds === 'bigint' ? Number(seconds) : seconds;
  return typeof value === 'number' && value >= 0 && value < 1e9 ? BigInt(Math.round(value * 1e9)) : undefined;
}
