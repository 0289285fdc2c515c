import type { Json } from '../lossless-json.ts';
import { readFile, readImageUrl, readInputAudio, readMediaPart, readSpokenAudio } from './media.ts';
import { asText, parsed, readUntypedPart } from './untyped-parts.ts';

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
    audio,
    ...rest
  } = value;
  const spoken = isObject(audio) ? readSpokenAudio(audio) : [];
  const known =
    spoken.length > 0 || [parts, content, toolCalls, callId].some((field) => field !== undefined && field !== null);
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
  read.push(...spoken);
  if (Array.isArray(toolCalls)) read.push(...toolCalls.map(readToolCall));
  return canonical({
    ...leftOver(spoken.length > 0 || audio === undefined ? rest : { ...rest, audio }),
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

/** By `type`: the OpenTelemetry part types, and those of the content lists of OpenAI, Anthropic, LangChain and Pydantic AI. */
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
    data: (part) => part,
    media: (part) => ('modality' in part && 'mime_type' in part ? part : readMediaPart(part)),
    blob: (part) => readMediaPart(part),
    uri: (part) => readMediaPart(part),
    binary: (part) => readMediaPart(part),
    image: (part) => readMediaPart(part, 'image'),
    audio: (part) => readMediaPart(part, 'audio'),
    video: (part) => readMediaPart(part, 'video'),
    document: (part) => readMediaPart(part, 'file'),
    'image-url': (part) => readMediaPart(part, 'image'),
    'audio-url': (part) => readMediaPart(part, 'audio'),
    'video-url': (part) => readMediaPart(part, 'video'),
    'document-url': (part) => readMediaPart(part, 'file'),
    image_url: readImageUrl,
    input_image: readImageUrl,
    input_audio: readInputAudio,
    file: readFile,
    input_file: readFile,
  }),
);

function readPart(part: Json): JsonObject {
  if (typeof part === 'string') return { type: 'text', content: part };
  if (!isObject(part)) return { type: 'data', value: part };
  if (typeof part['type'] !== 'string') return readUntypedPart(part) ?? { type: 'data', value: part };
  const read = partReaders.get(part['type']);
  return read === undefined ? { type: 'data', value: part } : read(part);
}

function readText({ text, ...rest }: JsonObject): JsonObject {
  return { ...rest, type: 'text', content: asText(text) };
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

/** True for a part of a message, by its type, or by its fields where it names none. */
export function isPart(value: Json): boolean {
  if (!isObject(value) || 'role' in value) return false;
  return typeof value['type'] === 'string' ? partReaders.has(value['type']) : readUntypedPart(value) !== undefined;
}

/** A JSON object, as opposed to a list, a scalar, or a number that is kept as its digits. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
