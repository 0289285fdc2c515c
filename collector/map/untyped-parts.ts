import type { Json } from '../lossless-json.ts';
import { tryParseJson } from '../lossless-json.ts';
import { readGoogleMedia, toMedia } from './media.ts';

type JsonObject = Record<string, Json>;

/** Parts of Google's and Bedrock's messages: which of their fields is set says what they are. */
export function readUntypedPart(part: JsonObject): JsonObject | undefined {
  return readGooglePart(part) ?? readBedrockPart(part);
}

function readGooglePart(part: JsonObject): JsonObject | undefined {
  const { text, thought, function_call, functionCall = function_call, function_response, ...rest } = part;
  const { functionResponse = function_response, ...others } = rest;
  if (typeof text === 'string') return { ...others, type: thought === true ? 'reasoning' : 'text', content: text };
  if (isObject(functionCall)) {
    const { id = null, name, args } = functionCall;
    return { ...others, type: 'tool_call', id, name: asText(name), arguments: parsed(args) };
  }
  if (isObject(functionResponse)) {
    const { id = null, name, response } = functionResponse;
    return { ...others, type: 'tool_call_response', id, name: asText(name), result: parsed(response) };
  }
  return readGoogleMedia(part);
}

/** The Converse API's, which Strands uses for every provider. */
function readBedrockPart({ toolUse, toolResult, reasoningContent, ...rest }: JsonObject): JsonObject | undefined {
  if (isObject(toolUse)) {
    const { toolUseId: id = null, name, input } = toolUse;
    return { ...rest, type: 'tool_call', id, name: asText(name), arguments: parsed(input) };
  }
  if (isObject(toolResult)) {
    const { toolUseId: id = null, content = null, status } = toolResult;
    const failed = status === 'error' ? { is_error: true } : {};
    return { ...rest, type: 'tool_call_response', id, result: onlyContent(content), ...failed };
  }
  if (isObject(reasoningContent)) {
    const { reasoningText: said = reasoningContent } = reasoningContent;
    if (isObject(said) && typeof said['text'] === 'string')
      return { ...rest, type: 'reasoning', content: said['text'] };
  }
  return readBedrockMedia(rest);
}

function readBedrockMedia(part: JsonObject): JsonObject | undefined {
  const kind = ['image', 'video', 'audio', 'document'].find((name) => isObject(part[name]));
  const { format, source, ...rest } = kind === undefined ? {} : (part[kind] as JsonObject);
  if (kind === undefined || !isObject(source ?? null)) return undefined;
  const { bytes, s3Location = null, location = s3Location } = source as JsonObject;
  const uri = isObject(location) ? location['uri'] : undefined;
  const modality = kind === 'document' ? 'file' : kind;
  const mimeType = typeof format === 'string' && modality !== 'file' ? `${modality}/${format}` : undefined;
  return toMedia({ held: bytes ?? uri, mimeType, modality, rest });
}

/** A result of one text or one JSON value is that; of several it is their list. */
function onlyContent(content: Json): Json {
  const [only, ...others] = Array.isArray(content) ? content : [];
  if (!isObject(only ?? null) || others.length > 0) return content;
  const { text, json } = only as JsonObject;
  return json ?? (text === undefined ? content : parsed(text));
}

/** Arguments and results are JSON where their text is JSON. */
export function parsed(value: Json | undefined): Json {
  if (typeof value !== 'string') return value ?? null;
  return /^\s*[[{"]/.test(value) ? (tryParseJson(value) ?? value) : value;
}

/** Text as it is, anything else as JSON; '' for nothing. */
export function asText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
