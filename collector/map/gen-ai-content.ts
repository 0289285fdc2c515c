import type { Json } from '../lossless-json.ts';
import type { Attributes } from '../receive/otlp.ts';
import { type CanonicalMessage, readMessages } from './message.ts';
import { type Reading, withoutUndefined } from './reading.ts';
import { structured, structuredContent } from './value.ts';

/** Messages, instructions and tool definitions under the current names; also how log records of one call carry them. */
export function readGenAiContent(attributes: Attributes): Reading {
  const instructions = attributes.get('gen_ai.system_instructions');
  const definitions = attributes.get('gen_ai.tool.definitions');
  return withoutUndefined({
    systemInstructions:
      instructions === undefined ? undefined : readMessages(structuredContent(instructions), 'system'),
    toolDefinitions: definitions === undefined ? undefined : readDefinitions(structured(definitions)),
    inputMessages: readMessageAttribute(attributes, 'gen_ai.input.messages', 'user'),
    outputMessages: readMessageAttribute(attributes, 'gen_ai.output.messages', 'assistant'),
  });
}

function readMessageAttribute(attributes: Attributes, key: string, role: string): CanonicalMessage[] | undefined {
  const value = attributes.get(key);
  if (value === undefined) return undefined;
  const messages = readMessages(structuredContent(value), role);
  return messages.length > 0 ? messages : undefined;
}

function readDefinitions(value: Json): Json[] {
  return Array.isArray(value) ? value : [value];
}
