import { tryParseJson } from '../../lossless-json.ts';
import type { Json } from '../../lossless-json.ts';
import type { OtlpSpan } from '../../receive/otlp.ts';
import type { Source } from '../source.ts';
import { derived, fromTable, row, whole } from '../table.ts';
import { jsonObject, structured, text } from '../value.ts';

/** Products that search by likeness, as `db.system` names them; only what they are asked is a retrieval. */
const stores = /^(chroma|lancedb|marqo|milvus|pinecone|qdrant|weaviate)/i;
const searches = /(^|[._ ])(query|search|get|bm25|hybrid|near_\w+)/i;

const foundEvents = /^db\.(query|search)\.result$/;

/**
 * Vector stores as OpenLLMetry's instrumentations of them say it: database spans with an event for each document found.
 * https://github.com/traceloop/openllmetry
 */
export const vectorStores = fromTable({
  name: 'vector-stores',
  speaks: ({ span, attributes }) =>
    attributes.has('db.vector.query.top_k') ||
    stores.test(text(attributes.get('db.system')) ?? '') ||
    span.events.some(({ name }) => foundEvents.test(name)),
  rows: [
    row('kind', 'db.vector.query.top_k', () => 'retriever'),
    row('kind', 'db.system', (_store, source) => (searches.test(operationOf(source)) ? 'retriever' : undefined)),
    derived('kind', 'events of the span', ({ span }) => (readFound(span).length > 0 ? 'retriever' : undefined)),
    whole('inputValue', 'db.marqo.search.query', structured),
    derived('outputValue', 'events of the span', ({ span }) => readFound(span)),
  ],
});

/** What was done: else the span's name says it, `qdrant.search`. */
function operationOf({ span, attributes }: Source): string {
  return text(attributes.get('db.operation')) ?? span.name;
}

/** The documents, without their vectors. */
function readFound({ events }: OtlpSpan): Json[] {
  return events
    .filter(({ name }) => foundEvents.test(name))
    .map(({ attributes }) =>
      Object.fromEntries(
        Object.entries(jsonObject(attributes))
          .map(([key, value]) => [key.replace(/^db\.(query|search)\.result\./, ''), value] as const)
          .filter(([key]) => key !== 'vector')
          .map(([key, value]) => [
            key,
            key === 'metadata' && typeof value === 'string' ? (tryParseJson(value) ?? value) : value,
          ]),
      ),
    );
}
