import { expect, test } from 'vitest';
import {
  type BudgetFocus,
  findPoint,
  idealAt,
  labelThresholds,
  layBurn,
  readBurn,
} from '../../../../../ui/pages/budgets/burn-geometry.ts';
import { describeBurn, describePoint } from '../../../../../ui/pages/budgets/burn-words.ts';
import { makeAccount } from './budget-fixture.ts';

const size = { width: 240, height: 100 };
const at = (hour: number) => Date.parse('2026-11-22T00:00:00Z') + hour * 3_600_000;
const iso = (hour: number) => new Date(at(hour)).toISOString();

const focus: BudgetFocus = {
  account: makeAccount({ spentUsd: '4', pendingUsd: '0.5', reservedUsd: '0.5' }),
  projection: {
    ...{ usdAtEnd: '8', lowUsdAtEnd: '7', highUsdAtEnd: '9.5' },
    ...{ exhaustedAt: null, earliestAt: iso(22), latestAt: null },
  },
  series: [
    { time: iso(3), spentUsd: '1' },
    { time: iso(9), spentUsd: '4' },
  ],
  drivers: [],
  pausedSessions: [],
};

test('it burns from the amount at the begin to what is left, held amounts included', () => {
  const data = readBurn(focus, at(12));
  expect(data.points.map(({ leftUsd }) => leftUsd)).toEqual([10, 9, 6, 6]);
  expect(data.leftNowUsd).toBe(5);
  expect(data.thresholds).toEqual([
    { percent: 50, leftUsd: 5 },
    { percent: 80, leftUsd: 2 },
  ]);
  const layout = layBurn(data, size);
  expect([layout.x(at(0)), layout.x(at(24)), layout.y(10), layout.y(0)]).toEqual([0, 240, 0, 100]);
  expect(layout.ideal).toBe('M0,0L240,100');
  expect(layout.line.startsWith('M0,0')).toBe(true);
  expect(layout.projected).toBe('M120,50L240,80');
  // From here to the slow and the fast end.
  expect(layout.cone).toBe('M120,50L240,70L240,95Z');
});

test('thresholds whose lines lie close together share one line of words', () => {
  const thresholds = [
    { percent: 80, leftUsd: 2 },
    { percent: 50, leftUsd: 5 },
    { percent: 10, leftUsd: 9 },
  ];
  const wide = labelThresholds({ thresholds }, (usd) => 100 - usd * 10);
  expect(wide).toEqual([
    { y: 10, text: '10 % used' },
    { y: 50, text: '50 % used' },
    { y: 80, text: '80 % used' },
  ]);
  const tight = labelThresholds({ thresholds }, (usd) => 40 - usd);
  expect(tight).toEqual([{ y: 31, text: '10 %, 50 % and 80 % used' }]);
  const half = labelThresholds({ thresholds }, (usd) => 40 - usd * 4);
  expect(half.map(({ text }) => text)).toEqual(['10 % used', '50 % and 80 % used']);
});

test('the cursor finds the last point that is not ahead of it', () => {
  const data = readBurn(focus, at(12));
  const layout = layBurn(data, size);
  expect([0, 29, 31, 100, 119, 239].map((px) => findPoint(data, layout, px))).toEqual([0, 0, 1, 2, 2, 3]);
  expect(idealAt(data, at(6))).toBe(7.5);
  expect(describePoint(data, 2)).toBe('09:00: $6.00 left; an even pace would have left $6.25');
  expect(describeBurn(data)).toBe('Now $5.00 left of $10.00.');
});

test('without an end there is no even pace, and the projection ends where nothing is left', () => {
  const data = readBurn(
    {
      ...focus,
      account: makeAccount({ window: { key: 'rolling', from: iso(0), to: iso(12) } }),
      projection: {
        ...{ usdAtEnd: null, lowUsdAtEnd: null, highUsdAtEnd: null },
        ...{ exhaustedAt: iso(18), earliestAt: iso(16), latestAt: iso(20) },
      },
    },
    at(12),
  );
  expect(data.endMs).toBeNull();
  const layout = layBurn(data, size);
  expect(layout.ideal).toBeNull();
  // Drawn to the later end of the range: 20 of 20 hours.
  expect(layout.x(at(20))).toBeCloseTo(240);
  expect(layout.projected?.endsWith(`L${layout.x(at(18))},100`)).toBe(true);
  expect(idealAt(data, at(6))).toBeNull();
});

test('what is overspent is drawn below nothing', () => {
  const account = makeAccount({ spentUsd: '12', pendingUsd: '0', reservedUsd: '0', state: 'exhausted' });
  const data = readBurn({ ...focus, account, series: [{ time: iso(3), spentUsd: '12' }] }, at(12));
  const layout = layBurn(data, size);
  expect(layout.y(0)).toBeLessThan(size.height);
  expect(layout.y(-2)).toBeLessThanOrEqual(size.height);
  expect(layout.projected).toBeNull();
  expect(describeBurn(data)).toBe('Now $2.00 over of $10.00.');
});
