import { describe, expect, it } from 'vitest';
import { joinLabels, labelsIn, labelsUnder, readLabels, tagsIn } from '../../../../collector/map/labels.ts';
import { Source } from '../../../../collector/map/source.ts';
import { spanOf } from './otlp-fixture.ts';

function labelsOf(attributes: Record<string, unknown>): Record<string, string> {
  const rows = [labelsUnder('meta.'), labelsIn('metadata'), tagsIn('tags'), tagsIn('tag_text', ',')];
  return Object.fromEntries(readLabels(rows, new Source(spanOf(attributes)))?.labels ?? []);
}

describe('labels', () => {
  it('are what is said of a span in single values', () => {
    expect(labelsOf({ 'meta.team': 'red', 'meta.seats': 3, 'meta.beta': true, 'meta.rate': 0.5 })).toEqual({
      ...{ team: 'red', seats: '3', beta: 'true', rate: '0.5' },
    });
    expect(
      labelsOf({ metadata: '{"team":"red","list":[1],"nested":{"a":1},"none":null,"n":12345678901234567890}' }),
    ).toEqual({ team: 'red', n: '12345678901234567890' });
  });

  it('of a tag are true', () => {
    expect(labelsOf({ tags: ['beta', ' x '], tag_text: 'one, two,' })).toEqual({
      ...{ 'tag.beta': 'true', 'tag.x': 'true', 'tag.one': 'true', 'tag.two': 'true' },
    });
  });

  it.each([
    ['meta.sessionId', 's'],
    ['meta.user_id', 'u'],
    ['meta.ls_model_name', 'gpt-5'],
    ['meta.langgraph_step', 3],
    ['meta.empty', ''],
    ['meta.long', 'x'.repeat(257)],
    [`meta.${'k'.repeat(65)}`, 'v'],
    ['meta.a=b', 'v'],
    ['meta.a,b', 'v'],
    ['meta.json', '{"a":1}'],
    ['meta.', 'v'],
  ])('are not made of %s', (name, value) => {
    expect(labelsOf({ [name]: value, 'meta.team': 'red' })).toEqual({ team: 'red' });
  });

  it('are at most 32 of one span, the first of a key', () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`meta.k${index}`, 'v']));
    expect(Object.keys(labelsOf(many))).toHaveLength(32);
    const joined = joinLabels([
      new Map([['a', '1']]),
      new Map([
        ['a', '2'],
        ['b', '3'],
      ]),
    ]);
    expect([...joined]).toEqual([
      ['a', '1'],
      ['b', '3'],
    ]);
    const parts = [0, 1].map((part) => new Map(Array.from({ length: 20 }, (_, index) => [`${part}-${index}`, 'v'])));
    expect(joinLabels(parts).size).toBe(32);
  });
});
