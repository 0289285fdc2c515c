import type { Json } from '../../lossless-json.ts';
import type { IndexedEntry } from '../indexed.ts';
import type { SpanKind } from '../names.ts';
import { finishReasons, identity, isTrue, oneOf } from '../readers.ts';
import type { Source } from '../source.ts';
import { derived, fromTable, list, row } from '../table.ts';
import { readFlatCompletions, readFlatPrompts } from './traceloop-messages.ts';
import { json, structured } from '../value.ts';

const kinds = new Map(
  Object.entries<SpanKind>({
    ...{ chat: 'llm', completion: 'llm', embedding: 'embedding', rerank: 'retriever' },
    // LiteLLM's, which are names of its functions.
    ...{ acompletion: 'llm', text_completion: 'llm', atext_completion: 'llm', responses: 'llm', aresponses: 'llm' },
    ...{ anthropic_messages: 'llm', aembedding: 'embedding', arerank: 'retriever' },
  }),
);
/** By OpenTelemetry's names. */
const operations = new Map(
  Object.entries({ chat: 'chat', completion: 'text_completion', embedding: 'embeddings', rerank: 'rerank' }),
);

const ownNames =
  /^(gen_ai\.(prompt|completion|tool\.definitions)\.\d|llm\.request\.(type$|functions\.\d)|llm\.response\.|(llm|gen_ai)\.is_streaming$)/;

/** Some emitters wrote all of these where none were given. */
const headers = ['llm.headers', 'gen_ai.headers'] as const;

/**
 * OpenLLMetry before it took on OpenTelemetry's messages: lists in flat names, `gen_ai.prompt.0.content`, by its
 * instrumentations in Python and JavaScript, and by others that took after them.
 * https://github.com/traceloop/openllmetry
 */
export const traceloopLegacy = fromTable({
  name: 'traceloop-legacy',
  speaks: (source) =>
    (source.speaks('llm') || source.speaks('gen_ai')) && source.attributes.keys().some((key) => ownNames.test(key)),
  rows: [
    row('kind', 'llm.request.type', oneOf(kinds)),
    row('operation', 'llm.request.type', oneOf(operations)),
    derived('finishReasons', 'gen_ai.completion.*', (source) =>
      source.list('gen_ai.completion').flatMap(({ fields }) => finishReasons(fields.get('finish_reason') ?? null)),
    ),
    row('finishReasons', 'llm.response.finish_reason', finishReasons),
    row('finishReasons', 'llm.response.stop_reason', finishReasons),
    row('stream', 'llm.is_streaming', isTrue),
    row('stream', 'gen_ai.is_streaming', isTrue),
    derived('stream', 'events of the span', (source) => (firstChunkNs(source) === undefined ? undefined : true)),
    derived('timeToFirstTokenNs', 'events of the span', firstChunkNs),
    row('userId', 'llm.user', identity),
    row('userId', 'gen_ai.user', identity),
    list('toolDefinitions', ['llm.request.functions', ''], readDefinitions),
    list('toolDefinitions', ['gen_ai.tool.definitions', ''], readDefinitions),
    list('inputMessages', ['gen_ai.prompt', ''], readFlatPrompts),
    list('outputMessages', ['gen_ai.completion', ''], readFlatCompletions),
  ],
  payloads: [...headers, 'llm.request.structured_output_schema', 'gen_ai.request.structured_output_schema'],
  dropped: ({ attributes }) => headers.filter((name) => attributes.get(name) === 'None'),
});

/** In Python each chunk of a stream is an event. */
function firstChunkNs({ span }: Source): bigint | undefined {
  const first = span.events.find(({ name }) => chunkEvents.has(name));
  return first === undefined || first.timeUnixNano < span.startTimeUnixNano
    ? undefined
    : first.timeUnixNano - span.startTimeUnixNano;
}

const chunkEvents: ReadonlySet<string> = new Set(['llm.content.completion.chunk', 'gen_ai.content.completion.chunk']);

/** The schema of the parameters is JSON text, by one of three names. */
function readDefinitions(entries: readonly IndexedEntry[]): Json[] {
  return entries.map(({ fields }) => {
    const { parameters, arguments: given, input_schema: schema, ...rest } = Object.fromEntries(fields);
    const sent = parameters ?? given ?? schema;
    const others = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, json(value)]));
    return sent === undefined ? others : { ...others, parameters: structured(sent) };
  });
}
