import type { ContentBlockParam, MessageParam } from '@anthropic-ai/sdk/resources/messages';
import { toAnthropicCallId } from './call-ids.ts';
import type { Message, ProviderState, ToolCall, UserPart } from './model.ts';

type Block = ContentBlockParam;
type Content = Block[];

/** Where text and a tool call stood in a reply with thinking blocks: their content is in the message itself. */
export type PlaceBlock = { type: 'text'; chars: number } | { type: 'tool_use'; id: string };

/** Messages as Anthropic wants them: the instructions apart, tool results within user messages, no empty text, roles in turns. */
export function toAnthropicMessages(
  messages: readonly Message[],
  provider: string,
): { system: string | undefined; messages: MessageParam[] } {
  const system = messages.flatMap((one) => (one.role === 'system' && one.text.trim() !== '' ? [one.text] : []));
  const merged: { role: 'user' | 'assistant'; content: Content }[] = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = toBlocks(message, provider);
    const last = merged.at(-1);
    if (content.length === 0) continue;
    if (last?.role === role) last.content.push(...content);
    else merged.push({ role, content });
  }
  return { system: system.length === 0 ? undefined : system.join('\n\n'), messages: merged };
}

function toBlocks(message: Exclude<Message, { role: 'system' }>, provider: string): Content {
  switch (message.role) {
    case 'user':
      return message.content.flatMap(toUserBlock);
    case 'tool':
      return [
        {
          type: 'tool_result',
          tool_use_id: toAnthropicCallId(message.callId),
          content: message.text,
          ...(message.isError && { is_error: true }),
        },
      ];
    case 'assistant': {
      const { state } = message;
      const inOrder = state?.provider === provider ? restoreBlocks(message, state) : undefined;
      return inOrder ?? [...toText(message.text), ...message.toolCalls.map(toToolUse)];
    }
  }
}

/** Signed thinking must come back as it was and where it was. Undefined where the state is not of this message. */
function restoreBlocks(
  { text, toolCalls }: Extract<Message, { role: 'assistant' }>,
  state: ProviderState,
): Content | undefined {
  const blocks: Content = [];
  let at = 0;
  const left = new Map(toolCalls.map((call) => [call.id, call]));
  for (const block of state.blocks as readonly (PlaceBlock | Block)[]) {
    if (block.type === 'text' && 'chars' in block) {
      blocks.push(...toText(text.slice(at, at + block.chars)));
      at += block.chars;
    } else if (block.type === 'tool_use' && !('input' in block)) {
      const call = left.get(block.id);
      if (call === undefined) return undefined;
      left.delete(block.id);
      blocks.push(toToolUse(call));
    } else {
      blocks.push(block);
    }
  }
  return at === text.length && left.size === 0 ? blocks : undefined;
}

function toText(text: string): Content {
  return text.trim() === '' ? [] : [{ type: 'text', text }];
}

function toToolUse({ id, name, arguments: text }: ToolCall): Block {
  return { type: 'tool_use', id: toAnthropicCallId(id), name, input: parseArguments(text) };
}

/** Input must be an object; what the model wrote instead is shown to it. */
function parseArguments(text: string): object {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Below.
  }
  return { invalid_arguments: text };
}

function toUserBlock(part: UserPart): Content {
  if (part.type === 'text') return toText(part.text);
  const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(part.url) ?? [];
  if (mediaType === undefined || data === undefined) return [{ type: 'image', source: { type: 'url', url: part.url } }];
  return [{ type: 'image', source: { type: 'base64', media_type: mediaType as ImageType, data } }];
}

/** The API says itself which it takes. */
type ImageType = 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp';
