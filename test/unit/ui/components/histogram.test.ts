import { expect, test } from 'vitest';
import { findBar, findPeak, layBars, layTicks } from '../../../../ui/components/histogram/geometry.ts';

const start = Date.UTC(2026, 10, 22, 0, 0, 0);
const intervalMs = 900_000;
const histogram = (counts: [number, number][]) => ({
  intervalMs,
  buckets: counts.map(([traceCount, errorCount], index) => ({
    startTimeUnixNano: `${start + index * intervalMs}000000`,
    traceCount,
    errorCount,
  })),
});
const size = { width: 400, height: 50 };

test('the highest bar has the full height, bars are side by side with a gap', () => {
  const bars = layBars(
    histogram([
      [10, 0],
      [20, 5],
      [0, 0],
      [5, 0],
    ]),
    size,
  );
  expect(bars.map((bar) => bar.height)).toEqual([25, 50, 0, 12.5]);
  expect(bars[1]?.errorHeight).toBe(12.5);
  expect(bars.map((bar) => bar.x)).toEqual([0, 100, 200, 300]);
  expect(bars[0]?.width).toBe(99);
  expect(bars[1]).toMatchObject({ startMs: start + intervalMs, endMs: start + 2 * intervalMs });
});

test('one trace among thousands and its error stay visible, none stays none', () => {
  const bars = layBars(
    histogram([
      [10_000, 0],
      [1, 1],
      [0, 0],
    ]),
    size,
  );
  expect(bars.map((bar) => [bar.height, bar.errorHeight])).toEqual([
    [50, 0],
    [2, 2],
    [0, 0],
  ]);
});

test('nothing at all has a scale', () => {
  expect(findPeak([])).toBe(1);
  expect(layBars(histogram([]), size)).toEqual([]);
  expect(layTicks([], 400)).toEqual([]);
});

test('a place belongs to the bar under it, also beyond the edges', () => {
  const bars = layBars(
    histogram([
      [1, 0],
      [1, 0],
      [1, 0],
      [1, 0],
    ]),
    size,
  );
  expect([-5, 0, 99, 100, 399, 900].map((x) => findBar(bars, x, 400))).toEqual([0, 0, 0, 1, 3, 3]);
});

test('ticks are round moments that leave room for their labels', () => {
  const day = Array.from({ length: 96 }, (): [number, number] => [1, 0]);
  const ticks = layTicks(layBars(histogram(day), { width: 960, height: 50 }), 960);
  expect(ticks.map((tick) => tick.label)).toEqual(['03:00', '06:00', '09:00', '12:00', '15:00', '18:00', '21:00']);
});
