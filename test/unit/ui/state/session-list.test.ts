import { expect, test } from 'vitest';
import type { Params } from '../../../../ui/api/client.ts';
import type { SessionListReply, SessionSort, SessionSummary } from '../../../../ui/api/types.ts';
import type { ListRequest } from '../../../../ui/state/paged-list.svelte.ts';
import { SessionList } from '../../../../ui/state/session-list.svelte.ts';

const session = (sessionId: string, turnCount = 1) => ({ sessionId, turnCount }) as SessionSummary; // all that is read here
const request = (key: string, project = 'default'): ListRequest<SessionSort> => ({
  key,
  project,
  params: {},
  sort: '-startTime',
});

/** A list whose pages the test answers, in the order in which they are asked for. */
function makeList() {
  const asked: { params: Params; answer: (reply: SessionListReply) => void; fail: (error: unknown) => void }[] = [];
  const list = new SessionList(
    (params, signal) =>
      new Promise((answer, fail) => {
        asked.push({ params, answer, fail });
        signal?.addEventListener('abort', () => fail(new DOMException('left', 'AbortError')));
      }),
  );
  const show = async (
    given: ListRequest<SessionSort>,
    sessions: SessionSummary[],
    nextCursor: string | null = null,
  ) => {
    const loading = list.load(given);
    asked.at(-1)?.answer({ sessions, nextCursor });
    await loading;
  };
  return { list, asked, show };
}

test('a session that grew between two pages is one row, as it was read last', async () => {
  const { list, asked, show } = makeList();
  await show(request('a'), [session('x'), session('y')], 'c1');
  const more = list.loadMore();
  void list.loadMore();
  expect(asked).toHaveLength(2);
  asked.at(-1)?.answer({ sessions: [session('y', 2), session('z')], nextCursor: null });
  await more;
  expect(list.rows.map(({ sessionId, turnCount }) => [sessionId, turnCount])).toEqual([
    ['x', 1],
    ['y', 2],
    ['z', 1],
  ]);
  expect(list.hasMore).toBe(false);
});

test('another query keeps the old rows until the new ones are there; another project does not', async () => {
  const { list, asked, show } = makeList();
  await show(request('a'), [session('x')]);
  const loading = list.load(request('b'));
  expect([list.stale, list.rows.length]).toEqual([true, 1]);
  asked.at(-1)?.answer({ sessions: [], nextCursor: null });
  await loading;
  expect([list.stale, list.rows.length]).toEqual([false, 0]);
  await show(request('b'), [session('x')]);
  void list.load(request('c', 'other'));
  expect(list.rows).toEqual([]);
  list.stop();
});

test('a refresh asks for as many rows as are shown, and a failure keeps what it says', async () => {
  const { list, asked, show } = makeList();
  const many = Array.from({ length: 180 }, (_, place) => session(`s${place}`));
  await show(request('a'), many, 'c1');
  list.outdated = true;
  const loading = list.load(request('a'));
  expect(asked.at(-1)?.params['limit']).toBe(180);
  expect(list.outdated).toBe(false);
  asked.at(-1)?.fail(new Error('broken'));
  await loading;
  expect([list.phase, list.failure?.message]).toEqual(['failed', 'broken']);
});
