import type { Json } from '../lossless-json.ts';
import { tryParseJson } from '../lossless-json.ts';

export type JsonObject = Record<string, Json>;

/** One message in canonical form, which is the OpenTelemetry GenAI shape; what else was sent with it stays on it. */
export interface CanonicalMessage {
  role: string;
  name?: string;
  parts: JsonObject[];
  finish_reason?: string;
}

const roles: ReadonlyMap<string, string> = new Map(
  Object.entries({
    developer: 'system',
    human: 'user',
    ai: 'assistant',
    model: 'assistant',
    function: 'tool',
  }),
);

/**
 * Messages from whatever an emitter put where messages belong: a list in the OpenTelemetry or the OpenAI shape, one such
 * message, or plain text. `role` is for what names none.
 */
export function readMessages(value: Json, role: string): CanonicalMessage[] {
  if (value === null || value === '') return [];
  if (Array.isArray(value)) {
    return value.length > 0 && value.every(isPart)
      ? [canonical({ role, parts: value.map(readPart) })]
      : value.map((entry) => readMessage(entry, role));
  }
  return [readMessage(value, role)];
}

/** One message in the OpenTelemetry shape (`parts`) or OpenAI's (`content`, `tool_calls`); anything else is kept as data. */
export function readMessage(value: Json, role: string): CanonicalMessage {
  if (typeof value === 'string') return { role, parts: [{ type: 'text', content: value }] };
  if (!isObject(value)) return { role, parts: [{ type: 'data', value }] };
  const {
    role: sent,
    name,
    parts,
    content,
    tool_calls: toolCalls,
    tool_call_id: callId,
    finish_reason: finish,
    ...rest
  } = value;
  const known = [parts, content, toolCalls, callId].some((field) => field !== undefined && field !== null);
  if (!known && Object.keys(rest).length > 0) return { role: readRole(sent, role), parts: [{ type: 'data', value }] };
  const read: JsonObject[] = Array.isArray(parts) ? parts.map(readPart) : [];
  if (typeof callId === 'string') {
    read.push({
      type: 'tool_call_response',
      id: callId,
      ...(typeof name === 'string' ? { name } : {}),
      result: parsed(content),
    });
  } else {
    read.push(...readContent(content));
  }
  if (Array.isArray(toolCalls)) read.push(...toolCalls.map(readToolCall));
  return canonical({
    ...leftOver(rest),
    role: readRole(sent, role),
    ...(typeof name === 'string' && typeof callId !== 'string' ? { name } : {}),
    parts: read,
    ...(typeof finish === 'string' && finish !== '' ? { finish_reason: finish } : {}),
  });
}

/** Content in OpenAI's shape: text, a list of typed parts, or nothing. */
export function readContent(content: Json | undefined): JsonObject[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', content }];
  if (Array.isArray(content)) return content.map(readPart);
  return [isObject(content) && 'type' in content ? readPart(content) : { type: 'data', value: content }];
}

/** A tool call in OpenAI's shape, `{id, type, function: {name, arguments}}`, or already flat. */
export function readToolCall(call: Json): JsonObject {
  if (!isObject(call)) return { type: 'data', value: call };
  const inner = call['function'] ?? null;
  const called = isObject(inner) ? inner : call;
  return {
    type: 'tool_call',
    id: typeof call['id'] === 'string' ? call['id'] : null,
    name: typeof called['name'] === 'string' ? called['name'] : '',
    // LangChain has them under another name.
    arguments: parsed(called['arguments'] ?? called['args']),
  };
}

type PartReader = (part: JsonObject) => JsonObject;

