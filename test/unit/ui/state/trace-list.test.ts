import { expect, test } from 'vitest';
import { ApiFailure, type Params } from '../../../../ui/api/client.ts';
import type { TraceListReply, TraceSummary } from '../../../../ui/api/types.ts';
import type { ListRequest } from '../../../../ui/state/paged-list.svelte.ts';
import { TraceList } from '../../../../ui/state/trace-list.svelte.ts';
import type { TraceSort } from '../../../../ui/state/trace-query.ts';
import { makeTrace } from '../trace-fixture.ts';

const trace = (start: number): TraceSummary => makeTrace({ traceId: `t${start}`, startTimeUnixNano: String(start) });
const request = (key: string, given: Partial<ListRequest<TraceSort>> = {}): ListRequest<TraceSort> => ({
  key,
  project: 'default',
  params: {},
  sort: '-startTime',
  ...given,
});
const ids = (rows: readonly TraceSummary[]) => rows.map((row) => row.traceId);

/** A list whose pages the test answers, in the order in which they are asked for. */
function makeList() {
  const asked: { params: Params; answer: (reply: TraceListReply) => void; fail: (error: unknown) => void }[] = [];
  const list = new TraceList(
    (params, signal) =>
      new Promise((answer, fail) => {
        asked.push({ params, answer, fail });
        signal?.addEventListener('abort', () => fail(new DOMException('left', 'AbortError')));
      }),
  );
  const show = async (given: ListRequest<TraceSort>, starts: number[], nextCursor: string | null = null) => {
    const loading = list.load(given);
    asked.at(-1)?.answer({ traces: starts.map(trace), nextCursor });
    await loading;
  };
  return { list, asked, show };
}

test('pages follow each other by cursor, and a trace on two pages is one row', async () => {
  const { list, asked, show } = makeList();
  await show(request('a'), [9, 8], 'c1');
  const more = list.loadMore();
  void list.loadMore();
  expect(asked).toHaveLength(2);
  expect(asked[1]?.params).toMatchObject({ cursor: 'c1', sort: '-startTime' });
  asked[1]?.answer({ traces: [trace(8), trace(7)], nextCursor: null });
  await more;
  expect(ids(list.rows)).toEqual(['t9', 't8', 't7']);
  expect(list.hasMore).toBe(false);
});

test('another query keeps the old rows, marked as such, until the new ones are there', async () => {
  const { list, asked, show } = makeList();
  await show(request('a'), [9]);
  list.scrollTop = 500;
  const loading = list.load(request('b'));
  expect([ids(list.rows), list.stale, list.phase]).toEqual([['t9'], true, 'loading']);
  asked[1]?.answer({ traces: [trace(5)], nextCursor: null });
  await loading;
  expect([ids(list.rows), list.stale, list.scrollTop]).toEqual([['t5'], false, 0]);
});

test('rows of another project are never shown', async () => {
  const { list, show } = makeList();
  await show(request('a'), [9]);
  void list.load(request('b', { project: 'other' }));
  expect(list.rows).toEqual([]);
});

test('the same query anew keeps the place and what lies below the first page', async () => {
  const { list, asked, show } = makeList();
  await show(request('a'), [9, 8, 7, 6], 'c1');
  list.scrollTop = 500;
  const loading = list.load(request('a'));
  asked[1]?.answer({ traces: [trace(10), trace(9)], nextCursor: 'c2' });
  await loading;
  expect([ids(list.rows), list.scrollTop]).toEqual([['t10', 't9', 't8', 't7', 't6'], 500]);
});

test('a query that is overtaken by another one changes nothing any more', async () => {
  const { list, asked, show } = makeList();
  const first = list.load(request('a'));
  await show(request('b'), [5]);
  asked[0]?.answer({ traces: [trace(9)], nextCursor: null });
  await first;
  expect(ids(list.rows)).toEqual(['t5']);
});

test('a failure is kept to be shown, and a retry clears it', async () => {
  const { list, asked, show } = makeList();
  const loading = list.load(request('a'));
  asked[0]?.fail(new ApiFailure({ code: 'query_timeout', message: 'Too long.' }));
  await loading;
  expect([list.phase, list.failure?.code]).toEqual(['failed', 'query_timeout']);
  await show(request('a'), [1]);
  expect([list.phase, list.failure]).toEqual(['ready', null]);
});

test('live traces come in at the top, or wait where the reader has scrolled', async () => {
  const { list, show } = makeList();
  await show(request('a'), [5, 4]);
  list.receive([trace(6)], { atTop: true });
  expect(ids(list.rows)).toEqual(['t6', 't5', 't4']);
  list.receive([trace(7), trace(5)], { atTop: false });
  expect([ids(list.rows), ids(list.arrivals)]).toEqual([['t6', 't5', 't4'], ['t7']]);
  list.showArrivals();
  expect([ids(list.rows), list.arrivals]).toEqual([['t7', 't6', 't5', 't4'], []]);
});

test('what arrives while the first page is on its way is not forgotten', async () => {
  const { list, asked } = makeList();
  const loading = list.load(request('a'));
  list.receive([trace(6), trace(5)], { atTop: true });
  asked[0]?.answer({ traces: [trace(5), trace(4)], nextCursor: null });
  await loading;
  expect(ids(list.rows)).toEqual(['t6', 't5', 't4']);
});

test('an old trace that grows is no news where later pages will show it', async () => {
  const { list, show } = makeList();
  await show(request('a'), [5, 4], 'c1');
  list.receive([trace(3)], { atTop: false });
  expect(list.arrivals).toEqual([]);
});

test('in another order, or after a gap, arrivals wait for a reload', async () => {
  const { list, show } = makeList();
  await show(request('a', { sort: '-duration' }), [5]);
  list.receive([trace(6)], { atTop: true });
  expect([list.canInsert, ids(list.rows), ids(list.arrivals)]).toEqual([false, ['t5'], ['t6']]);
});
