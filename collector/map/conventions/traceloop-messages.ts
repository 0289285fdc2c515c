import type { Json } from '../../lossless-json.ts';
import { tryParseJson } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { type IndexedEntry, readIndexed } from '../indexed.ts';
import { type CanonicalMessage, isObject, type JsonObject, readMessage } from '../message.ts';
import { json, structuredContent, text } from '../value.ts';

type Fields = ReadonlyMap<string, AnyValue>;

/** What a model was asked, from `gen_ai.prompt.0.role` and its like. */
export function readFlatPrompts(entries: readonly IndexedEntry[]): CanonicalMessage[] {
  return entries.map(({ fields }) => readFlatMessage(fields, 'user'));
}

/** What it answered, from `gen_ai.completion.0.content`; its thoughts come as an entry before the answer that they led to. */
export function readFlatCompletions(entries: readonly IndexedEntry[]): CanonicalMessage[] {
  const answers: CanonicalMessage[] = [];
  let thoughts: CanonicalMessage | undefined;
  for (const { fields } of entries) {
    const message = readFlatMessage(fields, 'assistant');
    const answer =
      thoughts === undefined ? message : { ...thoughts, ...message, parts: [...thoughts.parts, ...message.parts] };
    thoughts = isThought(fields) ? answer : undefined;
    if (thoughts === undefined) answers.push(answer);
  }
  return thoughts === undefined ? answers : [...answers, thoughts];
}

/** Fields of a message that have a place of their own. */
const ownFields = new Set(['role', 'content', 'user', 'refusal', 'reasoning', 'tool_call_id', 'name']);

function readFlatMessage(fields: Fields, otherwise: string): CanonicalMessage {
  const { tool_calls: listed = [] } = readIndexed(fields, { tool_calls: '' });
  const inLists = new Set(listed.flatMap(({ keys }) => keys));
  const rest = [...fields].filter(([key]) => !ownFields.has(key) && !inLists.has(key));
  // A prompt that is no list of messages has its text under the role's name.
  const sent = fields.get('content') ?? fields.get('user') ?? fields.get('refusal') ?? null;
  const content = isThought(fields) ? null : readFlatContent(sent);
  const reasoning = isThought(fields) ? sent : (fields.get('reasoning') ?? null);
  const role = isThought(fields)
    ? 'assistant'
    : (text(fields.get('role')) ?? (fields.has('user') ? 'user' : otherwise));
  const callId = text(fields.get('tool_call_id'));
  const name = text(fields.get('name'));
  const common = {
    ...Object.fromEntries(rest.map(([key, value]) => [key, json(value)])),
    role,
    ...(reasoning === null || reasoning === '' ? {} : { parts: [{ type: 'reasoning', content: json(reasoning) }] }),
  };
  if (callId !== undefined || role === 'tool' || role === 'function') {
    const answer = { type: 'tool_call_response', id: callId ?? null, ...(name === undefined ? {} : { name }) };
    return readMessage({ ...common, parts: [{ ...answer, result: resultOf(content) }] }, otherwise);
  }
  const calls = listed.map(readCall).filter(({ id }) => !hasCall(content, id ?? null));
  return readMessage({ ...common, ...(name === undefined ? {} : { name }), content, tool_calls: calls }, otherwise);
}

/** Anthropic's thoughts have a role of their own. */
function isThought(fields: Fields): boolean {
  return fields.get('role') === 'thinking';
}

/** Text, or JSON text of a list of parts; where there was no content, the text says so. */
function readFlatContent(sent: AnyValue): Json {
  if (typeof sent !== 'string') return json(sent);
  if (/^(null|""|\[\])?$/.test(sent)) return null;
  const parts = sent.startsWith('[') ? tryParseJson(sent) : undefined;
  const isList = Array.isArray(parts) && parts.every((part) => isObject(part) && typeof part['type'] === 'string');
  return isList ? parts : sent;
}

function resultOf(content: Json): Json {
  return typeof content === 'string' ? structuredContent(content) : content;
}

function readCall({ fields }: IndexedEntry): JsonObject {
  const {
    id,
    name,
    arguments: given,
    ...rest
  } = Object.fromEntries([...fields].map(([key, value]) => [key, json(value)]));
  return { ...rest, id: id ?? null, name: name ?? '', arguments: given ?? null };
}

/** Anthropic's calls stand among the parts, too. */
function hasCall(content: Json, id: Json): boolean {
  return (
    Array.isArray(content) && content.some((part) => isObject(part) && part['type'] === 'tool_use' && part['id'] === id)
  );
}
