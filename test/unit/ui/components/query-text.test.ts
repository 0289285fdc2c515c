import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeFilter,
  listFilters,
  mergeFilters,
  parseQueryText,
  toggleFilter,
} from '../../../../ui/components/query/query-text.ts';

describe('a typed query', () => {
  test('is filters and words', () => {
    expect(parseQueryText('agent:support status:error "refund policy" late')).toEqual({
      filters: { agent: ['support'], status: ['error'] },
      words: '"refund policy" late',
      problems: [],
    });
  });

  test('takes several values of one filter, quoted ones too', () => {
    expect(parseQueryText('agent:a Agent:"b c" user:"say \\"hi\\""').filters).toEqual({
      agent: ['a', 'b c'],
      user: ['say "hi"'],
    });
  });

  test('takes labels by key and value', () => {
    expect(parseQueryText('label:team=search label:"note=a = b"').filters).toEqual({
      label: ['team=search', 'note=a = b'],
    });
    for (const text of ['label:team', 'label:team=', 'label:=x']) {
      expect(parseQueryText(text).problems[0]).toContain('Write label:KEY=VALUE.');
    }
  });

  test('keeps colons in values and in quotes', () => {
    expect(parseQueryText('model:ollama:llama3 "12:30 http://x"')).toEqual({
      filters: { model: ['ollama:llama3'] },
      words: '"12:30 http://x"',
      problems: [],
    });
  });

  test.each([
    ['duration:>2s', { minDurationMs: ['2000'] }],
    ['duration:500ms', { minDurationMs: ['500'] }],
    ['duration:>=1.5min', { minDurationMs: ['90000'] }],
    ['cost:>0.10', { minCostUsd: ['0.10'] }],
    ['cost:$.5', { minCostUsd: ['0.5'] }],
    ['status:ERROR', { status: ['error'] }],
  ])('%s is understood', (text, filters) => {
    expect(parseQueryText(text)).toEqual({ filters, words: '', problems: [] });
  });

  test.each([
    ['agnt:support', 'There is no filter “agnt”. Filters are agent, model, status, kind,'],
    ['status:bad', '“status:bad” is not known. Allowed: ok, error.'],
    ['kind:robot', 'Allowed: agent, llm, tool,'],
    ['agent:', '“agent:” needs a value: name of an agent.'],
    ['duration:long', 'Write duration:>2s'],
    ['cost:cheap', 'Write cost:>0.10.'],
    [`user:${'x'.repeat(513)}`, 'longer than 512 characters'],
    ['y'.repeat(501), 'longer than 500 characters'],
  ])('%s is refused in words', (text, problem) => {
    expect(parseQueryText(text).problems.join()).toContain(problem);
  });

  test('any text gets an answer, and words without a colon stay as they are', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const { problems, words } = parseQueryText(text);
        expect(problems.every((problem) => problem.endsWith('.'))).toBe(true);
        expect(words.length).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

describe('filters', () => {
  test('a field of several values collects them once, one of one value is replaced', () => {
    expect(mergeFilters({ agent: ['a'], status: ['ok'] }, { agent: ['a', 'b'], status: ['error'] })).toEqual({
      agent: ['a', 'b'],
      status: ['error'],
    });
  });

  test('no more than twenty values, as the API takes them', () => {
    const many = Array.from({ length: 30 }, (_, index) => `agent-${index}`);
    expect(mergeFilters({}, { agent: many }).agent).toHaveLength(20);
  });

  test('a value toggles', () => {
    expect(toggleFilter({}, 'agent', 'a')).toEqual({ agent: ['a'] });
    expect(toggleFilter({ agent: ['a', 'b'] }, 'agent', 'a')).toEqual({ agent: ['b'] });
    expect(toggleFilter({ agent: ['a'], model: ['m'] }, 'agent', 'a')).toEqual({ model: ['m'] });
  });

  test('chips come in the order of the fields and say what was typed', () => {
    const chips = listFilters({ minDurationMs: ['2000'], agent: ['a'] });
    expect(chips.map(({ name, value }) => describeFilter(name, value))).toEqual([
      { key: 'agent', value: 'a' },
      { key: 'duration', value: '>2 s' },
    ]);
  });
});
