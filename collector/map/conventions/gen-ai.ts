import type { Attributes } from '../../receive/otlp.ts';
import { readDefinitions, readInputMessages, readInstructions, readMessageList } from './gen-ai-content.ts';
import { leavesCachedOut, readListed, readServerTime, readWithThoughts, totals } from './gen-ai-emitters.ts';
import { isToolEvent, readGenAiEvents, readGenAiToolEvents, type ToolEvents } from './gen-ai-events.ts';
import { finishReasons, isTrue, model, operationKind, provider, secondsAsNs } from '../readers.ts';
import type { Reading } from '../reading.ts';
import type { Source } from '../source.ts';
import { derived, fromTable, name, type Row, row, tokens, wherever, whole } from '../table.ts';
import { number, structured } from '../value.ts';

const aliases: readonly Row[] = [
  tokens('input', 'gen_ai.usage.prompt_tokens'),
  tokens('output', 'gen_ai.usage.completion_tokens'),
  tokens('cacheRead', 'gen_ai.usage.cache_read_input_tokens'),
  tokens('cacheWrite', 'gen_ai.usage.cache_creation_input_tokens'),
  tokens('cacheWrite', 'gen_ai.usage.cache_write_input_tokens'),
  tokens('reasoning', 'gen_ai.usage.reasoning_tokens'),
  tokens('reasoning', 'llm.usage.reasoning_tokens'),
  tokens('total', 'gen_ai.usage.total_tokens'),
  tokens('total', 'llm.usage.total_tokens'),
];

/**
 * OpenTelemetry GenAI semantic conventions, all generations: current names first, then the older ones (up to v1.36).
 * https://github.com/open-telemetry/semantic-conventions-genai
 */
