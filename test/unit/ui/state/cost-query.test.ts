import { describe, expect, test } from 'vitest';
import {
  pickInterval,
  previousWindow,
  readCostQuery,
  selectionHref,
  sessionsHref,
  toCostParams,
  writeOrder,
} from '../../../../ui/state/cost-query.ts';

const read = (text: string) => readCostQuery(new URLSearchParams(text));
const dayMs = 86_400_000;

describe('the address of the costs', () => {
  test('without parameters is the cost of the last 24 hours by agent', () => {
    const { query, problems } = read('');
    expect(query).toMatchObject({ project: 'default', live: true, filters: {}, metric: 'cost', interval: 'auto' });
    expect(query).toMatchObject({
      by: ['agent'],
      compare: false,
      order: { column: 'share', descending: true },
      drill: [],
    });
    expect(problems).toEqual([]);
  });

  test('holds everything that the page shows', () => {
    const { query } = read(
      'project=p&range=7d&live=off&by=model,label:team&interval=day&metric=tokens&compare=on&order=name' +
        '&agent=a&agent=b&label=team%3Dsearch&unattributed=user&drill=agent&drill=user,session',
    );
    expect(query).toMatchObject({
      ...{ project: 'p', live: false, by: ['model', 'label:team'], interval: 'day', metric: 'tokens', compare: true },
      order: { column: 'name', descending: false },
      filters: { agent: ['a', 'b'], label: ['team=search'], unattributed: ['user'] },
      drill: [['agent'], ['user', 'session']],
    });
  });

  test.each([
    ['by=agnt', 'grouped by “agnt”'],
    ['by=agent,model,user', 'at most 2'],
    ['interval=week', '“interval=week”'],
    ['order=foo', '“order=foo”'],
    ['label=team', 'label:KEY=VALUE'],
    ['unattributed=colour', '“no:colour”'],
    ['agent=', '“agent” needs a value'],
    ['range=soon', '“range=soon”'],
  ])('names what is wrong in %s and shows the rest', (text, problem) => {
    const { query, problems } = read(`${text}&metric=calls`);
    expect(problems.join(' ')).toContain(problem);
    expect(query.metric).toBe('calls');
  });

  test('of other pages is no mistake here', () => {
    expect(read('status=error&q=refund&sort=-duration').problems).toEqual([]);
  });

  test('leaves defaults out', () => {
    expect(selectionHref('/costs/ledger', read('by=model').query)).toBe('/costs/ledger');
    expect(writeOrder({ column: 'share', descending: true })).toBe(null);
    expect(writeOrder({ column: 'name', descending: false })).toBe('name');
    expect(writeOrder({ column: 'cost', descending: true })).toBe('-cost');
  });

  test('leads to the sessions of the same filters, where sessions know them', () => {
    expect(sessionsHref(read('range=7d&agent=a&project=p').query)).toBe('/sessions?project=p&range=7d&agent=a');
    expect(sessionsHref(read('label=team%3Da').query)).toBe('/sessions?label=team%3Da');
    expect(sessionsHref(read('unattributed=user').query)).toBe(null);
    expect(sessionsHref(read('revision=a%401').query)).toBe(null);
  });
});

test('the API is asked for moments, project and filters', () => {
  const window = { fromMs: Date.UTC(2026, 10, 21), toMs: Date.UTC(2026, 10, 22) };
  expect(toCostParams(read('agent=a&unattributed=user').query, window)).toEqual({
    ...{ project: 'default', from: '2026-11-21T00:00:00.000Z', to: '2026-11-22T00:00:00.000Z' },
    ...{ agent: ['a'], unattributed: ['user'] },
  });
  expect(previousWindow(window)).toEqual({ fromMs: Date.UTC(2026, 10, 20), toMs: Date.UTC(2026, 10, 21) });
});

test.each([
  [1, 'auto', 'hour'],
  [7, 'auto', 'day'],
  [365, 'auto', 'month'],
  [7, 'hour', 'hour'],
  [90, 'hour', 'day'],
  [1, 'month', 'month'],
] as const)('%i days with the interval %s are drawn by the %s', (days, asked, expected) => {
  expect(pickInterval(asked, { fromMs: 0, toMs: days * dayMs })).toBe(expected);
});
