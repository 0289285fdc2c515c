import type { Json } from '../lossless-json.ts';
import { findLangChainMessage, toChatMessage } from './langchain.ts';
import { type CanonicalMessage, isObject, type JsonObject, readMessage } from './message.ts';

/**
 * Messages as model providers and LangChain's clients of them write them in requests and responses: OpenAI's chat messages
 * and response items, Anthropic's messages, LangChain's serialised ones, also in lists of lists.
 */
export function readProviderMessages(list: readonly Json[], role: string): CanonicalMessage[] {
  return list.flat().map((entry) => readProviderMessage(entry, role));
}

/** True for what is a message or an item of OpenAI's responses. */
export function isProviderMessage(value: Json): boolean {
  if (!isObject(value)) return false;
  const { role, type } = value;
  return (
    typeof role === 'string' ||
    (typeof type === 'string' && itemReaders.has(type)) ||
    findLangChainMessage(value) !== undefined
  );
}

/** One message; `role` is for what names none. What is in no known shape is kept as data. */
export function readProviderMessage(value: Json, role: string): CanonicalMessage {
  const langChain = findLangChainMessage(value);
  if (langChain !== undefined) return readMessage(toChatMessage(langChain), role);
  if (!isObject(value) || typeof value['type'] !== 'string') return readMessage(value, role);
  return readMessage(itemReaders.get(value['type'])?.(value) ?? value, role);
}

type ItemReader = (item: JsonObject) => JsonObject;

/** Items of OpenAI's responses by `type`, as messages; the agents SDK writes the same in camel case. */
const itemReaders: ReadonlyMap<string, ItemReader> = new Map(
  Object.entries<ItemReader>({
    message: ({ role = null, content = null }) => ({ role, content }),
    function_call: readCall,
    custom_tool_call: readCall,
    function_call_output: readCallOutput,
    function_call_result: readCallOutput,
    custom_tool_call_output: readCallOutput,
    reasoning: ({ summary, content }) => ({
      role: 'assistant',
      parts: [summary, content]
        .flat()
        .filter((part) => isObject(part) && typeof part['text'] === 'string')
        .map((part) => ({ type: 'reasoning', content: isObject(part) ? (part['text'] ?? '') : '' })),
    }),
  }),
);

function readCall({ call_id: snake, callId: camel, name = null, arguments: given, input }: JsonObject): JsonObject {
  return {
    role: 'assistant',
    parts: [{ type: 'tool_call', id: snake ?? camel ?? null, name, arguments: given ?? input ?? null }],
  };
}

function readCallOutput({ call_id: snake, callId: camel, name, output = null }: JsonObject): JsonObject {
  const text = isObject(output) && output['type'] === 'text' ? (output['text'] ?? output) : output;
  const named = typeof name === 'string' ? { name } : {};
  return { role: 'tool', parts: [{ type: 'tool_call_response', id: snake ?? camel ?? null, ...named, result: text }] };
}
