import { describe, expect, it } from 'vitest';
import type { SessionTurn, TraceTurn } from '../../../../server/domain/settlement/turns.ts';
import { fitTurns, positionAfter, turnsAfter } from '../../../../server/domain/turn-page.ts';

const part = (traceId: string, startNs: bigint): TraceTurn => ({
  ...{ traceId, startNs, endNs: startNs, isError: false },
  ...{ inputMessageCount: 1, userMessageCount: 1, lastUserMessage: startNs },
});
const turn = (startNs: bigint, ...traceIds: string[]): SessionTurn => ({
  startNs,
  parts: traceIds.map((traceId) => part(traceId, startNs)),
});

describe('the position of a page', () => {
  const turns = [turn(1n, 'a'), turn(2n, 'a'), turn(2n, 'a'), turn(2n, 'b'), turn(3n, 'a')];

  it.each([1, 2, 3, 4, 5])('goes on after %i turns, those of one moment too', (count) => {
    expect(turnsAfter(turns, positionAfter(turns.slice(0, count), turns))).toEqual(turns.slice(count));
  });

  it('is the beginning without one', () => {
    expect(turnsAfter(turns, undefined)).toEqual(turns);
    expect(positionAfter([], turns)).toBeUndefined();
  });

  it('keeps its place when an earlier turn comes to light', () => {
    const position = positionAfter(turns.slice(0, 3), turns);
    expect(turnsAfter([turn(0n, 'z'), ...turns], position)).toEqual(turns.slice(3));
  });
});

describe('the turns of a page', () => {
  const turns = [turn(1n, 'a'), turn(2n, 'b', 'c'), turn(3n, 'c'), turn(4n, 'd')];
  const fit = (limits: Partial<{ limit: number; spansMax: number; tracesMax: number }>) =>
    fitTurns(turns, () => 10, { limit: 100, spansMax: 1_000, tracesMax: 1_000, ...limits }).length;

  it.each([
    [{}, 4],
    [{ limit: 2 }, 2],
    [{ spansMax: 30 }, 3],
    [{ spansMax: 29 }, 1],
    [{ tracesMax: 3 }, 3],
    [{ tracesMax: 2 }, 1],
    [{ spansMax: 1 }, 1],
  ])('within %j are %i', (limits, count) => {
    expect(fit(limits)).toBe(count);
  });
});
