import type { Json } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { labelsUnder, tagsIn } from '../labels.ts';
import { isObject } from '../message.ts';
import type { SpanKind } from '../names.ts';
import { identity, isTrue, oneOf, provider } from '../readers.ts';
import type { Source } from '../source.ts';
import { fromTable, name, type Row, row } from '../table.ts';
import type { RawUsage } from '../usage.ts';
import { count, text } from '../value.ts';

const kinds: ReadonlyMap<string, SpanKind> = new Map(
  Object.entries<SpanKind>({
    llm: 'llm',
    chain: 'chain',
    tool: 'tool',
    retriever: 'retriever',
    embedding: 'embedding',
    prompt: 'chain',
    parser: 'chain',
  }),
);

/** LangSmith says `chat` of a prompt and `embeddings` of a retriever, as if they were calls: of these its own kind counts. */
const misnamed: ReadonlySet<string> = new Set(['prompt', 'parser', 'retriever']);

/**
 * What LangSmith's OpenTelemetry exporters add to the GenAI names. `langsmith.trace.session_id` and `session_name` are the
 * project. https://docs.langchain.com/langsmith/trace-with-opentelemetry
 */
export const langsmith = fromTable({
  name: 'langsmith',
  speaks: (source) => source.speaks('langsmith'),
  rows: [
    row('kind', 'langsmith.span.kind', readKind),
    row('provider', 'langsmith.metadata.ls_provider', provider),
    name('requestModel', 'langsmith.metadata.ls_model_name'),
    row('stream', 'langsmith.request.streaming', isTrue),
    name('serviceTier', 'gen_ai.response.service_tier'),

    counted('input', 'langsmith.usage_metadata', ['input_tokens']),
    counted('output', 'langsmith.usage_metadata', ['output_tokens']),
    counted('total', 'langsmith.usage_metadata', ['total_tokens']),
    ...details('input_token_details', {
      cacheRead: inEveryTier('cache_read'),
      cacheWrite: ['cache_creation'],
      cacheWrite5m: ['ephemeral_5m_input_tokens'],
      cacheWrite1h: ['ephemeral_1h_input_tokens'],
      inputAudio: ['audio'],
    }),
    ...details('output_token_details', { reasoning: inEveryTier('reasoning'), outputAudio: ['audio'] }),
    row('reportedCostUsd', 'langsmith.usage_metadata', readCost),

    ...['session_id', 'thread_id', 'conversation_id'].map((id) =>
      row('sessionId', `langsmith.metadata.${id}`, identity),
    ),
    row('userId', 'langsmith.metadata.user_id', identity),
    name('agentName', 'langsmith.metadata.lc_agent_name'),
  ],
  labels: [labelsUnder('langsmith.metadata.'), tagsIn('langsmith.span.tags', ',')],
});

/** The kind of a run by LangSmith's own word for it. */
export const runKind = oneOf(kinds);

function readKind(value: AnyValue, { attributes }: Source): SpanKind | undefined {
  const isNamed = attributes.has('gen_ai.operation.name') && !misnamed.has(text(value)?.toLowerCase() ?? '');
  return isNamed ? undefined : runKind(value);
}

type Count = Exclude<keyof RawUsage, 'isExclusive'>;

/** The parts of a count, in an attribute of their own and in that for all counts. */
function details(group: string, fields: Readonly<Partial<Record<Count, readonly string[]>>>): Row[] {
  return (Object.entries(fields) as [Count, readonly string[]][]).flatMap(([field, names]) => [
    counted(field, `gen_ai.usage.${group}`, names),
    counted(field, 'langsmith.usage_metadata', names, group),
  ]);
}

/** A count in a JSON object, or in the object `group` in it, under the first of the names that it has. */
function counted(field: Count, from: string, names: readonly string[], group?: string): Row {
  return {
    field: `usage.${field}`,
    from,
    read(source, attribute) {
      const whole = isObject(source.json(attribute))
        ? source.object(attribute)
        : readPythonCounts(source.attributes.get(attribute));
      const object = group === undefined ? whole : whole[group];
      if (!isObject(object)) return undefined;
      return names.map((member) => countOf(object[member])).find((found) => found !== undefined);
    },
    isAttribute: true,
  };
}

/** The exporter in Python writes `{'cache_read': 5}`, which is no JSON. */
function readPythonCounts(value: AnyValue = ''): Record<string, Json> {
  const counts = typeof value === 'string' ? value.matchAll(/'(\w{1,64})': (\d{1,16})(?=[,}])/g) : [];
  return Object.fromEntries([...counts].map(([, member = '', digits]) => [member, Number(digits)]));
}

function countOf(value: Json | undefined): bigint | undefined {
  return typeof value === 'number' ? count(value) : undefined;
}

/** Parts of what was asked for in another tier of OpenAI's are named after it. */
function inEveryTier(part: string): string[] {
  return [part, `priority_${part}`, `flex_${part}`];
}

function readCost(_value: AnyValue, source: Source): number | undefined {
  const cost = source.object('langsmith.usage_metadata')['total_cost'];
  return typeof cost === 'number' ? cost : undefined;
}
