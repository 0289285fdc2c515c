import { expect, test } from 'vitest';
import type { TraceSummary } from '../../../../ui/api/types.ts';
import { compareNewest, insertNewest, layOver, replaceKnown } from '../../../../ui/state/trace-merge.ts';
import { makeTrace } from '../trace-fixture.ts';

const trace = (traceId: string, start: string, spanCount = 1): TraceSummary =>
  makeTrace({ traceId, startTimeUnixNano: start, spanCount });
const ids = (rows: readonly TraceSummary[]) => rows.map((row) => row.traceId);

test('newest is compared in nanoseconds, then by id', () => {
  const rows = [
    trace('b', '1795376862093000001'),
    trace('a', '1795376862093000001'),
    trace('c', '1795376862093000002'),
  ];
  expect(ids(rows.sort(compareNewest))).toEqual(['c', 'a', 'b']);
});

test('a trace that has grown is replaced in its place', () => {
  const rows = [trace('b', '2'), trace('a', '1')];
  const { rows: replaced, fresh } = replaceKnown(rows, [trace('a', '1', 9), trace('c', '3')]);
  expect(replaced.map((row) => row.spanCount)).toEqual([1, 9]);
  expect(ids(fresh)).toEqual(['c']);
});

test('rows that nothing touches stay the same object', () => {
  const rows = [trace('a', '1')];
  expect(replaceKnown(rows, [trace('z', '9')]).rows).toBe(rows);
});

test('a late trace goes where its start belongs', () => {
  expect(ids(insertNewest([trace('c', '3'), trace('a', '1')], [trace('b', '2')]))).toEqual(['c', 'b', 'a']);
});

test('a new first page keeps the rows below it', () => {
  const rows = [trace('d', '4'), trace('c', '3'), trace('b', '2'), trace('a', '1')];
  expect(ids(layOver([trace('e', '5'), trace('d', '4'), trace('c', '3')], rows))).toEqual(['e', 'd', 'c', 'b', 'a']);
});

test('a row that the new page would have to show, and does not, is gone', () => {
  const rows = [trace('d', '4'), trace('c', '3'), trace('a', '1')];
  expect(ids(layOver([trace('d', '4'), trace('b', '2')], rows))).toEqual(['d', 'b', 'a']);
});
