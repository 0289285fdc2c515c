import type { Json } from '../../lossless-json.ts';
import { tryParseJson } from '../../lossless-json.ts';
import type { AnyValue, Attributes, OtlpEvent } from '../../receive/otlp.ts';
import { readGenAiContent } from './gen-ai-content.ts';
import {
  type CanonicalMessage,
  isObject,
  isPart,
  type JsonObject,
  readContent,
  readMessage,
  readMessages,
} from '../message.ts';
import type { Reading } from '../reading.ts';
import { jsonObject, structured, structuredContent } from '../value.ts';

export const operationDetails = 'gen_ai.client.inference.operation.details';

/** Events of one message each (conventions up to v1.36), by name: the role, and which side of the call. */
const messageEvents: ReadonlyMap<string, { role: string; side: 'inputMessages' | 'outputMessages' }> = new Map(
  Object.entries({
    'gen_ai.system.message': { role: 'system', side: 'inputMessages' },
    'gen_ai.user.message': { role: 'user', side: 'inputMessages' },
    'gen_ai.assistant.message': { role: 'assistant', side: 'inputMessages' },
    'gen_ai.tool.message': { role: 'tool', side: 'inputMessages' },
    'gen_ai.choice': { role: 'assistant', side: 'outputMessages' },
  }),
);

/** Still older span events that hold a whole side of the call in one attribute. */
const contentEvents: ReadonlyMap<
  string,
  { attribute: string; role: string; side: 'inputMessages' | 'outputMessages' }
> = new Map(
  Object.entries({
    'gen_ai.content.prompt': { attribute: 'gen_ai.prompt', role: 'user', side: 'inputMessages' },
    'gen_ai.content.completion': { attribute: 'gen_ai.completion', role: 'assistant', side: 'outputMessages' },
  }),
);

/** True for log records that belong to a model call; the others are not stored. */
export function isGenAiEvent(name: string): boolean {
  return name.startsWith('gen_ai.');
}

/** True for an event whose whole content becomes messages. */
export function holdsMessages(name: string): boolean {
  return messageEvents.has(name) || contentEvents.has(name) || name === operationDetails;
}

/** The messages that a span's own events carry, in their order; undefined where none does. */
export function readGenAiEvents(events: readonly OtlpEvent[]): Reading | undefined {
  let found: Reading | undefined;
  for (const event of events) {
    const reading = readGenAiEvent(event.name, event.attributes, jsonObject(event.attributes));
    if (reading !== undefined) found = mergeContent(found ?? {}, reading);
  }
  return found;
}

/**
 * What one event or log record says: `body` is the log record's body, or a span event's attributes.
 * Undefined where it carries no messages.
 */
export function readGenAiEvent(name: string, attributes: Attributes, body: Json): Reading | undefined {
  if (name === operationDetails) return readGenAiContent(attributes);
  const single = messageEvents.get(name);
  if (single !== undefined) {
    const said = attributes.get('gen_ai.event.content');
    return {
      [single.side]: [readEventMessage(name, single.role, said === undefined ? bodyOf(body) : structured(said))],
    };
  }
  const whole = contentEvents.get(name);
  if (whole === undefined) return undefined;
  const value: AnyValue | undefined = attributes.get(whole.attribute);
  return value === undefined ? undefined : { [whole.side]: readMessages(structuredContent(value), whole.role) };
}

/** What a tool was given and gave back. */
export interface ToolEvents {
  arguments?: Json | undefined;
  result?: Json | undefined;
}

/** True for the events that say what a tool was given and gave back, on its own span, as if to a model. */
export function isToolEvent({ name }: OtlpEvent): boolean {
  return name === 'gen_ai.tool.message' || name === 'gen_ai.choice';
}

/** Reads these, of each the last. */
export function readGenAiToolEvents(events: readonly OtlpEvent[]): ToolEvents {
  const said = (name: string, field: string) => {
    const value = events.findLast((event) => event.name === name)?.attributes.get(field);
    return value === undefined ? undefined : structuredContent(value);
  };
  return { arguments: said('gen_ai.tool.message', 'content'), result: said('gen_ai.choice', 'message') };
}

/** Some logging libraries make a text of the body. */
function bodyOf(body: Json): Json {
  const inner = typeof body === 'string' ? parsed(body) : body;
  return isObject(inner) ? inner : body;
}

/** Two pieces of one call's content: lists are joined, nothing is overwritten. */
export function mergeContent(first: Reading, second: Reading): Reading {
  const merged: Reading = { ...first };
  for (const side of ['systemInstructions', 'inputMessages', 'outputMessages'] as const) {
    const joined: CanonicalMessage[] = [...(first[side] ?? []), ...(second[side] ?? [])];
    if (joined.length > 0) merged[side] = joined;
  }
  const definitions = [...(first.toolDefinitions ?? []), ...(second.toolDefinitions ?? [])];
  if (definitions.length > 0) merged.toolDefinitions = definitions;
  return merged;
}

/** Fields of an event that are about the event, not about the message. */
const eventFields = new Set([
  'id',
  'index',
  'finish_reason',
  'message',
  'gen_ai.system',
  'gen_ai.provider.name',
  'event.name',
]);

/** `{content, tool_calls?, id?}`; a choice has `{index, finish_reason, message}`. With capture off the text is missing. */
function readEventMessage(name: string, role: string, body: Json): CanonicalMessage {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || JSON.isRawJSON(body)) {
    return { role, parts: readContent(body) };
  }
  const { id, finish_reason: finish, message } = body;
  const own = Object.entries(body).filter(([key]) => !eventFields.has(key));
  const fields = Object.fromEntries(own.map(([key, value]) => [key, readField(key, value)]));
  const said = name === 'gen_ai.choice' && message !== undefined ? parsed(message) : { content: null, ...fields };
  const called: JsonObject = name === 'gen_ai.tool.message' && typeof id === 'string' ? { tool_call_id: id } : {};
  const whole = Array.isArray(said) ? { content: readField('content', said) } : said;
  const read = readMessage(typeof whole === 'object' ? { content: null, ...whole, ...called } : whole, role);
  return typeof finish === 'string' && finish !== '' ? { ...read, finish_reason: finish } : read;
}

/** Content is text, which may look like JSON, but a list of parts is one. */
function readField(key: string, value: Json): Json {
  if (key === 'tool_calls') return parsed(value);
  if (key !== 'content') return value;
  const parts = parsed(value);
  return Array.isArray(parts) && parts.length > 0 && parts.every(isPart) ? parts : value;
}

/** Span events hold nested values as JSON text. */
function parsed(value: Json): Json {
  return typeof value === 'string' ? (tryParseJson(value) ?? value) : value;
}
