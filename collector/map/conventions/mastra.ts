import type { Json } from '../../lossless-json.ts';
import { labelsUnder, tagsIn } from '../labels.ts';
import { type CanonicalMessage, isObject } from '../message.ts';
import type { SpanKind } from '../names.ts';
import { identity, sinceStartNs } from '../readers.ts';
import type { ContentField, Reading } from '../reading.ts';
import type { Source } from '../source.ts';
import { fromTable, name, type Row, row, tokens } from '../table.ts';
import { structuredContent, text } from '../value.ts';
import { readAnswer, readModelMessages, readPrompt } from './vercel-ai-messages.ts';

const kinds: ReadonlyMap<string, SpanKind> = new Map(
  Object.entries<SpanKind>({
    agent_run: 'agent',
    generic: 'chain',
    model_step: 'chain',
    model_inference: 'llm',
    llm_generation: 'llm', // before 1.0
    model_chunk: 'other',
    llm_chunk: 'other', // before 1.0
    tool_call: 'tool',
    mcp_tool_call: 'tool',
    client_tool_call: 'tool',
    provider_tool_call: 'tool',
    processor_run: 'chain',
    scorer_run: 'evaluator',
    scorer_step: 'chain',
    rag_ingestion: 'chain',
    rag_action: 'chain',
    rag_embedding: 'embedding',
    rag_vector_operation: 'retriever',
  }),
);

/** Types of spans whose input and output are a conversation, though they are no calls. */
const conversing: ReadonlySet<string> = new Set(['agent_run', 'model_generation', 'model_step']);

/** Metadata that Mastra writes itself: a value of its own for every run. */
const ownMetadata: ReadonlySet<string> = new Set([
  ...['runId', 'resourceId', 'toolCallId', 'toolName', 'headers', 'body', 'modelMetadata'],
]);

/**
 * What Mastra's OpenTelemetry exporter adds to the GenAI names: types of spans, metadata, and what went in and out of spans
 * that are no calls. https://mastra.ai/docs/observability/tracing/overview
 */
export const mastra = fromTable({
  name: 'mastra',
  speaks: (source) => source.speaks('mastra'),
  rows: [
    row('kind', 'mastra.span.type', (value, source) => kindOf(text(value) ?? '', source)),
    row('timeToFirstTokenNs', 'mastra.completion_start_time', sinceStartNs),
    tokens('cacheRead', 'gen_ai.usage.cached_input_tokens'), // before 1.0
    tokens('inputAudio', 'gen_ai.usage.audio_input_tokens'),
    tokens('outputAudio', 'gen_ai.usage.audio_output_tokens'),
    ...['sessionId', 'threadId'].map((id) => row('sessionId', `mastra.metadata.${id}`, identity)),
    ...['userId', 'resourceId'].map((id) => row('userId', `mastra.metadata.${id}`, identity)),
    name('errorMessage', 'error.message'),
    ofType('inputMessages', 'input', (value, type) => (conversing.has(type) ? readPrompt(value) : undefined)),
    ofType('inputValue', 'input', (value, type) => (conversing.has(type) ? undefined : value)),
    ofType('outputMessages', 'output', (value, type) => (conversing.has(type) ? readOutput(value) : undefined)),
    ofType('outputValue', 'output', (value, type) => (conversing.has(type) ? undefined : value)),
  ],
  labels: [labelsUnder('mastra.metadata.', ownMetadata), tagsIn('mastra.tags')],
  payloads: ['mastra.metadata.body'], // the provider's response
});

/** Since 1.0 a generation is the loop around calls; the exporter says `chat` of it where it is the call itself. */
function kindOf(type: string, { attributes }: Source): SpanKind | undefined {
  if (type === 'model_generation') return attributes.get('gen_ai.operation.name') === 'chat' ? 'llm' : 'chain';
  return type.startsWith('workflow_') ? 'chain' : kinds.get(type);
}

/** A field that stands in `mastra.<type of the span>.input` or `.output`. */
function ofType<F extends ContentField & keyof Reading>(
  field: F,
  side: 'input' | 'output',
  read: (value: Json, type: string) => Reading[F],
): Row {
  const keyOf = (source: Source) => `mastra.${typeOf(source)}.${side}`;
  return {
    field,
    from: `mastra.*.${side}`,
    read(source) {
      const value = source.attributes.get(keyOf(source));
      return value === undefined ? undefined : read(structuredContent(value), typeOf(source));
    },
    keys: (source) => [keyOf(source)],
  };
}

function typeOf({ attributes }: Source): string {
  return text(attributes.get('mastra.span.type')) ?? '';
}

/** `{text, reasoning, files, toolCalls}`, or the text alone. */
function readOutput(output: Json): CanonicalMessage[] {
  if (!isObject(output)) return readModelMessages(output, 'assistant');
  const { text: said, reasoning, object, files, toolCalls } = output;
  const answer = readAnswer({
    ...{ text: said, object: said === '' ? object : undefined },
    ...{
      reasoning: withoutEnvelopes(reasoning),
      files: withoutEnvelopes(files),
      toolCalls: withoutEnvelopes(toolCalls),
    },
  });
  const isAnswer = [said, object, toolCalls].some((member) => member !== undefined);
  return isAnswer ? answer : [{ role: 'assistant', parts: [{ type: 'data', value: output }] }];
}

/** Chunks of its stream hold what they are about in `payload`. */
function withoutEnvelopes(list: Json | undefined): Json | undefined {
  if (!Array.isArray(list)) return list;
  return list.map((entry) => {
    const payload = isObject(entry) ? entry['payload'] : undefined;
    return isObject(entry) && isObject(payload) ? { type: entry['type'] ?? null, ...payload } : entry;
  });
}
