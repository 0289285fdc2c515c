import type { FinishReason, Message, ProviderState, ToolCall, ToolSpec, UserPart } from '../models/model.ts';
import type { Keeper } from './capture.ts';
import { attributesOf, type SpanAttributes } from './span.ts';

/** Without a schema where it is not known any more. */
export type OfferedTool = Pick<ToolSpec, 'name' | 'description'> & { input?: ToolSpec['input'] | undefined };

/** What a model answered. */
export interface Answered {
  text: string;
  toolCalls: readonly ToolCall[];
  state?: ProviderState | undefined;
  /** Absent: it broke off. */
  finishReason?: FinishReason | undefined;
}

type Part = Readonly<Record<string, unknown>>;

/**
 * The attributes of what went in, in the JSON form of OpenTelemetry's conventions for messages. The first message, if it is the
 * system's, are the instructions.
 */
export function givenAttributes(messages: readonly Message[], keep: Keeper): SpanAttributes {
  const [first] = messages;
  const system = first?.role === 'system' ? first.text : undefined;
  const rest = system === undefined ? messages : messages.slice(1);
  return attributesOf({
    'gen_ai.system_instructions': system ? keep.json([{ type: 'text', content: system }]) : undefined,
    'gen_ai.input.messages': keep.json(rest.map((message) => readMessage(message, keep))),
  });
}

/** The attribute of the tools that a model was offered. */
export function offeredAttributes(tools: readonly OfferedTool[], keep: Keeper): SpanAttributes {
  return attributesOf({
    'gen_ai.tool.definitions': tools.length > 0 ? keep.json(tools.map(describeTool)) : undefined,
  });
}

/** The attribute of what came out; none where nothing did. */
export function answeredAttributes(answered: Answered, keep: Keeper): SpanAttributes {
  const parts = answerParts(answered);
  if (parts.length === 0) return {};
  // The convention has the reason on each message, in a spelling of its own.
  const finish = answered.finishReason === 'tool_calls' ? 'tool_call' : (answered.finishReason ?? 'error');
  return attributesOf({
    'gen_ai.output.messages': keep.json([{ role: 'assistant', parts, finish_reason: finish }]),
  });
}

function readMessage(message: Message, keep: Keeper): Part {
  switch (message.role) {
    case 'system':
      return { role: 'system', parts: [{ type: 'text', content: message.text }] };
    case 'user':
      // The role is that of who made the message: a notice is not the user's, whatever the model takes it for.
      return {
        role: message.isNotice === true ? 'system' : 'user',
        parts: message.content.map((part) => readUserPart(part, keep)),
      };
    case 'assistant':
      return { role: 'assistant', parts: answerParts(message) };
    case 'tool':
      return { role: 'tool', parts: [{ type: 'tool_call_response', id: message.callId, response: message.text }] };
  }
}

function answerParts({ text, toolCalls, state }: Pick<Answered, 'text' | 'toolCalls' | 'state'>): Part[] {
  return [
    ...thoughtsOf(state).map((content) => ({ type: 'reasoning', content })),
    ...(text === '' ? [] : [{ type: 'text', content: text }]),
    ...toolCalls.map(({ id, name, arguments: given }) => ({
      type: 'tool_call',
      id,
      name,
      arguments: parseArguments(given),
    })),
  ];
}

/** Anthropic's thinking, which is given back to it as it was. */
function thoughtsOf(state: ProviderState | undefined): string[] {
  return (state?.blocks ?? []).flatMap((block) => {
    if (typeof block !== 'object' || block === null || !('thinking' in block)) return [];
    return typeof block.thinking === 'string' && block.thinking !== '' ? [block.thinking] : [];
  });
}

function readUserPart(part: UserPart, keep: Keeper): Part {
  if (part.type === 'text') return { type: 'text', content: part.text };
  if (!keep.keepsImages) return { type: 'text', content: '[image]' };
  const [, mimeType, content] = /^data:([^;,]{1,100});base64,(.*)$/s.exec(part.url) ?? [];
  if (content === undefined) return { type: 'uri', modality: 'image', uri: part.url };
  return { type: 'blob', modality: 'image', mime_type: mimeType, content };
}

/** As the model wrote them where that is no JSON. */
function parseArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function describeTool({ name, description, input }: OfferedTool): Part {
  return { type: 'function', name, description, parameters: input }; // JSON leaves out what is undefined
}
