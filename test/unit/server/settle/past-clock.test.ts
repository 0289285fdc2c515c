import { describe, expect, it } from 'vitest';
import { PastClock } from '../../../../server/settle/past-clock.ts';

const lagMs = 30_000;
const startMs = 1_800_000_000_000;

/** A clock that is read every second. */
function secondBySecond() {
  let monotonicMs = 0;
  let clockMs = startMs;
  const past = new PastClock({ lagMs, monotonicMs: () => monotonicMs });
  return {
    past: () => past.read(clockMs) - startMs,
    run(seconds: number) {
      for (let second = 0; second < seconds; second += 1) {
        past.read(clockMs);
        monotonicMs += 1000;
        clockMs += 1000;
      }
    },
    /** Time passes, and what of it is seen by each clock. */
    jump(by: { clockMs: number; monotonicMs: number }) {
      clockMs += by.clockMs;
      monotonicMs += by.monotonicMs;
    },
  };
}

describe('PastClock', () => {
  it('says what the clock said the lag ago, from the start on', () => {
    const clock = secondBySecond();
    expect(clock.past()).toBe(-lagMs);
    clock.run(10);
    expect(clock.past()).toBe(10_000 - lagMs);
    clock.run(100);
    expect(clock.past()).toBe(110_000 - lagMs);
  });

  it('waits after the machine slept, until what was under way had its time', () => {
    const clock = secondBySecond();
    clock.run(60);
    clock.jump({ clockMs: 8 * 3_600_000, monotonicMs: 0 });
    expect(clock.past()).toBeLessThanOrEqual(60_000 - lagMs + 1000);
    clock.run(29);
    expect(clock.past()).toBeLessThanOrEqual(60_000);
    clock.run(2);
    expect(clock.past()).toBeGreaterThan(8 * 3_600_000);
  });

  it('counts a database that stood still for a third of the lag at most', () => {
    const clock = secondBySecond();
    clock.run(60);
    clock.jump({ clockMs: 600_000, monotonicMs: 600_000 });
    expect(clock.past()).toBeLessThanOrEqual(60_000 - (lagMs * 2) / 3);
    clock.run(19);
    expect(clock.past()).toBeLessThanOrEqual(60_000 + lagMs / 3);
    clock.run(12);
    expect(clock.past()).toBeGreaterThan(600_000);
  });

  it('is never ahead of the lag before now, also when the clock is set back', () => {
    const clock = secondBySecond();
    clock.run(60);
    clock.jump({ clockMs: -3_600_000, monotonicMs: 0 });
    expect(clock.past()).toBe(60_000 - 3_600_000 - lagMs);
  });
});
