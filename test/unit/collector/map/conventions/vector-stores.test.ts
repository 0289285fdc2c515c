import { describe, expect, it } from 'vitest';
import { readSpan } from '../../../../../collector/map/conventions.ts';
import { vectorStores } from '../../../../../collector/map/conventions/vector-stores.ts';
import { describeConvention } from '../describe-convention.ts';
import { eventsOf, spanOf } from '../otlp-fixture.ts';

const found = eventsOf(
  ['db.query.embeddings', { 'db.query.embeddings.vector': '[0.1,0.2]' }],
  [
    'db.query.result',
    {
      'db.query.result.id': 'a',
      'db.query.result.score': 0.5,
      'db.query.result.metadata': '{"page":3}',
      'db.query.result.vector': '[0.1,0.2]',
      'db.query.result.document': 'Returns within 30 days.',
    },
  ],
  ['db.search.result', { _id: 'b' }],
);

describeConvention(vectorStores, [
  ['kind', { 'db.vector.query.top_k': 3 }, 'retriever'],
  ['kind', { 'db.system': 'Pinecone', 'db.operation': 'query' }, 'retriever'],
  ['kind', { 'db.system': 'qdrant' }, 'retriever', { name: 'qdrant.search' }],
  ['kind', { 'db.system': 'chroma', 'db.operation': 'add' }, undefined],
  ['kind', { 'db.system': 'qdrant' }, undefined, { name: 'qdrant.upsert' }],
  ['kind', {}, 'retriever', found],
  ['inputValue', { 'db.marqo.search.query': 'a warm coat', 'db.system': 'marqo' }, 'a warm coat'],
  [
    'outputValue',
    {},
    [{ id: 'a', score: 0.5, metadata: { page: 3 }, document: 'Returns within 30 days.' }, { _id: 'b' }],
    found,
  ],
]);

describe('a database that is no vector store', () => {
  it('is not looked at', () => {
    const { reading, convention } = readSpan(spanOf({ 'db.system': 'postgresql', 'db.operation': 'query' }));
    expect(reading.kind).toBeUndefined();
    expect(convention).toBe('');
  });
});
