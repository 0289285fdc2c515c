import { z } from 'zod';
import type { SentLog, SentSpan } from './otlp-decode.ts';

/**
 * What a model call was given and answered, one line a part, in order: `user text "hello"`,
 * `assistant tool_call call_1 get_weather {"city":"Paris"}`. Two sides that read the same
 * conversation have equal lines, however each of them cuts it into messages.
 */
export interface MessageLines {
  input: string[];
  output: string[];
}

/** What was sent in the GenAI names. A side that these leave out may stand in the names of another convention. */
export interface SentMessages extends MessageLines {
  saysInput: boolean;
  saysOutput: boolean;
}

/** A part of a message in any of the forms that senders and the API use. */
const looseParts = z.array(
  z.looseObject({
    type: z.string(),
    content: z.unknown().optional(),
    id: z.string().nullish(),
    name: z.string().nullish(),
    arguments: z.unknown().optional(),
    response: z.unknown().optional(),
    result: z.unknown().optional(),
  }),
);
const looseMessages = z.array(z.looseObject({ role: z.string(), parts: looseParts }));
export type LooseParts = z.infer<typeof looseParts>;
export type LooseMessages = z.infer<typeof looseMessages>;

/**
 * Reads the messages that OpenTelemetry's GenAI conventions define: as JSON on the span, or as log
 * records, in the order in which they were logged. `undefined` where the span has neither.
 */
export function readSentMessages(span: SentSpan, logs: SentLog[]): SentMessages | undefined {
  const instructions = span.attributes['gen_ai.system_instructions'];
  const input = span.attributes['gen_ai.input.messages'];
  const output = span.attributes['gen_ai.output.messages'];
  const own = logs.filter(
    ({ traceId, spanId, eventName }) =>
      traceId === span.traceId && spanId === span.spanId && messageEvents.has(eventName),
  );
  if (instructions === undefined && input === undefined && output === undefined && own.length === 0) return undefined;
  return {
    saysInput: input !== undefined || own.length > 0,
    saysOutput: output !== undefined || own.length > 0,
    input: [
      ...linesOfParts('system', readSystem(instructions)),
      ...(input === undefined ? own.flatMap(linesOfInputLog) : linesOfMessages(looseMessages.parse(parseJson(input)))),
    ],
    output: output === undefined ? own.flatMap(linesOfChoice) : linesOfMessages(looseMessages.parse(parseJson(output))),
  };
}

/** One line a part; system messages come first, wherever they stand. */
export function linesOfMessages(messages: LooseMessages): string[] {
  const system = messages.filter(({ role }) => role === 'system');
  const rest = messages.filter(({ role }) => role !== 'system');
  return [...system, ...rest].flatMap(({ role, parts }) => linesOfParts(role, parts));
}

export function linesOfParts(role: string, parts: LooseParts): string[] {
  return parts.map((part) => {
    if (part.type === 'tool_call') {
      return toolCallLine(part.id ?? '', part.name ?? '', part.arguments);
    }
    if (part.type === 'tool_call_response') {
      return toolResultLine(part.id ?? '', part.result ?? part.response);
    }
    return `${role} ${part.type} ${JSON.stringify(part.content)}`;
  });
}

/** A list of parts, or, from some senders, one plain text. */
function readSystem(value: unknown): LooseParts {
  const parsed = parseJson(value ?? []);
  return typeof parsed === 'string' ? [{ type: 'text', content: parsed }] : looseParts.parse(parsed);
}

const toolCalls = z
  .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.unknown() }) }))
  .nullish();
const messageBody = z.object({
  content: z.unknown().optional(),
  tool_calls: toolCalls,
  id: z.string().optional(),
});
const choiceBody = z.object({ message: messageBody });
const inputRoles = new Map([
  ['gen_ai.system.message', 'system'],
  ['gen_ai.user.message', 'user'],
  ['gen_ai.assistant.message', 'assistant'],
  ['gen_ai.tool.message', 'tool'],
]);
const messageEvents = new Set([...inputRoles.keys(), 'gen_ai.choice']);

function linesOfInputLog({ eventName, body }: SentLog): string[] {
  const role = inputRoles.get(eventName);
  if (role === undefined) return [];
  const message = messageBody.parse(body);
  if (role === 'tool') return [toolResultLine(message.id ?? '', message.content)];
  return linesOfBody(role, message);
}

function linesOfChoice({ eventName, body }: SentLog): string[] {
  return eventName === 'gen_ai.choice' ? linesOfBody('assistant', choiceBody.parse(body).message) : [];
}

function linesOfBody(role: string, message: z.infer<typeof messageBody>): string[] {
  const { content } = message;
  const text = content === undefined || content === null ? [] : [{ type: 'text', content }];
  const calls = (message.tool_calls ?? []).map((call) =>
    toolCallLine(call.id, call.function.name, call.function.arguments),
  );
  return [...linesOfParts(role, text), ...calls];
}

function toolCallLine(id: string, name: string, args: unknown): string {
  return `assistant tool_call ${id} ${name} ${JSON.stringify(parseJson(args))}`;
}

function toolResultLine(id: string, result: unknown): string {
  return `tool result ${id} ${JSON.stringify(parseJson(result))}`;
}

/** Text that holds JSON and the JSON itself are the same payload; other text stays text. */
export function parseJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
