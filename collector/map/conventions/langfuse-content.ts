import type { Json } from '../../lossless-json.ts';
import { type CanonicalMessage, isObject, type JsonObject, readMessages } from '../message.ts';
import { findToolMessage } from '../langchain.ts';
import { isProviderMessage, readProviderMessages } from '../provider-messages.ts';
import { readProviderRequest } from '../provider-request.ts';
import { readProviderResponse } from '../provider-response.ts';
import { type Reading, withoutUndefined } from '../reading.ts';

/**
 * What a model was asked, as Langfuse's integrations and users put it down: a request of OpenAI or Anthropic, a list of
 * messages, or text. Undefined where the messages are not all that the JSON says.
 */
export function readLangfuseRequest(input: Json): Reading | undefined {
  const { messages, tools } = takeTools(nameTools(input));
  const request = readProviderRequest(messages);
  if (request === undefined) return undefined;
  const toolDefinitions = tools.length > 0 ? tools : request.toolDefinitions;
  return withoutUndefined({ ...request, toolDefinitions, inputMessages: request.inputMessages?.map(nameMedia) });
}

/** What is in no shape of a request, as messages. */
export function readLangfuseInput(input: Json): CanonicalMessage[] {
  return readMessages(input, 'user').map(nameMedia);
}

/** What a model answered: a provider's response, else one message or several. */
export function readLangfuseResponse(output: Json): Reading | undefined {
  const response = readProviderResponse(output);
  return response && withoutUndefined({ ...response, outputMessages: response.outputMessages?.map(nameMedia) });
}

/** A message, a list of them, text, or JSON that stands for itself. */
export function readLangfuseOutput(output: Json): CanonicalMessage[] {
  const list = Array.isArray(output) ? output.flat() : [output];
  const messages =
    list.length > 0 && list.every(isProviderMessage)
      ? readProviderMessages(list, 'assistant')
      : readMessages(output, 'assistant');
  return messages.map(nameMedia);
}

/** A tool's result and the call that it answers, where LangChain wraps them. */
export function readLangfuseToolMessage(output: Json): { result?: Json; callId?: string } {
  const { content, tool_call_id: callId } = findToolMessage(output) ?? {};
  return {
    ...(content === undefined ? {} : { result: content }),
    ...(typeof callId === 'string' ? { callId } : {}),
  };
}

/** LangChain's handler for Python puts the tools after the messages, each as a message that answers no call. */
function takeTools(request: Json): { messages: Json; tools: Json[] } {
  if (!Array.isArray(request)) return { messages: request, tools: [] };
  const [tools, messages] = [request.filter(isOffered), request.filter((message) => !isOffered(message))];
  return { messages, tools: tools.map((message) => (isObject(message) ? (message['content'] ?? null) : null)) };
}

function isOffered(message: Json): boolean {
  if (!isObject(message) || message['role'] !== 'tool' || 'tool_call_id' in message) return false;
  const { content } = message;
  return isObject(content) && ('function' in content || 'input_schema' in content || 'parameters' in content);
}

/** Roles that a message may have; LangChain's handler for JavaScript writes a tool's name in the place of its role. */
const knownRole = /^(system|developer|user|human|assistant|ai|model|tool|function|generic|chat)$/i;

/** The request with results of tools as such. The call that a result answers is the last of that name without one. */
function nameTools(request: Json): Json {
  if (isObject(request) && Array.isArray(request['messages'])) {
    return { ...request, messages: nameTools(request['messages']) };
  }
  if (!Array.isArray(request)) return request;
  const open: { id: Json; name: Json }[] = [];
  return request.map((message) => {
    if (!isObject(message)) return message;
    const { role = null, content = null, tool_calls: calls, additional_kwargs: more } = message;
    if (Array.isArray(calls)) open.push(...calls.flatMap(readOpenCall));
    if (typeof role !== 'string' || knownRole.test(role) || !isObject(more)) return message;
    const at = open.findIndex(({ name }) => name === role);
    const [call] = at === -1 ? [] : open.splice(at, 1);
    return { role: 'tool', parts: [{ type: 'tool_call_response', id: call?.id ?? null, name: role, result: content }] };
  });
}

function readOpenCall(call: Json): { id: Json; name: Json }[] {
  if (!isObject(call)) return [];
  const { id = null, name = null, function: called } = call;
  return [{ id, name: isObject(called) ? (called['name'] ?? null) : name }];
}

/** What Langfuse's SDKs put in the place of a file, which they send to Langfuse by another way. */
const mediaReference = /^@@@langfuseMedia:type=([^|@]*)\|id=([^|@]*)\|source=[^@]*@@@$/;

function nameMedia(message: CanonicalMessage): CanonicalMessage {
  if (!message.parts.some((part) => findReference(part) !== undefined)) return message;
  return { ...message, parts: message.parts.map(nameMediaPart) };
}

function nameMediaPart(part: JsonObject): JsonObject {
  const [, mime = '', id = ''] = findReference(part) ?? [];
  if (id === '') return part;
  const { uri: _uri, content: _content, type: _type, ...rest } = part;
  const modality = mime.split('/')[0] ?? '';
  return { ...rest, type: 'media', modality, mime_type: mime, file_id: id };
}

function findReference({ uri, content }: JsonObject): RegExpExecArray | undefined {
  const value = uri ?? content;
  return typeof value === 'string' ? (mediaReference.exec(value) ?? undefined) : undefined;
}
