import type { Json } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { type IndexedEntry, readIndexed } from '../indexed.ts';
import { type CanonicalMessage, type JsonObject, readMessage } from '../message.ts';
import { json, text } from '../value.ts';

type Fields = ReadonlyMap<string, AnyValue>;

/** Messages from flat names, `llm.input_messages.0.message.role`; what has no canonical name stays on its message or part. */
export function readFlatMessages(entries: readonly IndexedEntry[], role: string): CanonicalMessage[] {
  return entries.map(({ fields }) => readFlatMessage(fields, role));
}

/** Texts of a completion, `llm.prompts.0.prompt.text`, each as a message. */
export function readFlatTexts(entries: readonly IndexedEntry[], role: string): CanonicalMessage[] {
  return entries.map(({ fields }) => {
    const { text = '', ...rest } = plain(fields);
    return readMessage({ ...rest, role, content: text }, role);
  });
}

/** Fields of a message that have a place of their own. */
const messageFields = new Set([
  'role',
  'name',
  'content',
  'tool_call_id',
  'function_call_name',
  'function_call_arguments_json',
]);

function readFlatMessage(fields: Fields, otherwise: string): CanonicalMessage {
  const { tool_calls: calls = [], contents = [] } = readIndexed(fields, { tool_calls: 'tool_call.', contents: '' });
  const listed = new Set([...calls, ...contents].flatMap(({ keys }) => keys));
  const role = text(fields.get('role')) ?? otherwise;
  const name = text(fields.get('name'));
  const content = fields.get('content') ?? null;
  const parts = joinCalls(contents.map(readPart), [
    ...calls.map((call) => readCall(call.fields)),
    ...readOldCall(fields),
  ]);
  const answers = /^(tool|function)$/.test(role) || fields.get('tool_call_id') !== undefined;
  const rest = [...fields].filter(([key]) => !messageFields.has(key) && !listed.has(key));
  return readMessage(
    {
      ...plain(new Map(rest)),
      role,
      ...(name === undefined || answers ? {} : { name }),
      parts: answers
        ? [{ ...readAnswer(fields, content, parts), ...(name === undefined ? {} : { name }) }]
        : [...readText(content, parts), ...parts],
    },
    otherwise,
  );
}

/** The text beside a list of contents, unless the list has it, too. */
function readText(content: AnyValue, parts: readonly JsonObject[]): JsonObject[] {
  if (content === null || content === '') return [];
  if (typeof content !== 'string') return [{ type: 'data', value: json(content) }];
  return parts.some((part) => part['type'] === 'text' && part['text'] === content)
    ? []
    : [{ type: 'text', text: content }];
}

function readAnswer(fields: Fields, content: AnyValue, parts: readonly JsonObject[]): JsonObject {
  const [only, ...others] = parts;
  const listed: Json = others.length === 0 && only?.['type'] === 'text' ? (only['text'] ?? '') : [...parts];
  const result = parts.length === 0 ? json(content) : listed;
  return { type: 'tool_call_response', id: text(fields.get('tool_call_id')) ?? null, result };
}

/** One entry of `contents`; a call in its place among the texts has its fields beside the entry's own. */
function readPart({ fields }: IndexedEntry): JsonObject {
  const call = within(fields, 'tool_call.');
  if (call.size > 0) return readCall(call);
  const own = plain(within(fields, 'message_content.'));
  const { type, text, ...rest } = own;
  const media = mediaKinds.find((kind) => type === kind || type === `input_${kind}` || `${kind}.${kind}.url` in own);
  if (media !== undefined) return readMedia(media, rest);
  if (typeof type === 'string' && textTypes.has(type)) return { ...rest, type, text: text ?? '' };
  if (type === undefined && typeof text === 'string') return { ...rest, type: 'text', text };
  return { type: 'data', value: Object.keys(own).length > 0 ? own : plain(fields) };
}

const mediaKinds = ['image', 'audio', 'video'] as const;
const textTypes: ReadonlySet<string> = new Set(['text', 'input_text', 'output_text', 'reasoning', 'thinking']);

/** `image.image.url`, `audio.audio.mime_type`: a link, or a data URL that holds it all. */
function readMedia(modality: (typeof mediaKinds)[number], fields: JsonObject): JsonObject {
  const {
    [`${modality}.${modality}.url`]: url = '',
    [`${modality}.${modality}.mime_type`]: sent = null,
    ...rest
  } = fields;
  const inline = typeof url === 'string' ? /^data:([^;,]*)(?:;[^,]*)?;base64,(.*)$/s.exec(url) : null;
  if (inline === null) return { ...rest, type: 'media', modality, mime_type: sent, uri: url };
  return {
    ...rest,
    type: 'media',
    modality,
    mime_type: inline[1] === '' ? sent : (inline[1] ?? null),
    content: inline[2] ?? '',
  };
}

function readCall(fields: Fields): JsonObject {
  const { id = null, 'function.name': name = '', 'function.arguments': given = null, ...rest } = plain(fields);
  return { ...rest, type: 'tool_call', id, name, arguments: given };
}

/** A call as OpenAI had it before there were several. */
function readOldCall(fields: Fields): JsonObject[] {
  const name = fields.get('function_call_name');
  const given = fields.get('function_call_arguments_json');
  if (name === undefined && given === undefined) return [];
  return [{ type: 'tool_call', id: null, name: text(name) ?? '', arguments: json(given ?? null) }];
}

/** Parts and calls: one that stands among the parts is the same as in the list of calls. */
function joinCalls(parts: JsonObject[], calls: JsonObject[]): JsonObject[] {
  const placed = new Map<string, number>();
  for (const part of parts) {
    if (part['type'] === 'tool_call') placed.set(identityOf(part), (placed.get(identityOf(part)) ?? 0) + 1);
  }
  const others = calls.filter((call) => {
    const left = placed.get(identityOf(call)) ?? 0;
    placed.set(identityOf(call), left - 1);
    return left <= 0;
  });
  return [...parts, ...others];
}

function identityOf({ id = null, name = '', arguments: given = null }: JsonObject): string {
  return JSON.stringify(id === null ? [name, given] : [id]);
}

function within(fields: Fields, prefix: string): Fields {
  return new Map(
    [...fields].filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

function plain(fields: Fields): JsonObject {
  return Object.fromEntries([...fields].map(([key, value]) => [key, json(value)]));
}
