import { isExactNumber } from '../api/json.ts';
import type { Message, Part, SpanDetail } from '../api/types.ts';

export type ContextSource = 'system' | 'tool' | 'message';

/** One thing that a model call was given: its system prompt, one tool definition, or one message. */
export interface ContextEntry {
  source: ContextSource;
  /** `system`, `tool`, or the message's role. */
  role: string;
  /** A tool's name; a message's name. */
  name: string | undefined;
  /** What is drawn; a tool definition has none. */
  message: Message | undefined;
  definition: unknown;
  /** Equal for equal content: order of fields, finish reasons and cache markers do not count. */
  key: string;
  /** It carries a marker that tells the provider how far to cache. */
  hasMarker: boolean;
  /** Of what is text or JSON; media are not measured. */
  chars: number;
}

/** Where SDKs put the mark up to which a prompt is cached; it moves with every call and says nothing to the model. */
const cacheMarkers = new Set(['cache_control', 'cacheControl', 'cache_point', 'cachePoint']);

/** What the call was given, in the order in which a provider reads it: system, tools, messages. */
export function listContext(
  detail: Pick<SpanDetail, 'systemInstructions' | 'toolDefinitions' | 'inputMessages'>,
): ContextEntry[] {
  const system = detail.systemInstructions.length === 0 ? [] : [{ role: 'system', parts: detail.systemInstructions }];
  return [
    ...system.map((message) => entryOf('system', message)),
    ...detail.toolDefinitions.map(entryOfTool),
    ...detail.inputMessages.map((message) => entryOf('message', message)),
  ];
}

/** The key of a message as `ContextEntry.key` has it, to find it in another call. */
export function keyOfMessage(message: Message): string {
  return fingerprint(withoutFinish(message)).key;
}

/** What a part says, as a reader and a search see it. */
export function textOfPart(part: Part): string {
  if (part.type === 'text' || part.type === 'reasoning') return part.content;
  if (part.type === 'tool_call') return `${part.name}(${asText(part.arguments)})`;
  if (part.type === 'tool_call_response') return asText(part.result);
  if (part.type === 'data') return asText(part.value);
  return part.uri ?? '';
}

/** What an entry says, part below part. */
export function textOfEntry(entry: ContextEntry): string {
  if (entry.message === undefined) return asText(entry.definition);
  return entry.message.parts.map(textOfPart).join('\n');
}

/** Characters that a part takes in the context; media count 0. */
export function charsOfPart(part: Part): number {
  if (part.type === 'text' || part.type === 'reasoning') return part.content.length;
  if (part.type === 'tool_call') return part.name.length + charsOf(part.arguments);
  if (part.type === 'tool_call_response') return charsOf(part.result);
  return part.type === 'data' ? charsOf(part.value) : 0;
}

function entryOf(source: ContextSource, message: Message): ContextEntry {
  const { key, hasMarker } = fingerprint(withoutFinish(message));
  const chars = message.parts.reduce((sum, part) => sum + charsOfPart(part), 0);
  return { source, role: message.role, name: message.name, message, definition: undefined, key, hasMarker, chars };
}

function entryOfTool(definition: unknown): ContextEntry {
  const { key, hasMarker } = fingerprint(definition);
  const name = nameOfTool(definition);
  return {
    source: 'tool',
    role: 'tool',
    name,
    message: undefined,
    definition,
    key,
    hasMarker,
    chars: charsOf(definition),
  };
}

/** The name that a tool definition gives its tool, in the shapes that providers use. */
export function nameOfTool(definition: unknown): string {
  const outer = definition as { name?: unknown; function?: { name?: unknown } } | null;
  const name = outer?.name ?? outer?.function?.name;
  return typeof name === 'string' ? name : 'tool';
}

function withoutFinish(message: Message): unknown {
  const { finishReason: _finishReason, ...rest } = message;
  return rest;
}

function fingerprint(value: unknown): { key: string; hasMarker: boolean } {
  const found = { marker: false };
  return { key: JSON.stringify(normalise(value, found) ?? null), hasMarker: found.marker };
}

/** Sorted fields, no cache markers; what was nothing but a marker is `undefined` and so left out. */
function normalise(value: unknown, found: { marker: boolean }): unknown {
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return value;
  if (Array.isArray(value)) return value.map((one) => normalise(one, found)).filter((one) => one !== undefined);
  const fields: [string, unknown][] = [];
  let hadMarker = false;
  for (const [name, field] of Object.entries(value)) {
    if (cacheMarkers.has(name)) hadMarker = true;
    else {
      const inner = { marker: false };
      const kept = normalise(field, inner);
      hadMarker ||= inner.marker && kept === undefined;
      found.marker ||= inner.marker;
      if (kept !== undefined) fields.push([name, kept]);
    }
  }
  found.marker ||= hadMarker;
  if (hadMarker && fields.every(([name]) => name === 'type')) return undefined;
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function charsOf(value: unknown): number {
  return asText(value).length;
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