/** By `type`: the OpenTelemetry part types, and those of the OpenAI and Anthropic content lists. */
const partReaders: ReadonlyMap<string, PartReader> = new Map(
  Object.entries({
    text: ({ text, content, ...rest }) => ({ ...rest, type: 'text', content: asText(content ?? text) }),
    input_text: (part) => readText(part),
    output_text: (part) => readText(part),
    refusal: ({ refusal, ...rest }) => ({ ...rest, type: 'text', content: asText(refusal ?? null) }),
    reasoning: ({ text, content, ...rest }) => ({ ...rest, type: 'reasoning', content: asText(content ?? text) }),
    thinking: ({ thinking, content, ...rest }) => ({
      ...rest,
      type: 'reasoning',
      content: asText(content ?? thinking),
    }),
    tool_call: ({ id, name, arguments: given, ...rest }) => ({
      ...rest,
      type: 'tool_call',
      id: id ?? null,
      name: asText(name),
      arguments: parsed(given),
    }),
    tool_use: ({ id, name, input, ...rest }) => ({
      ...rest,
      type: 'tool_call',
      id: id ?? null,
      name: asText(name),
      arguments: parsed(input),
    }),
    server_tool_call: ({ id, name, server_tool_call: given, ...rest }) => ({
      ...rest,
      type: 'tool_call',
      id: id ?? null,
      name: asText(name),
      arguments: parsed(given),
    }),
    tool_call_response: ({ id, response, result, ...rest }) => ({
      ...rest,
      type: 'tool_call_response',
      id: id ?? null,
      result: parsed(result ?? response),
    }),
    tool_result: ({ tool_use_id: id, content, ...rest }) => ({
      ...rest,
      type: 'tool_call_response',
      id: id ?? null,
      result: parsed(content),
    }),
    server_tool_call_response: ({ id, server_tool_call_response: response, ...rest }) => ({
      ...rest,
      type: 'tool_call_response',
      id: id ?? null,
      result: parsed(response),
    }),
    media: (part) => part,
    data: (part) => part,
    blob: (part) => ({ ...part, type: 'media' }),
    uri: (part) => ({ ...part, type: 'media' }),
    file: (part) => ('file_id' in part ? { ...part, type: 'media' } : { type: 'data', value: part }),
    image_url: ({ image_url: image = null, ...rest }) => {
      if (!isObject(image)) return readImage(image, rest);
      const { url = null, ...details } = image;
      return readImage(url, { ...rest, ...details });
    },
    input_image: ({ image_url: image, ...rest }) => readImage(image ?? null, rest),
  }),
);

function readPart(part: Json): JsonObject {
  if (typeof part === 'string') return { type: 'text', content: part };
  if (!isObject(part)) return { type: 'data', value: part };
  const read = typeof part['type'] === 'string' ? partReaders.get(part['type']) : undefined;
  return read === undefined ? { type: 'data', value: part } : read(part);
}

function readText({ text, ...rest }: JsonObject): JsonObject {
  return { ...rest, type: 'text', content: asText(text) };
}

function readImage(url: Json, rest: JsonObject): JsonObject {
  const inline = typeof url === 'string' ? /^data:([\w.+/-]+);base64,(.*)$/s.exec(url) : null;
  if (inline?.[1] !== undefined && inline[2] !== undefined) {
    return { ...rest, type: 'media', modality: 'image', mime_type: inline[1], content: inline[2] };
  }
  return { ...rest, type: 'media', modality: 'image', mime_type: null, uri: asText(url) };
}

/** The schema lets tool results sit in a user's message; the role they have is `tool`. */
function canonical(message: CanonicalMessage): CanonicalMessage {
  const onlyResults = message.parts.length > 0 && message.parts.every((part) => part['type'] === 'tool_call_response');
  return onlyResults ? { ...message, role: 'tool' } : message;
}

function readRole(role: Json | undefined, otherwise: string): string {
  if (typeof role !== 'string' || role === '') return otherwise;
  return roles.get(role.toLowerCase()) ?? role;
}

/** Fields of a message that have no canonical name, empty ones dropped. */
function leftOver(rest: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && value !== ''));
}

/** Arguments and results are JSON where their text is JSON. */
function parsed(value: Json | undefined): Json {
  if (typeof value !== 'string') return value ?? null;
  return /^\s*[[{"]/.test(value) ? (tryParseJson(value) ?? value) : value;
}

function asText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function isPart(value: Json): boolean {
  return isObject(value) && typeof value['type'] === 'string' && !('role' in value) && partReaders.has(value['type']);
}

/** A JSON object, as opposed to a list, a scalar, or a number that is kept as its digits. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
