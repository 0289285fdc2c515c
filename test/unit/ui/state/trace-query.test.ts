import { describe, expect, test } from 'vitest';
import {
  isNarrowed,
  readTraceQuery,
  toApiParams,
  toLiveParams,
  writeFilters,
  writeRange,
} from '../../../../ui/state/trace-query.ts';

const read = (text: string) => readTraceQuery(new URLSearchParams(text));
const now = Date.UTC(2026, 10, 22, 12, 0, 0);

describe('the address of the traces list', () => {
  test('without parameters is the last 24 hours of the default project, newest first, live', () => {
    const { query, problems } = read('');
    expect(query).toMatchObject({ project: 'default', words: '', sort: '-startTime', live: true, filters: {} });
    expect(query.range).toMatchObject({ kind: 'last', text: '24h' });
    expect(problems).toEqual([]);
    expect(isNarrowed(query)).toBe(false);
  });

  test('holds everything that the list shows', () => {
    const { query } = read(
      'project=p&range=3h&agent=a&agent=b&status=error&minDurationMs=2000&q=refund&sort=-cost&live=off',
    );
    expect(query).toMatchObject({
      project: 'p',
      filters: { agent: ['a', 'b'], status: ['error'], minDurationMs: ['2000'] },
      words: 'refund',
      sort: '-cost',
      live: false,
    });
    expect(isNarrowed(query)).toBe(true);
  });

  test.each([
    ['range=soon', '“range=soon”'],
    ['from=2026-11-22T12:00:00Z', '“from” and “to”'],
    ['from=2026-11-22T12:00:00Z&to=2026-11-22T11:00:00Z', '“from” and “to”'],
    ['sort=name', 'Allowed: -startTime'],
    ['status=maybe', 'Allowed: ok, error.'],
    ['minDurationMs=long', 'not a duration'],
  ])('%s is named and left out', (text, problem) => {
    const { query, problems } = read(text);
    expect(problems.join()).toContain(problem);
    expect(query).toEqual(read('').query);
  });
});

test('the API gets fixed moments, the live stream none', () => {
  const { query } = read('project=p&range=3h&agent=a&q=refund');
  expect(toApiParams(query, now)).toEqual({
    project: 'p',
    from: '2026-11-22T09:00:00.000Z',
    to: '2026-11-22T12:00:00.000Z',
    agent: ['a'],
    q: 'refund',
  });
  expect(toLiveParams(query)).toEqual({ project: 'p', agent: ['a'], q: 'refund' });
});

test('a range writes the parameters that read it back, and removes the others', () => {
  const between = { kind: 'between', fromMs: now - 1_000, toMs: now } as const;
  expect(writeRange(between)).toEqual({
    range: null,
    from: '2026-11-22T11:59:59.000Z',
    to: '2026-11-22T12:00:00.000Z',
  });
  expect(writeRange(read('range=3h').query.range)).toEqual({ range: '3h', from: null, to: null });
  expect(writeRange(read('').query.range)).toEqual({ range: null, from: null, to: null });
});

test('filters that are not set are removed from the address', () => {
  expect(writeFilters({ agent: ['a'] })).toMatchObject({ agent: ['a'], model: null, minCostUsd: null });
});
