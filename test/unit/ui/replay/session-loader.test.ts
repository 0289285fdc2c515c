import { expect, test } from 'vitest';
import { ApiFailure } from '../../../../ui/api/client.ts';
import type { SessionReply, SessionSummary, Turn } from '../../../../ui/api/types.ts';
import { SessionLoader } from '../../../../ui/replay/session-loader.svelte.ts';
import { step, turnOf } from './turn-fixture.ts';

const words = (turn: Turn | undefined) => {
  const part = turn?.input[0]?.parts[0];
  return part?.type === 'text' ? part.content : undefined;
};

/** A session of so many turns in pages of two; the last page may grow. */
function makeSession(turnCount: number) {
  const state = { turnCount, asked: [] as (string | undefined)[], failing: false };
  const session = { sessionId: 'shop' } as SessionSummary; // nothing else of it is read here
  const read = ({ cursor }: { cursor?: string }): Promise<SessionReply> => {
    state.asked.push(cursor);
    if (state.failing) return Promise.reject(new ApiFailure({ code: 'unreachable', message: 'gone' }));
    const from = Number(cursor ?? 0);
    const turns = Array.from({ length: Math.min(2, state.turnCount - from) }, (_, place) =>
      turnOf([step(`s${from + place}`, null, [0, 1])], `turn ${from + place}`),
    );
    const next = from + turns.length;
    return Promise.resolve({ session, turns, nextCursor: next < state.turnCount ? String(next) : null });
  };
  return { state, loader: new SessionLoader(read) };
}

test('pages are read one after the other, as far as somebody goes', async () => {
  const { state, loader } = makeSession(9);
  await loader.load();
  expect(loader.turns.map(words)).toEqual(['turn 0', 'turn 1']);
  await Promise.all([loader.loadMore(), loader.loadMore()]);
  expect(state.asked).toEqual([undefined, '2']);
  await loader.loadTo(6);
  expect(loader.turns).toHaveLength(8);
  expect(loader.hasMore).toBe(true);
  await loader.loadTo(Infinity);
  expect(loader.turns).toHaveLength(9);
  expect(loader.hasMore).toBe(false);
});

test('a refresh reads the last page again, and turns that say the same stay the same', async () => {
  const { state, loader } = makeSession(3);
  await loader.load();
  await loader.loadMore();
  const before = loader.turns;
  state.turnCount = 5;
  await loader.refresh();
  expect(loader.turns.map(words)).toEqual(['turn 0', 'turn 1', 'turn 2', 'turn 3']);
  expect(loader.turns[0]).toBe(before[0]);
  expect(loader.turns[2]).toBe(before[2]);
  expect(loader.hasMore).toBe(true);
});

test('a page that fails is said, and asked for again', async () => {
  const { state, loader } = makeSession(5);
  await loader.load();
  state.failing = true;
  await loader.loadTo(4);
  expect(loader.moreFailure?.message).toBe('gone');
  expect(loader.turns).toHaveLength(2);
  await loader.refresh();
  expect(loader.turns).toHaveLength(2);
  state.failing = false;
  await loader.loadMore();
  await loader.loadTo(4);
  expect(loader.turns).toHaveLength(5);
});