export const genAi = fromTable({
  name: 'otel-gen-ai',
  speaks: (source) => source.speaks('gen_ai') || source.once(readEvents) !== undefined,
  isExclusive: leavesCachedOut,
  rows: [
    row('kind', 'gen_ai.operation.name', operationKind),
    ...['gen_ai.request.model', 'gen_ai.response.model', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'].map(
      // Without an operation, a span that names a model or tokens is a model call.
      (attribute) => wherever('likelyKind', attribute, 'llm'),
    ),
    name('operation', 'gen_ai.operation.name'),
    row('provider', 'gen_ai.provider.name', provider),
    row('provider', 'gen_ai.system', provider),
    row('requestModel', 'gen_ai.request.model', model),
    row('responseModel', 'gen_ai.response.model', model),
    name('responseId', 'gen_ai.response.id'),
    row('finishReasons', 'gen_ai.response.finish_reasons', finishReasons),
    row('finishReasons', 'gen_ai.response.finish_reason', readListed),
    row('finishReasons', 'gen_ai.response.stop_reason', finishReasons),
    row('finishReasons', 'anthropic.message.stop_reason', finishReasons),
    row('stream', 'gen_ai.request.stream', isTrue),
    row('stream', 'gen_ai.response.time_to_first_chunk', () => true),
    row('stream', 'gen_ai.client.operation.time_to_first_chunk', () => true),
    row('timeToFirstTokenNs', 'gen_ai.response.time_to_first_chunk', secondsAsNs),
    row('timeToFirstTokenNs', 'gen_ai.client.operation.time_to_first_chunk', secondsAsNs),
    row('timeToFirstTokenNs', 'gen_ai.server.time_to_first_token', readServerTime),
    name('serviceTier', 'openai.response.service_tier'),
    name('serviceTier', 'gen_ai.openai.response.service_tier'),
    name('serviceTier', 'openai.request.service_tier'),
    name('serviceTier', 'gen_ai.openai.request.service_tier'),
    name('serviceTier', 'anthropic.response.service_tier'),
    row('isBatch', 'anthropic.response.service_tier', (tier) => (tier === 'batch' ? true : undefined)),

    tokens('input', 'gen_ai.usage.input_tokens'),
    ...totals.map((total) => row('usage.output', total, readWithThoughts)),
    tokens('output', 'gen_ai.usage.output_tokens'),
    tokens('cacheRead', 'gen_ai.usage.cache_read.input_tokens'),
    tokens('cacheWrite', 'gen_ai.usage.cache_write.input_tokens'),
    tokens('cacheWrite', 'gen_ai.usage.cache_creation.input_tokens'),
    tokens('cacheWrite5m', 'anthropic.usage.cache_creation.ephemeral_5m_input_tokens'),
    tokens('cacheWrite5m', 'gen_ai.usage.cache_creation.5m_input_tokens'),
    tokens('cacheWrite1h', 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens'),
    tokens('cacheWrite1h', 'gen_ai.usage.cache_creation.1h_input_tokens'),
    tokens('reasoning', 'gen_ai.usage.reasoning.output_tokens'),
    tokens('inputAudio', 'gen_ai.usage.audio.input_tokens'),
    tokens('outputAudio', 'gen_ai.usage.audio.output_tokens'),
    tokens('total', 'gen_ai.usage.total_tokens'),
    row('reportedCostUsd', 'gen_ai.usage.cost', number),
    row('reportedCostUsd', 'gen_ai.cost.total_cost', number),

    name('sessionId', 'gen_ai.conversation.id'),
    name('agentName', 'gen_ai.agent.name'),
    name('agentId', 'gen_ai.agent.id'),
    name('agentVersion', 'gen_ai.agent.version'),

    name('toolName', 'gen_ai.tool.name'),
    name('toolCallId', 'gen_ai.tool.call.id'),
    whole('toolArguments', 'gen_ai.tool.call.arguments', structured),
    whole('toolResult', 'gen_ai.tool.call.result', structured),
    derived('toolArguments', 'events of the span', (source) => source.once(readToolEvents)?.arguments),
    derived('toolResult', 'events of the span', (source) => source.once(readToolEvents)?.result),
    row('hasFailed', 'gen_ai.tool.status', (status) => (status === 'error' ? true : undefined)),
    whole('inputValue', 'gen_ai.retrieval.query.text', structured),
    whole('outputValue', 'gen_ai.retrieval.documents', structured),

    whole('systemInstructions', 'gen_ai.system_instructions', readInstructions),
    whole('toolDefinitions', 'gen_ai.tool.definitions', readDefinitions),
    whole('inputMessages', 'gen_ai.input.messages', readInputMessages),
    whole('outputMessages', 'gen_ai.output.messages', (value) => readMessageList(value, 'assistant')),
    ...fromEvents('systemInstructions', 'toolDefinitions', 'inputMessages', 'outputMessages'),
  ],
});

/** Counts under names that were met in the field but are in no version of the conventions: they fill gaps, last of all. */
export const genAiAliases = fromTable({
  name: 'otel-gen-ai-aliases',
  speaks: (source) => source.speaks('gen_ai') && aliases.some(({ from }) => source.attributes.has(from)),
  isExclusive: leavesCachedOut,
  rows: [...aliases, derived('likelyKind', 'token counts', () => 'llm')],
});

/** The messages in the span's own events. */
function fromEvents(
  ...fields: (keyof Reading & ('systemInstructions' | 'toolDefinitions' | 'inputMessages' | 'outputMessages'))[]
): Row[] {
  return fields.map((field) => derived(field, 'events of the span', (source) => source.once(readEvents)?.[field]));
}

function readEvents({ span, attributes }: Source): Reading | undefined {
  return readGenAiEvents(isTool(attributes) ? span.events.filter((event) => !isToolEvent(event)) : span.events);
}

/** What goes in and out of a tool is no conversation, though Strands says it in events of one. */
function readToolEvents({ span, attributes }: Source): ToolEvents | undefined {
  return isTool(attributes) ? readGenAiToolEvents(span.events) : undefined;
}

function isTool(attributes: Attributes): boolean {
  return attributes.get('gen_ai.operation.name') === 'execute_tool';
}
