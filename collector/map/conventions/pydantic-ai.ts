import type { Json } from '../../lossless-json.ts';
import { readEventList } from '../event-lists.ts';
import { labelsIn } from '../labels.ts';
import { isObject, readMessages } from '../message.ts';
import type { SpanKind } from '../names.ts';
import type { Reading } from '../reading.ts';
import type { Source } from '../source.ts';
import { derived, fromTable, name, part, type Row, row, tokens, whole } from '../table.ts';
import { number, structured, structuredContent } from '../value.ts';

/** Counts beside those of the conventions: of a call, and of a run of an agent, which is the sum of its calls. */
const usage = 'gen_ai.usage.details';
const runUsage = 'gen_ai.aggregated_usage';
const ownUsage = [`${usage}.`, `${runUsage}.`] as const;

/** Some look like anybody's, and count only beside names that are not. */
const ownNames: ReadonlySet<string> = new Set([
  ...['pydantic_ai.all_messages', 'all_messages_events', 'final_result', 'model_request_parameters', 'operation.cost'],
  ...['tool_arguments', 'tool_response'],
]);

const scopes: ReadonlySet<string> = new Set(['pydantic-ai', 'logfire.pydantic_ai', 'logfire.pydantic-ai']);

/**
 * Pydantic AI, versions 1 to 6 of its data: OpenTelemetry's names for calls, its own for runs and tools, and in version 1
 * lists of events. https://ai.pydantic.dev/logfire/
 */
export const pydanticAi = fromTable({
  name: 'pydantic-ai',
  speaks: (source) =>
    scopes.has(source.span.scope.name) ||
    (['gen_ai', 'pydantic_ai', 'operation', 'logfire'].some((namespace) => source.speaks(namespace)) &&
      hasOwnName(source)),
  rows: [
    derived('kind', 'names of a run or a tool', readKind),
    name('requestModel', 'model_name'),
    name('agentName', 'agent_name'),

    tokens('input', `${runUsage}.input_tokens`),
    tokens('output', `${runUsage}.output_tokens`),
    tokens('cacheRead', `${runUsage}.cache_read.input_tokens`),
    tokens('cacheWrite', `${runUsage}.cache_write.input_tokens`),
    tokens('cacheWrite', `${runUsage}.cache_creation.input_tokens`),
    tokens('reasoning', `${runUsage}.reasoning.output_tokens`),
    ...countsOf(usage),
    ...countsOf(`${runUsage}.details`),
    row('reportedCostUsd', 'operation.cost', number),

    whole('toolArguments', 'tool_arguments', structured),
    whole('toolResult', 'tool_response', structuredContent),
    part('toolDefinitions', 'model_request_parameters', (_value, source) => readTools(source)),

    ...fromRun('pydantic_ai.all_messages', readRun),
    ...fromRun('all_messages_events', readRunEvents),
    ...fromRun('events', readCallEvents),
    whole('outputValue', 'final_result', structuredContent),
  ],
  labels: [labelsIn('metadata')],
  payloads: ['model_request_parameters'],
});

function hasOwnName({ attributes }: Source): boolean {
  // A loop: every span with GenAI names is asked, and an iterator's helpers take twice as long.
  for (const key of attributes.keys()) {
    if (ownNames.has(key) || key.startsWith(ownUsage[0]) || key.startsWith(ownUsage[1])) return true;
  }
  return false;
}

function countsOf(prefix: string): Row[] {
  return [
    tokens('cacheRead', `${prefix}.cache_read_tokens`),
    tokens('cacheRead', `${prefix}.cache_read_input_tokens`),
    tokens('cacheRead', `${prefix}.cached_tokens`),
    tokens('cacheRead', `${prefix}.cached_content_tokens`),
    tokens('cacheWrite', `${prefix}.cache_write_tokens`),
    tokens('cacheWrite', `${prefix}.cache_creation_input_tokens`),
    tokens('reasoning', `${prefix}.reasoning_tokens`),
    tokens('reasoning', `${prefix}.thoughts_tokens`),
    tokens('inputAudio', `${prefix}.input_audio_tokens`),
    tokens('outputAudio', `${prefix}.output_audio_tokens`),
  ];
}

/** Runs have a model and tokens as calls do; only the later versions name the operation. */
function readKind({ span, attributes }: Source): SpanKind | undefined {
  if (attributes.has('gen_ai.operation.name')) return undefined;
  const isTool = attributes.has('gen_ai.tool.name') || attributes.has('tool_arguments');
  if (isTool || span.name === 'running tool') return 'tool';
  const isRun =
    ['agent_name', 'pydantic_ai.all_messages', 'all_messages_events'].some((own) => attributes.has(own)) ||
    [...attributes.keys()].some((key) => key.startsWith(`${runUsage}.`));
  return isRun ? 'agent' : undefined;
}

/** Tools as they were offered to the model, with those that only give the answer its form. */
function readTools(source: Source): Json[] | undefined {
  const { function_tools: tools, output_tools: forms } = source.object('model_request_parameters');
  const offered = [tools ?? [], forms ?? []].flat().filter(isObject);
  return offered.map(({ name: tool = null, description = null, parameters_json_schema: parameters = null }) => ({
    ...{ type: 'function', name: tool },
    ...(description === null ? {} : { description }),
    ...(parameters === null ? {} : { parameters }),
  }));
}

function fromRun(from: string, read: (source: Source) => Reading | undefined): Row[] {
  return (['inputMessages', 'outputMessages'] as const).map((field) =>
    whole(field, from, (_value, source) => source.once(read)?.[field]),
  );
}

/** A conversation as one list: what the model said last is the output. */
function readRun(source: Source): Reading | undefined {
  return divide({ inputMessages: readMessages(source.json('pydantic_ai.all_messages') ?? null, 'user') });
}

function readRunEvents(source: Source): Reading | undefined {
  return divide(readEventList(source.json('all_messages_events')));
}

function readCallEvents(source: Source): Reading | undefined {
  return readEventList(source.json('events'));
}

function divide(reading: Reading | undefined): Reading | undefined {
  const { inputMessages: messages = [], outputMessages: given = [] } = reading ?? {};
  const all = [...messages, ...given];
  const last = all.at(-1);
  if (last?.role !== 'assistant') return all.length === 0 ? undefined : { inputMessages: all };
  return { inputMessages: all.slice(0, -1), outputMessages: [last] };
}
