import { expect, test } from 'vitest';
import { readSessionQuery } from '../../../../ui/state/session-query.ts';

const read = (search: string) => readSessionQuery(new URLSearchParams(search));

test('filters are those of the traces page, the order is one of sessions', () => {
  const { query, problems } = read('project=shop&agent=support&user=kim&q=refund&sort=-turns');
  expect(query).toMatchObject({ project: 'shop', words: 'refund', sort: '-turns', live: true });
  expect(query.filters).toEqual({ agent: ['support'], user: ['kim'] });
  expect(problems).toEqual([]);
});

test('an order that only traces have is named as wrong, once', () => {
  const { query, problems } = read('sort=-duration');
  expect(query.sort).toBe('-startTime');
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('“sort=-duration”');
  expect(problems[0]).toContain('-turns');
});
