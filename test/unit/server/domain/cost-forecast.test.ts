import { describe, expect, it } from 'vitest';
import { type DayCost, forecastMonth } from '../../../../server/domain/cost-forecast.ts';

const weekdayOf = (day: number) => (day % 7) + 1;
const daysOf = (count: number, usd: (day: number) => number): DayCost[] =>
  Array.from({ length: count }, (_, day) => ({ weekday: weekdayOf(day), usd: usd(day) }));
const ahead = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ weekday: weekdayOf(from + i), share: 1 }));
const isWeekend = (day: number) => weekdayOf(day) > 5;

/** The same numbers in the same order, evenly in 0 to 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Of about a normal distribution. */
const noise = (next: () => number) => Array.from({ length: 12 }, next).reduce((sum, one) => sum + one, 0) - 6;

describe('a forecast', () => {
  it('of equal days is their number, without a range', () => {
    const found = forecastMonth({ spentUsd: 20, history: daysOf(20, () => 2), remaining: ahead(20, 10) });
    expect(found?.usd).toBeCloseTo(40, 9);
    expect([found?.lowUsd, found?.highUsd]).toEqual([expect.closeTo(40, 6), expect.closeTo(40, 6)]);
    expect(found).toMatchObject({ historyDays: 20, isWeekdayAware: true, confidence: 0.8 });
  });

  it('knows that weekends are quiet, once it has seen two', () => {
    const usd = (day: number) => (isWeekend(day) ? 1 : 10);
    // Day 56 is a Monday: five days of work, then two quiet ones.
    const workdays = forecastMonth({ spentUsd: 0, history: daysOf(56, usd), remaining: ahead(56, 5) });
    const weekend = forecastMonth({ spentUsd: 0, history: daysOf(56, usd), remaining: ahead(61, 2) });
    expect(workdays?.usd).toBeGreaterThan(45);
    expect(workdays?.usd).toBeLessThan(55);
    expect(weekend?.usd).toBeLessThan(6);
    const young = forecastMonth({ spentUsd: 0, history: daysOf(10, usd), remaining: ahead(10, 2) });
    expect(young?.isWeekdayAware).toBe(false);
  });

  it('needs seven whole days', () => {
    expect(forecastMonth({ spentUsd: 5, history: daysOf(6, () => 1), remaining: ahead(6, 3) })).toBe(undefined);
    expect(forecastMonth({ spentUsd: 5, history: daysOf(7, () => 1), remaining: ahead(7, 3) })?.usd).toBeCloseTo(8, 9);
  });

  it('counts of today only what is left of it, and is what is spent when nothing is left', () => {
    const history = daysOf(14, () => 4);
    const half = forecastMonth({ spentUsd: 10, history, remaining: [{ weekday: weekdayOf(14), share: 0.5 }] });
    expect(half?.usd).toBeCloseTo(12, 9);
    const none = forecastMonth({ spentUsd: 10, history, remaining: [] });
    expect([none?.usd, none?.lowUsd, none?.highUsd]).toEqual([10, 10, 10]);
  });

  it('is never below what is spent, and of days without any cost nothing more', () => {
    const next = random(1);
    const history = daysOf(30, () => (next() < 0.2 ? 100 : 0));
    const found = forecastMonth({ spentUsd: 1, history, remaining: ahead(30, 3) });
    expect(found?.lowUsd).toBeGreaterThanOrEqual(1);
    const quiet = forecastMonth({ spentUsd: 1, history: daysOf(30, () => 0), remaining: ahead(30, 3) });
    expect([quiet?.usd, quiet?.lowUsd, quiet?.highUsd]).toEqual([1, 1, 1]);
  });

  it('follows a level that changed: recent days weigh more', () => {
    const history = daysOf(56, (day) => (day < 42 ? 1 : 5));
    const found = forecastMonth({ spentUsd: 0, history, remaining: ahead(56, 10) });
    expect(found?.usd).toBeGreaterThan(25);
    expect(found?.usd).toBeLessThan(50);
  });

  it('has its range around what happens about as often as it says', () => {
    const next = random(7);
    const runs = 600;
    let inside = 0;
    for (let run = 0; run < runs; run += 1) {
      const usd = (day: number) => (isWeekend(day) ? 3 : 10) * Math.max(0, 1 + 0.3 * noise(next));
      const history = daysOf(42, usd);
      const rest = 4 + Math.floor(next() * 24);
      const found = forecastMonth({ spentUsd: 50, history, remaining: ahead(42, rest) });
      const happened = 50 + Array.from({ length: rest }, (_, i) => usd(42 + i)).reduce((sum, one) => sum + one, 0);
      if (found !== undefined && happened >= found.lowUsd && happened <= found.highUsd) inside += 1;
    }
    expect(inside / runs).toBeGreaterThan(0.75);
    expect(inside / runs).toBeLessThan(0.93);
  });
});
