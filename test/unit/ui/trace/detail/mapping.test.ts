import { describe, expect, it } from 'vitest';
import { conventions } from '../../../../../collector/map/conventions.ts';
import { explainSpan } from '../../../../../ui/trace/detail/mapping.ts';
import { nameConvention } from '../../../../../ui/trace/detail/mapping-words.ts';
import { makeDetail } from './detail-fixture.ts';

const mapped = (...fields: [field: string, convention: string, attribute: string][]) => ({
  convention: fields[0]?.[1] ?? null,
  fields: fields.map(([field, convention, attribute]) => ({ field, convention, attribute })),
});

describe('the explanation of a span', () => {
  it('says of each field its value, where it was found, and which convention names that', () => {
    const { fields, conventions } = explainSpan(
      makeDetail({
        kind: 'llm',
        sessionId: 's-1',
        inputMessages: [{ role: 'user', parts: [] }],
        attributes: { 'gen_ai.operation.name': 'chat', 'session.id': 's-1' },
        mapping: mapped(
          ['sessionId', '', 'session.id'],
          ['inputMessages', 'openinference', 'llm.input_messages.*'],
          ['kind', 'otel-gen-ai', 'gen_ai.operation.name'],
        ),
      }),
    );
    expect(fields.map(({ label, value, convention, places }) => [label, value, convention, places])).toEqual([
      ['Kind', 'llm', 'OpenTelemetry GenAI', [{ text: 'gen_ai.operation.name', key: 'gen_ai.operation.name' }]],
      ['Session', 's-1', 'General OpenTelemetry names', [{ text: 'session.id', key: 'session.id' }]],
      ['Input messages', '1 message', 'OpenInference', [{ text: 'llm.input_messages.*', key: null }]],
    ]);
    expect(conventions.map(({ count }) => count)).toEqual([1, 1, 1]);
  });

  it('leads to each of several places, and to the first attribute under a common beginning', () => {
    const { fields, kept } = explainSpan(
      makeDetail({
        labels: { team: 'search', 'tag.beta': 'true' },
        attributes: { 'ai.telemetry.metadata.team': 'search', 'ai.telemetry.metadata.a': 1, metadata: '{}', other: 2 },
        mapping: mapped(['labels', 'vercel-ai', 'ai.telemetry.metadata.*, metadata, tag.tags']),
      }),
    );
    expect(fields[0]?.value).toBe('team=search, tag.beta=true');
    expect(fields[0]?.places).toEqual([
      { text: 'ai.telemetry.metadata.*', key: 'ai.telemetry.metadata.a' },
      { text: 'metadata', key: 'metadata' },
      { text: 'tag.tags', key: null },
    ]);
    expect(kept).toEqual(['other']);
  });

  it('reads from the attribute what the span has no place for, and knows when there is no value', () => {
    const { fields } = explainSpan(
      makeDetail({
        attributes: { 'llm.token_count.total': 1204 },
        mapping: mapped(
          ['usage.total', 'openinference', 'llm.token_count.total'],
          ['inventedField', 'invented', 'gone'],
          ['timeToFirstTokenNs', 'x', 'y'],
        ),
      }),
    );
    expect(fields.map(({ label, value, convention }) => [label, value, convention])).toEqual([
      ['First token after', '–', 'x'],
      ['Total tokens', '1,204', 'OpenInference'],
      ['inventedField', '–', 'invented'],
    ]);
  });

  it('keeps every attribute where nothing was understood', () => {
    expect(explainSpan(makeDetail({ attributes: { b: 1, a: 2 } }))).toEqual({
      ...{ fields: [], conventions: [], kept: ['a', 'b'] },
    });
  });

  it('has words for every convention that there is', () => {
    expect(conventions.filter(({ name }) => nameConvention(name) === name)).toEqual([]);
  });

  it('shows names it does not know as they are', () => {
    expect(['mastra', 'toString', '__proto__', ''].map(nameConvention)).toEqual([
      ...['Mastra', 'toString', '__proto__', 'General OpenTelemetry names'],
    ]);
  });
});
