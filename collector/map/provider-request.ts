import type { Json } from '../lossless-json.ts';
import { type CanonicalMessage, isObject, readMessages } from './message.ts';
import { isProviderMessage, readProviderMessages } from './provider-messages.ts';
import { type Reading, withoutUndefined } from './reading.ts';

/**
 * What a model was asked, from the request that a client library sent to OpenAI or Anthropic or was given by LangChain.
 * Undefined where the JSON is no such request.
 */
export function readProviderRequest(request: Json): Reading | undefined {
  const inputMessages = readInput(request);
  if (inputMessages === undefined) return undefined;
  if (!isObject(request)) return { inputMessages };
  const { tools } = request;
  return withoutUndefined({
    inputMessages,
    systemInstructions: readInstructions(request),
    toolDefinitions: Array.isArray(tools) && tools.length > 0 ? tools : undefined,
  });
}

/** The system prompt where it stands beside the messages: `system` to Anthropic, `instructions` to OpenAI's responses. */
export function readInstructions(request: Json | undefined): CanonicalMessage[] | undefined {
  if (!isObject(request)) return undefined;
  const messages = readMessages(request['system'] ?? request['instructions'] ?? null, 'system');
  return messages.length > 0 ? messages : undefined;
}

function readInput(request: Json): CanonicalMessage[] | undefined {
  if (Array.isArray(request)) return readList(request);
  if (!isObject(request)) return undefined;
  const { messages, input, prompt, prompts } = request;
  const asked = input ?? prompt ?? prompts;
  if (Array.isArray(messages)) return readList(messages);
  if (typeof asked === 'string') return readMessages(asked, 'user');
  return Array.isArray(asked) ? readList(asked) : undefined;
}

/** Messages, or texts of a completion; a list that has anything else in it is none. */
function readList(list: readonly Json[]): CanonicalMessage[] | undefined {
  const known = list.flat().every((entry) => typeof entry === 'string' || isProviderMessage(entry));
  return known && list.length > 0 ? readProviderMessages(list, 'user') : undefined;
}
