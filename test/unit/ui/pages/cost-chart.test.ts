import { describe, expect, test } from 'vitest';
import { buildChart } from '../../../../ui/pages/costs/chart-data.ts';
import { listIntervals } from '../../../../ui/state/cost-intervals.ts';
import { findColumn, layChart, nameInterval } from '../../../../ui/pages/costs/chart-geometry.ts';
import { keyOfGroup } from '../../../../ui/state/cost-groups.ts';
import { costRow, costsReply, costView } from '../cost-fixture.ts';

const at = (day: number) => new Date(Date.UTC(2026, 10, day)).toISOString();
const slots = new Map([
  [keyOfGroup(['a']), 0],
  [keyOfGroup([null]), 1],
]);
const view = costView({
  groups: costsReply([costRow('3'), costRow('1'), costRow('0.5')], costRow('4.6'), 4),
  byTime: [costRow('4', { time: at(20) }, { modelCalls: 3 }), costRow(null, { time: at(22) })],
  parts: [
    costRow('3', { time: at(20), agent: 'a' }),
    costRow('0.7', { time: at(20), agent: null }),
    costRow(null, { time: at(22), agent: 'a' }),
    costRow('9', { time: at(20), agent: 'not among the top' }),
  ],
  top: [['a'], [null]],
  slots,
});

describe('the chart of costs', () => {
  const data = buildChart(view);

  test('has a part for each top group and one for all others', () => {
    expect(data.parts.map(({ label, colour }) => [label, colour])).toEqual([
      ['a', 'var(--series-1)'],
      ['no agent', 'var(--series-2)'],
      ['2 others', 'var(--series-other)'],
    ]);
  });

  test('has a column for every interval, empty ones as well, and the parts add up to it exactly', () => {
    expect(data.columns.map(({ total, values }) => [total, ...values])).toEqual([
      [4_000_000_000_000n, 3_000_000_000_000n, 700_000_000_000n, 300_000_000_000n],
      [0n, 0n, 0n, 0n],
      [null, null, 0n, 0n],
    ]);
  });

  test('knows what is missing, where nothing happened and where the range ends within an interval', () => {
    expect(data.columns.map(({ calls, missing, partial }) => [calls, missing, partial])).toEqual([
      [3, 0, true],
      [0, 0, false],
      [1, 1, false],
    ]);
  });

  test('begins at zero and stacks the parts without overlap', () => {
    const { boxes, marks } = layChart(data, { metric: 'cost', interval: 'day', width: 300, height: 200 });
    expect(marks[0]).toMatchObject({ value: 0, y: 200 });
    const [first, second, third] = boxes;
    expect(boxes).toHaveLength(3);
    expect(first).toMatchObject({ part: 0, column: 0 });
    expect((first?.y ?? 0) + (first?.height ?? 0)).toBeCloseTo(200);
    expect((second?.y ?? 0) + (second?.height ?? 0)).toBeCloseTo(first?.y ?? 0);
    expect((third?.y ?? 0) + (third?.height ?? 0)).toBeCloseTo(second?.y ?? 0);
  });

  test('finds the column below a place', () => {
    expect([-5, 0, 99, 100, 299, 400].map((x) => findColumn(3, x, 300))).toEqual([0, 0, 0, 1, 2, 2]);
    expect(findColumn(0, 10, 300)).toBe(0);
  });
});

test('intervals are those of UTC, from before the start to the end', () => {
  const window = { fromMs: Date.UTC(2026, 0, 31, 23, 30), toMs: Date.UTC(2026, 2, 1) };
  expect(listIntervals('month', window).map(({ startMs }) => new Date(startMs).toISOString().slice(0, 10))).toEqual([
    '2026-01-01',
    '2026-02-01',
  ]);
  expect(listIntervals('hour', { fromMs: window.fromMs, toMs: window.fromMs + 3_600_000 })).toHaveLength(2);
  expect(nameInterval('hour', { startMs: Date.UTC(2026, 10, 22, 14), endMs: Date.UTC(2026, 10, 22, 15) })).toBe(
    '22 Nov 2026, 14:00 – 15:00',
  );
  expect(nameInterval('day', { startMs: Date.UTC(2026, 10, 22), endMs: 0 })).toBe('Sun, 22 Nov 2026');
});
