import type {
  MessageCreateParamsStreaming,
  OutputConfig,
  ThinkingConfigParam,
  Tool,
  ToolChoice,
} from '@anthropic-ai/sdk/resources/messages';
import { toAnthropicMessages } from './anthropic-messages.ts';
import { toOutputFormat } from './anthropic-output.ts';
import type { ModelRequest } from './model.ts';

/** The API wants a number; every model that it still serves allows as many. */
const defaultMaxOutputTokens = 8_192;

/** Of models whose thinking is a number of tokens; the API's least is 1,024. */
const thinkingTokens = { minimal: 1_024, low: 2_048, medium: 8_192, high: 16_384 };
/** Those, by name: Claude 3.7 to 4.5. Later ones decide themselves and are told an effort. */
const budgetedThinking = /claude-(3-7|(opus|sonnet|haiku)-4(-[015])?(-\d{8})?$)/;

/** The body of a Messages request; always streamed. */
export function toAnthropicRequest(request: ModelRequest, provider: string): MessageCreateParamsStreaming {
  const { tools, output } = request;
  const { system: said, messages } = toAnthropicMessages(request.messages, provider);
  const format = output === undefined ? undefined : toOutputFormat(output);
  const words = format !== undefined && 'words' in format ? format.words : undefined;
  const system = [said, words].filter((one) => one !== undefined).join('\n\n');
  const choice = tools.length > 0 ? toToolChoice(request) : undefined;
  const { thinking, effort, thinkingTokens: extra } = toThinking(request, choice, provider);
  const config: OutputConfig = {
    ...(effort !== undefined && { effort }),
    ...(format !== undefined && 'type' in format && { format }),
  };
  // The package's types leave these two out because the newest models refuse them; others take them.
  const sampling = thinking === undefined ? toSampling(request) : {};
  return {
    ...sampling,
    model: request.model,
    max_tokens: (request.maxOutputTokens ?? defaultMaxOutputTokens) + extra,
    messages,
    stream: true,
    // Behind the last block; prompts that are too short for it are not cached, and cost nothing more.
    ...(request.isContinued === true && { cache_control: { type: 'ephemeral' as const } }),
    ...(system !== '' && { system }),
    ...(tools.length > 0 && { tools: tools.map(toTool) }),
    ...(choice !== undefined && { tool_choice: choice }),
    ...(thinking !== undefined && { thinking }),
    ...(Object.keys(config).length > 0 && { output_config: config }),
    ...(request.stop !== undefined && { stop_sequences: [...request.stop] }),
    ...(request.user !== undefined && { metadata: { user_id: request.user } }),
  };
}

/** Budgeted thinking comes on top of what an answer may have. */
export function boundAnthropicOutput(request: ModelRequest & { maxOutputTokens: number }, provider: string): number {
  const choice = request.tools.length > 0 ? toToolChoice(request) : undefined;
  return request.maxOutputTokens + toThinking(request, choice, provider).thinkingTokens;
}

function toTool({ name, description, input }: ModelRequest['tools'][number]): Tool {
  return {
    name,
    ...(description !== undefined && { description }),
    input_schema: { ...input, type: 'object' },
  };
}

function toToolChoice({ toolChoice, parallelToolCalls }: ModelRequest): ToolChoice | undefined {
  const single = parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === undefined) return parallelToolCalls === false ? { type: 'auto', ...single } : undefined;
  if (toolChoice === 'none') return { type: 'none' };
  if (toolChoice === 'auto') return { type: 'auto', ...single };
  if (toolChoice === 'required') return { type: 'any', ...single };
  return { type: 'tool', name: toolChoice.name, ...single };
}

/** Thinking does not go with a forced tool. Budgeted thinking counts into the output limit, which is meant for the answer. */
function toThinking(
  { model, reasoningEffort, messages }: ModelRequest,
  choice: ToolChoice | undefined,
  provider: string,
): { thinking?: ThinkingConfigParam; effort?: 'low' | 'medium' | 'high'; thinkingTokens: number } {
  const isForced = choice?.type === 'any' || choice?.type === 'tool';
  if (reasoningEffort === undefined || isForced) return { thinkingTokens: 0 };
  if (!budgetedThinking.test(model)) {
    const effort = reasoningEffort === 'minimal' ? 'low' : reasoningEffort;
    return { thinking: { type: 'adaptive' }, effort, thinkingTokens: 0 };
  }
  if (continuesForeignStep(messages, provider)) return { thinkingTokens: 0 };
  const budget = thinkingTokens[reasoningEffort];
  return { thinking: { type: 'enabled', budget_tokens: budget }, thinkingTokens: budget };
}

/** Budgeted thinking must have begun the step whose results are returned: not so where another provider called the tools. */
function continuesForeignStep(messages: ModelRequest['messages'], provider: string): boolean {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const step = messages[last];
  const isReturning = messages.slice(last + 1).some(({ role }) => role === 'tool');
  return step?.role === 'assistant' && isReturning && step.state?.provider !== provider;
}

/** Anthropic's temperatures end at 1. */
function toSampling({ temperature, topP }: ModelRequest): object {
  return {
    ...(temperature !== undefined && { temperature: Math.min(temperature, 1) }),
    ...(topP !== undefined && { top_p: topP }),
  };
}
