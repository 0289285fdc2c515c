import { describe, expect, it } from 'vitest';
import { dueAtMs, evaluatedTo, tickAt } from '../../../../server/alerts/tick-clock.ts';

const tick = 60_000_000;
const tickEndMs = tick * 30_000;

describe('the clock of ticks', () => {
  it('waits until what came before a tick is settled', () => {
    expect(tickAt(tickEndMs + 4_999)).toBe(tick - 1);
    expect(tickAt(tickEndMs + 5_000)).toBe(tick);
    expect(tickAt(dueAtMs(tick))).toBe(tick);
  });

  it('looks up to the tick while settlement is on time, and up to where it has come while it is behind', () => {
    const nowMs = tickEndMs + 5_000;
    const look = (lagMs: number, beforeMs = 0) => evaluatedTo(tick, { verifiedToMs: nowMs - lagMs, nowMs, beforeMs });
    expect(look(40_000)).toBe(tickEndMs);
    expect(look(600_000)).toBe(tickEndMs - 600_000);
    expect(look(3_600_000, tickEndMs - 90_000)).toBe(tickEndMs - 90_000);
    expect(evaluatedTo(tick, { verifiedToMs: undefined, nowMs, beforeMs: 0 })).toBeUndefined();
  });
});
