import type { Json } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { type CanonicalMessage, isObject, readMessages } from '../message.ts';
import type { SpanKind } from '../names.ts';
import { readProviderUsage } from '../provider-usage.ts';
import { identity } from '../readers.ts';
import type { Source } from '../source.ts';
import { derived, fromTable, part, row, tokens, whole } from '../table.ts';
import type { RawUsage } from '../usage.ts';
import { structured, text } from '../value.ts';

const own = 'gcp.vertex.agent.';
const request = `${own}llm_request`;
const response = `${own}llm_response`;

/**
 * Google's Agent Development Kit: requests, responses, tools and sessions beside OpenTelemetry's names. Its own are believed
 * first, as up to 1.5 it gave the total of a call as its output, and later left the thoughts out.
 * https://github.com/google/adk-python
 */
export const googleAdk = fromTable({
  name: 'google-adk',
  speaks: (source) =>
    source.span.scope.name === 'gcp.vertex.agent' ||
    (source.speaks('gcp') && source.attributes.keys().some((key) => key.startsWith(own))),
  rows: [
    derived('kind', 'name of the span', ({ span }) => kindOf(span.name)),
    derived('agentName', 'name of the span', ({ span }) => /^agent_run \[(.+)\]$/.exec(span.name)?.[1]),
    row('provider', 'gen_ai.request.model', (model) =>
      /gemini/i.test(text(model) ?? '') ? 'gcp.vertex_ai' : undefined,
    ),
    row('usage.input', response, (_value, source) => source.once(readUsage).input),
    row('usage.output', response, (_value, source) => source.once(readUsage).output),
    row('usage.cacheRead', response, (_value, source) => source.once(readUsage).cacheRead),
    row('usage.reasoning', response, (_value, source) => source.once(readUsage).reasoning),
    tokens('reasoning', 'gen_ai.usage.experimental.reasoning_tokens'),
    row('sessionId', `${own}session_id`, identity),
    whole('toolArguments', `${own}tool_call_args`, readSaid),
    whole('toolResult', `${own}tool_response`, readSaid),
    part('systemInstructions', request, (_value, source) => readInstructions(source)),
    part('toolDefinitions', request, (_value, source) => readTools(source)),
    part('inputMessages', request, (_value, source) =>
      readMessages(source.object(request)['contents'] ?? null, 'user'),
    ),
    part('outputMessages', response, (_value, source) => readAnswer(source)),
    whole('inputValue', `${own}data`, structured),
  ],
});

function kindOf(name: string): SpanKind | undefined {
  if (name.startsWith('agent_run [')) return 'agent';
  if (name === 'call_llm') return 'llm';
  // Of several tools at once, each has a span of its own, too.
  return name === 'execute_tool (merged)' || name === 'invocation' ? 'chain' : undefined;
}

/** Where there is nothing, it says so. */
function readSaid(value: AnyValue): Json | undefined {
  return value === 'N/A' || value === '<not specified>' || value === '{}' ? undefined : structured(value);
}

function readUsage(source: Source): RawUsage {
  return readProviderUsage(source.object(response)) ?? {};
}

function readInstructions(source: Source): CanonicalMessage[] {
  return readMessages(configOf(source)['system_instruction'] ?? null, 'system');
}

function readTools(source: Source): Json[] {
  const { tools } = configOf(source);
  return (Array.isArray(tools) ? tools : []).filter(isObject).flatMap((tool) => {
    const { function_declarations: declared } = tool;
    return Array.isArray(declared) ? declared : [tool];
  });
}

function configOf(source: Source): Record<string, Json> {
  const { config = null } = source.object(request);
  return isObject(config) ? config : {};
}

function readAnswer(source: Source): CanonicalMessage[] {
  const { content = null, finish_reason: finish } = source.object(response);
  return readMessages(content, 'assistant').map((message) =>
    typeof finish === 'string' ? { ...message, finish_reason: finish } : message,
  );
}
