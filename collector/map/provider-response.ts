import type { Json } from '../lossless-json.ts';
import { findLangChainMessage } from './langchain.ts';
import { type CanonicalMessage, isObject, type JsonObject, readContent } from './message.ts';
import { normaliseFinishReason } from './names.ts';
import { readProviderMessage, readProviderMessages } from './provider-messages.ts';
import { type Reading, withoutUndefined } from './reading.ts';
import type { RawUsage } from './usage.ts';
import { count, text } from './value.ts';

/**
 * What a model answered, from the response that a client library got from OpenAI or Anthropic or LangChain gave back: its
 * messages, and the id by which the same call is known elsewhere. Undefined where the JSON is no such response.
 */
export function readProviderResponse(response: Json): Reading | undefined {
  if (!isObject(response)) return undefined;
  for (const readShape of shapes) {
    const read = readShape(response);
    if (read !== undefined) return withoutUndefined(read);
  }
  return undefined;
}

/** How long written caches live, which token counts elsewhere do not say. Anthropic prices them apart. */
export function readCacheWrites(response: Json | undefined): Pick<RawUsage, 'cacheWrite5m' | 'cacheWrite1h'> {
  const usage = isObject(response) ? response['usage'] : undefined;
  const writes = isObject(usage) ? usage['cache_creation'] : undefined;
  if (!isObject(writes)) return {};
  return {
    cacheWrite5m: countOf(writes['ephemeral_5m_input_tokens']),
    cacheWrite1h: countOf(writes['ephemeral_1h_input_tokens']),
  };
}

/** Each is undefined for the others' responses. */
const shapes: readonly ((response: JsonObject) => Reading | undefined)[] = [
  readChatCompletion,
  readAnthropicMessage,
  readOpenAiResponse,
  readLangChainResult,
];

function readChatCompletion(response: JsonObject): Reading | undefined {
  const { choices } = response;
  if (!Array.isArray(choices) || choices.length === 0 || !choices.every(isObject)) return undefined;
  return {
    ...readHead(response),
    finishReasons: finishReasons(choices.map((choice) => choice['finish_reason'])),
    outputMessages: choices.map((choice) =>
      readProviderMessage(choice['message'] ?? choice['text'] ?? '', 'assistant'),
    ),
  };
}

function readAnthropicMessage(response: JsonObject): Reading | undefined {
  const { type, content, stop_reason: stopReason, usage } = response;
  if (type !== 'message' || !Array.isArray(content)) return undefined;
  return {
    ...readHead(response),
    serviceTier: isObject(usage) ? textOf(usage['service_tier']) : undefined,
    finishReasons: finishReasons([stopReason]),
    outputMessages: [{ role: 'assistant', parts: readContent(content) }],
  };
}

function readOpenAiResponse(response: JsonObject): Reading | undefined {
  const { object, output } = response;
  if (object !== 'response' || !Array.isArray(output)) return undefined;
  return { ...readHead(response), outputMessages: joinAnswer(readProviderMessages(output, 'assistant')) };
}

/** Items of one response are one message of the assistant. */
function joinAnswer(messages: CanonicalMessage[]): CanonicalMessage[] {
  const first = messages[0];
  if (first === undefined || !messages.every(({ role }) => role === 'assistant')) return messages;
  return [{ ...first, parts: messages.flatMap(({ parts }) => parts) }];
}

function readLangChainResult(response: JsonObject): Reading | undefined {
  const { generations } = response;
  if (!Array.isArray(generations)) return undefined;
  const answers = generations.flat().filter(isObject);
  if (answers.length === 0) return undefined;
  const message = findLangChainMessage(answers[0]?.['message'])?.fields ?? {};
  const metadata = objectOf(message['response_metadata']);
  const info = objectOf(answers[0]?.['generationInfo'] ?? answers[0]?.['generation_info']);
  const result = objectOf(response['llmOutput'] ?? response['llm_output']);
  const reason = info['finish_reason'] ?? metadata['finish_reason'] ?? metadata['stop_reason'];
  return {
    responseId: textOf(metadata['id']) ?? providerId(textOf(message['id'])) ?? textOf(result['id']),
    responseModel: textOf(metadata['model_name'] ?? metadata['model'] ?? info['model_name'] ?? result['model_name']),
    serviceTier: textOf(metadata['service_tier'] ?? info['service_tier']),
    finishReasons: finishReasons([reason]),
    outputMessages: answers.map((answer) =>
      readProviderMessage(answer['message'] ?? answer['text'] ?? '', 'assistant'),
    ),
  };
}

/** LangChain gives messages the id of its own run where the provider gave none. */
function providerId(id: string | undefined): string | undefined {
  return id === undefined || /^(lc_)?run-/.test(id) ? undefined : id;
}

function readHead(response: JsonObject): Reading {
  return {
    responseId: textOf(response['id']),
    responseModel: textOf(response['model']),
    serviceTier: textOf(response['service_tier']),
  };
}

function finishReasons(reasons: readonly (Json | undefined)[]): string[] | undefined {
  const found = reasons.map(textOf).filter((reason) => reason !== undefined);
  return found.length > 0 ? found.map(normaliseFinishReason) : undefined;
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? text(value) : undefined;
}

function countOf(value: Json | undefined): bigint | undefined {
  return typeof value === 'number' ? count(value) : undefined;
}
