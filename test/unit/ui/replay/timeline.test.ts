import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layTimeline, toPlayMs, toRealMs } from '../../../../ui/replay/timeline.ts';

const work = (startMs: number, endMs: number) => ({ startMs, endMs, isWork: true });

describe('the clock of a replay', () => {
  test('runs as it ran while somebody works', () => {
    const timeline = layTimeline([work(0, 4_000), work(4_000, 9_000)]);
    expect(timeline.durationMs).toBe(9_000);
    expect(toPlayMs(timeline, 2_500)).toBe(2_500);
  });

  test('makes a wait of a day one second, and a stretch of an hour ten', () => {
    const day = 86_400_000;
    const timeline = layTimeline([work(0, 2_000), work(day, day + 3_600_000)]);
    expect(timeline.durationMs).toBe(2_000 + 1_000 + 10_000);
    expect(toPlayMs(timeline, day)).toBe(3_000);
    expect(toRealMs(timeline, 3_000)).toBe(day);
  });

  test('does not take an open agent for work', () => {
    const agent = { startMs: 0, endMs: 60_000, isWork: false };
    expect(layTimeline([agent, work(0, 1_000), work(59_000, 60_000)]).durationMs).toBe(3_000);
  });

  test('nothing at all lasts no time', () => {
    const timeline = layTimeline([]);
    expect([timeline.durationMs, toPlayMs(timeline, 5), toRealMs(timeline, 5)]).toEqual([0, 0, 0]);
  });

  test('never runs backwards, and is never slower than what happened', () => {
    const moment = fc.integer({ min: 0, max: 1_000_000 });
    const happening = fc.record({ startMs: moment, endMs: moment, isWork: fc.boolean() });
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 30 }), moment, moment, (happenings, a, b) => {
        const timeline = layTimeline(happenings);
        const [first, second] = a < b ? [a, b] : [b, a];
        expect(toPlayMs(timeline, first)).toBeLessThanOrEqual(toPlayMs(timeline, second));
        expect(toPlayMs(timeline, second)).toBeLessThanOrEqual(second);
        const last = timeline.realMs.at(-1) ?? 0;
        if (first <= last) expect(toRealMs(timeline, toPlayMs(timeline, first))).toBeCloseTo(first, 3);
      }),
    );
  });
});
