import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
  ChatCompletionTool,
  ChatCompletionToolChoiceOption,
} from 'openai/resources/chat/completions';
import type { ResponseFormatJSONSchema } from 'openai/resources/shared';
import { toOpenaiCallId } from './call-ids.ts';
import type { Message, ModelRequest, ToolCall, UserPart } from './model.ts';

/** How a server differs from OpenAI's own. */
export interface OpenaiDialect {
  /** As in PROVIDER/MODEL; state of another provider is left out. */
  provider: string;
  /** Whether it knows `stream_options`. */
  reportsUsage: boolean;
}

/** The body of a Chat Completions request; always streamed. */
export function toOpenaiRequest(request: ModelRequest, dialect: OpenaiDialect): ChatCompletionCreateParamsStreaming {
  const { tools, toolChoice, parallelToolCalls, maxOutputTokens, output } = request;
  const hasTools = tools.length > 0;
  // OpenAI's reasoning models refuse the older name, many servers know no other.
  const lengthKey = dialect.provider === 'openai' ? 'max_completion_tokens' : 'max_tokens';
  const settings = {
    ...(hasTools && { tools: tools.map(toTool) }),
    ...(hasTools && toolChoice !== undefined && { tool_choice: toToolChoice(toolChoice) }),
    ...(hasTools && parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
    ...(request.temperature !== undefined && { temperature: request.temperature }),
    ...(request.topP !== undefined && { top_p: request.topP }),
    ...(maxOutputTokens !== undefined && { [lengthKey]: maxOutputTokens }),
    ...(request.reasoningEffort !== undefined && { reasoning_effort: request.reasoningEffort }),
    ...(request.stop !== undefined && { stop: [...request.stop] }),
    ...(request.seed !== undefined && { seed: request.seed }),
    ...(output !== undefined && { response_format: toResponseFormat(output) }),
    ...(request.user !== undefined && { user: request.user }),
  };
  return {
    ...settings,
    // A caller's own words say more than what we kept of them.
    ...request.passthrough,
    model: request.model,
    messages: request.messages.map((message) => toMessage(message, dialect.provider)),
    stream: true,
    ...(dialect.reportsUsage && { stream_options: { include_usage: true } }),
  };
}

function toResponseFormat({ name, schema }: NonNullable<ModelRequest['output']>): ResponseFormatJSONSchema {
  return { type: 'json_schema', json_schema: { name, schema: { ...schema }, strict: isStrict(schema) } };
}

function toMessage(message: Message, provider: string): ChatCompletionMessageParam {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.text };
    case 'user':
      return { role: 'user', content: toContent(message.content) };
    case 'tool':
      return { role: 'tool', tool_call_id: toOpenaiCallId(message.callId, provider), content: message.text };
    case 'assistant': {
      const { text, toolCalls, state } = message;
      const extras = state?.provider === provider ? readCallExtras(state.blocks) : undefined;
      return {
        role: 'assistant',
        content: text === '' && toolCalls.length > 0 ? null : text,
        ...(toolCalls.length > 0 && { tool_calls: toolCalls.map((call) => toToolCall(call, provider, extras)) }),
      };
    }
  }
}

function toContent(parts: readonly UserPart[]) {
  const [first] = parts;
  if (parts.length === 1 && first?.type === 'text') return first.text;
  return parts.map((part) =>
    part.type === 'text'
      ? { type: 'text' as const, text: part.text }
      : { type: 'image_url' as const, image_url: { url: part.url } },
  );
}

function toToolCall(call: ToolCall, provider: string, extras: ReadonlyMap<string, unknown> | undefined) {
  const extra = extras?.get(call.id);
  return {
    id: toOpenaiCallId(call.id, provider),
    type: 'function' as const,
    function: { name: call.name, arguments: call.arguments },
    ...(extra !== undefined && { extra_content: extra }),
  };
}

/** What a server sent beside its tool calls and wants back, such as the thought signatures of Gemini. */
export interface CallExtra {
  callId: string;
  extraContent: unknown;
}

function readCallExtras(blocks: readonly unknown[]): Map<string, unknown> {
  return new Map((blocks as readonly CallExtra[]).map(({ callId, extraContent }) => [callId, extraContent]));
}

function toTool({ name, description, input }: ModelRequest['tools'][number]): ChatCompletionTool {
  const parameters = { ...input };
  return { type: 'function', function: { name, ...(description !== undefined && { description }), parameters } };
}

function toToolChoice(choice: NonNullable<ModelRequest['toolChoice']>): ChatCompletionToolChoiceOption {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}

/** Whether a schema is one that `strict` takes: every object closed, every property required. */
function isStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict);
  if (typeof schema !== 'object' || schema === null) return true;
  const { type, properties, required, additionalProperties } = schema as Record<string, unknown>;
  if (type === 'object') {
    const names = Object.keys(properties ?? {});
    const isClosed = additionalProperties === false && Array.isArray(required);
    if (!isClosed || !names.every((name) => required.includes(name))) return false;
  }
  return Object.values(schema).every(isStrict);
}
