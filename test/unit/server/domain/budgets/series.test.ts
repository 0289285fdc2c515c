import { expect, it } from 'vitest';
import { windowAt } from '../../../../../server/domain/calendar.ts';
import { describeSeries, seriesSteps, toSeries } from '../../../../../server/domain/budgets/series.ts';
import { parseAmount } from '../../../../../server/domain/prices/amount.ts';

const nowMs = Date.parse('2026-11-23T14:10:00Z');
const hourMs = 3_600_000;

it.each([
  ['hour', 1 / 60],
  ['day', 1 / 12 + 1 / 6],
  ['week', 1],
  ['month', 2],
  ['quarter', 6],
  ['year', 24],
] as const)('cuts a %s into steps of %d hours', (unit, hours) => {
  const window = windowAt({ kind: 'calendar', unit, timeZone: 'Europe/Berlin' }, nowMs);
  const { stepMs } = seriesSteps(window, nowMs);
  expect(stepMs / hourMs).toBeLessThanOrEqual(hours);
  expect(((window.toMs ?? 0) - window.fromMs) / stepMs).toBeLessThan(400);
});

it('adds up to now, with what lies ahead in the last step', () => {
  const steps = { fromMs: nowMs - 2.5 * hourMs, stepMs: hourMs, nowMs };
  const series = toSeries(steps, [
    { ms: steps.fromMs, amount: parseAmount('0.1') },
    { ms: steps.fromMs + hourMs, amount: parseAmount('0.2') },
    { ms: nowMs + hourMs, amount: parseAmount('0.4') },
  ]);
  expect(describeSeries(series)).toEqual([
    { time: new Date(steps.fromMs + hourMs).toISOString(), spentUsd: '0.1' },
    { time: new Date(steps.fromMs + 2 * hourMs).toISOString(), spentUsd: '0.3' },
    { time: new Date(nowMs).toISOString(), spentUsd: '0.7' },
  ]);
});
