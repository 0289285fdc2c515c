import type { Json } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { readsLists } from '../lists/list-reader.ts';
import { toMedia } from '../media.ts';
import { type CanonicalMessage, isObject, type JsonObject, readMessage } from '../message.ts';
import { structuredContent } from '../value.ts';

/** Messages as the AI SDK of Vercel writes them, in all its versions: `[{role, content: text | [{type: "tool-call", …}]}]`. */
export function readModelMessages(value: Json | undefined, role: string): CanonicalMessage[] {
  if (value === undefined || value === null || value === '') return [];
  return (Array.isArray(value) ? value : [value]).map((message) => readModelMessage(message, role));
}

/** `ai.prompt.messages`. */
export const readPromptMessages = readsLists((value: AnyValue) => readModelMessages(structuredContent(value), 'user'), {
  id: 1,
  read: (element) => readModelMessage(element, 'user'),
  joinsParts: false,
});

/** What `generateText` and its like were called with: `{system, prompt}` or `{system, messages}`, or the prompt alone. */
export function readPrompt(prompt: Json): CanonicalMessage[] {
  if (!isObject(prompt) || 'role' in prompt) return readModelMessages(prompt, 'user');
  return [...readModelMessages(prompt['prompt'], 'user'), ...readModelMessages(prompt['messages'], 'user')];
}

/** The system prompt beside the messages: a text, or one or several messages. */
export function readSystem(prompt: Json): CanonicalMessage[] {
  return isObject(prompt) && !('role' in prompt) ? readModelMessages(prompt['system'], 'system') : [];
}

/** An answer in the SDK's own names; each part may be missing. */
export interface Answer {
  reasoning?: Json | undefined;
  text?: Json | undefined;
  object?: Json | undefined;
  files?: Json | undefined;
  toolCalls?: Json | undefined;
  finishReason?: string | undefined;
}

/** The message of the assistant that an answer is; none where it says nothing. */
export function readAnswer({ reasoning, text, object, files, toolCalls, finishReason }: Answer): CanonicalMessage[] {
  const said = [text, object].filter((value) => value !== undefined && value !== null && value !== '');
  const parts: Json[] = [
    ...listOf(reasoning).map((part) => (typeof part === 'string' ? { type: 'reasoning', text: part } : part)),
    ...said.map((value) => ({ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) })),
    ...listOf(files).map((file) => typed('file', file)),
    ...listOf(toolCalls).map((call) => typed('tool-call', call)),
  ];
  if (parts.length === 0) return [];
  const finished = finishReason === undefined ? {} : { finish_reason: finishReason };
  return [readMessage({ role: 'assistant', parts: parts.map(toPart), ...finished }, 'assistant')];
}

function readModelMessage(message: Json, role: string): CanonicalMessage {
  if (!isObject(message) || !Array.isArray(message['content'])) return readMessage(message, role);
  const { content, ...rest } = message;
  return readMessage({ ...rest, parts: content.map(toPart) }, role);
}

function listOf(value: Json | undefined): Json[] {
  if (value === undefined || value === null || value === '') return [];
  return Array.isArray(value) ? value : [value];
}

function typed(type: string, value: Json): Json {
  return isObject(value) ? { ...value, type } : value;
}

/** The part in OpenTelemetry's form, which `readMessage` reads; what has none is left as it is. */
function toPart(part: Json): Json {
  if (!isObject(part) || typeof part['type'] !== 'string') return part;
  return partReaders.get(part['type'])?.(part) ?? part;
}

const partReaders: ReadonlyMap<string, (part: JsonObject) => JsonObject> = new Map(
  Object.entries<(part: JsonObject) => JsonObject>({
    // Up to version 4 what a tool is given is `args`.
    'tool-call': ({ toolCallId: id = null, toolName: name = null, input, args, ...rest }) => ({
      ...rest,
      type: 'tool_call',
      ...{ id, name, arguments: input ?? args ?? null },
    }),
    'tool-result': ({ toolCallId: id = null, toolName: name = null, output, result, isError, ...rest }) => ({
      ...rest,
      type: 'tool_call_response',
      ...{ id, name, ...(output === undefined ? { result: result ?? null } : readOutput(output)) },
      ...(isError === true ? { is_error: true } : {}),
    }),
    'tool-error': ({ toolCallId: id = null, toolName: name = null, error = null, ...rest }) => ({
      ...rest,
      type: 'tool_call_response',
      ...{ id, name, result: error, is_error: true },
    }),
    image: ({ image, ...rest }) => readMedia(image ?? null, rest, 'image'),
    file: ({ data, ...rest }) => readMedia(data ?? null, rest),
    'reasoning-file': ({ data, ...rest }) => readMedia(data ?? null, rest),
  }),
);

/** From version 5 a result says what it is: `{type: "json", value}`, `{type: "error-text", value}`. */
function readOutput(output: Json): JsonObject {
  if (!isObject(output) || typeof output['type'] !== 'string' || !('value' in output)) return { result: output };
  const { type, value } = output;
  return { result: value ?? null, ...(type.startsWith('error') ? { is_error: true } : {}) };
}

function readMedia(
  data: Json,
  { mediaType, mimeType, type: _type, ...rest }: JsonObject,
  modality?: string,
): JsonObject {
  return toMedia({ held: isObject(data) ? bytesOf(data) : data, mimeType: mimeType ?? mediaType, modality, rest });
}

/** What stands in `{type: "data", data}` or `{type: "url", url}`, and bytes that were made JSON: `{"0": 137, "1": 80, …}`. */
function bytesOf(data: JsonObject): Json {
  if (typeof data['type'] === 'string') return data[data['type']] ?? data;
  const bytes = Object.values(data);
  const isBytes = '0' in data && bytes.every((byte) => typeof byte === 'number');
  return isBytes ? Buffer.from(bytes).toString('base64') : data;
}
