import { describe, expect, test } from 'vitest';
import {
  findFiring,
  findMoment,
  firingAt,
  layBacktest,
  listMoments,
  valuesAt,
} from '../../../../../ui/pages/alerts/backtest-geometry.ts';
import { countFirings, describeFiring, judgeFirings } from '../../../../../ui/pages/alerts/backtest-words.ts';
import { backTest } from './alert-fixture.ts';

const reply = backTest({
  firedCount: 2,
  fired: [
    { group: 'a', severity: 'critical', fromMs: 40, toMs: null, peak: 60 },
    { group: 'b', severity: 'warning', fromMs: 20, toMs: 21, peak: 30 },
  ],
  series: [
    {
      group: 'a',
      points: [
        { atMs: 0, value: 0 },
        { atMs: 50, value: null },
        { atMs: 100, value: 60 },
      ],
    },
    { group: 'b', points: [{ atMs: 25, value: 30 }] },
  ],
});
const limits = { warning: 20, critical: 100, recovery: null };

describe('the chart of a back-test', () => {
  const layout = layBacktest(reply, limits, { width: 200, height: 100 });

  test('holds zero, every value and every limit', () => {
    expect(layout.marks[0]).toMatchObject({ value: 0, y: 100 });
    expect(layout.limits.map(({ name, y }) => [name, y])).toEqual([
      ['warning', 80],
      ['critical', 0],
    ]);
  });

  test('draws a gap as a gap', () => {
    expect(layout.lines[0]?.path).toBe('M0,100ZM200,40Z');
  });

  test('shows where it would have fired, at the end what still fires, and a short one wide enough', () => {
    expect(layout.bands).toEqual([
      { place: 0, x: 80, width: 120, isCritical: true },
      { place: 1, x: 40, width: 3, isCritical: false },
    ]);
  });

  test('is read by the nearest moment', () => {
    expect(listMoments(reply.series)).toEqual([0, 25, 50, 100]);
    expect([-9, 24, 30, 80, 999].map((x) => findMoment(layout.moments, x))).toEqual([0, 0, 1, 2, 3]);
    expect(findMoment([], 5)).toBeNull();
    expect(valuesAt(reply.series, 25)).toEqual([
      { group: 'a', place: 0, value: null },
      { group: 'b', place: 1, value: 30 },
    ]);
  });

  test('names what fires in a part of the time, be it in its midst alone', () => {
    const groupsAt = (place: number) =>
      firingAt(reply.fired, layout.moments[place] ?? { atMs: 0, untilMs: 0 }).map(({ group }) => group);
    expect([0, 1, 2, 3].map(groupsAt)).toEqual([['b'], ['a'], ['a'], ['a']]);
  });

  test('is walked by where it begins to fire: to the part that holds the beginning', () => {
    const walk = (here: number | null, step: 1 | -1) => findFiring(layout.moments, reply.fired, { here, step });
    expect([null, 0, 1].map((here) => walk(here, 1))).toEqual([0, 1, null]);
    expect([null, 3, 1, 0].map((here) => walk(here, -1))).toEqual([1, 1, 0, null]);
  });

  test('of nothing is drawn all the same', () => {
    const none = { warning: null, critical: null, recovery: null };
    expect(layBacktest(backTest(), none, { width: 0, height: 100 })).toMatchObject({
      lines: [],
      bands: [],
      limits: [],
    });
  });
});

describe('a back-test in words', () => {
  test.each([
    [0, 'It would not have fired in the last 14 days.'],
    [1, 'It would have fired once in the last 14 days.'],
    [4, 'It would have fired 4 times in the last 14 days.'],
  ])('%d', (firedCount, words) => {
    expect(countFirings({ firedCount }, 14)).toBe(words);
  });

  test('says when there is nothing to try it on, and when it is too loud', () => {
    expect(judgeFirings(backTest(), 14)).toMatch(/no data to try it on/);
    expect(judgeFirings({ ...reply, firedCount: 50 }, 14)).toMatch(/more than three a day/);
    expect(judgeFirings(reply, 14)).toBeNull();
  });

  test('tells of each firing when, how long and how far', () => {
    const nowMs = Date.UTC(2026, 10, 23, 18);
    const fromMs = Date.UTC(2026, 10, 22, 14);
    const firing = { group: null, severity: 'critical', fromMs, toMs: fromMs + 7_200_000, peak: 61.2 } as const;
    expect(describeFiring(firing, 'spend', nowMs)).toEqual({ when: '22 Nov, 14:00', long: '2 h', peak: '$61.20' });
    expect(describeFiring({ ...firing, toMs: null }, 'spend', nowMs).long).toBe('still');
  });
});
