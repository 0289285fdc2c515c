import type { Json } from '../../lossless-json.ts';
import type { AnyValue, Attributes } from '../../receive/otlp.ts';
import { readsLists } from '../lists/list-reader.ts';
import { type CanonicalMessage, readMessage, readMessages } from '../message.ts';
import { type Reading, withoutUndefined } from '../reading.ts';
import { structured, structuredContent } from '../value.ts';

/** Attributes of a log record of one call that become messages. */
export const detailsContent: ReadonlySet<string> = new Set([
  'gen_ai.system_instructions',
  'gen_ai.tool.definitions',
  'gen_ai.input.messages',
  'gen_ai.output.messages',
]);

/** Messages, instructions and tool definitions as log records of one call carry them. */
export function readGenAiContent(attributes: Attributes): Reading {
  const read = <T>(key: string, reader: (value: AnyValue) => T) => {
    const value = attributes.get(key);
    return value === undefined ? undefined : reader(value);
  };
  return withoutUndefined({
    systemInstructions: read('gen_ai.system_instructions', readInstructions),
    toolDefinitions: read('gen_ai.tool.definitions', readDefinitions),
    inputMessages: read('gen_ai.input.messages', readInputMessages),
    outputMessages: read('gen_ai.output.messages', (value) => readMessageList(value, 'assistant')),
  });
}

/** A list of parts, or text. */
export function readInstructions(value: AnyValue): CanonicalMessage[] {
  return readMessages(structuredContent(value), 'system');
}

/** Messages, also as JSON text; undefined where there are none. */
export function readMessageList(value: AnyValue, role: string): CanonicalMessage[] | undefined {
  const messages = readMessages(structuredContent(value), role);
  return messages.length > 0 ? messages : undefined;
}

/** `gen_ai.input.messages`. */
export const readInputMessages = readsLists((value: AnyValue) => readMessageList(value, 'user'), {
  ...{ id: 0, joinsParts: true },
  read: (element) => readMessage(element, 'user'),
});

/** Definitions of tools; some emitters send a list of JSON texts, some only the tools' names. */
export function readDefinitions(value: AnyValue): Json[] {
  const definitions = structured(value);
  return (Array.isArray(definitions) ? definitions : [definitions]).map((definition) => {
    const read = typeof definition === 'string' ? structuredContent(definition) : definition;
    return typeof read === 'string' ? { name: read } : read;
  });
}
