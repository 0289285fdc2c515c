import { describe, expect, it } from 'vitest';
import { projectSpend } from '../../../../../server/domain/budgets/projection.ts';
import type { SpendSeries } from '../../../../../server/domain/budgets/series.ts';
import { parseAmount } from '../../../../../server/domain/prices/amount.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const fromMs = Date.parse('2026-11-01T00:00:00Z');
const toMs = Date.parse('2026-12-01T00:00:00Z');

/** A series of hours up to now; `usd` of each. */
function seriesOf(hours: number, usd: (hour: number) => number): SpendSeries {
  const amounts = Array.from({ length: hours }, (_, i) => BigInt(Math.round(usd(i) * 1e12)));
  return { fromMs, stepMs: hourMs, nowMs: fromMs + hours * hourMs, amounts: [...amounts, 0n] };
}

const month = { toMs, isRolling: false };

describe('a projection', () => {
  it('goes on as so far, without a range where nothing varies', () => {
    const projection = projectSpend(
      seriesOf(240, () => 0.5),
      { ...month, amount: parseAmount('240') },
    );
    expect(projection).toMatchObject({ usdAtEnd: '360', lowUsdAtEnd: '360', highUsdAtEnd: '360' });
    // 120 of 240 dollars in ten days: the rest in ten more.
    const exhausted = '2026-11-21T00:00:00.000Z';
    expect(projection).toMatchObject({ exhaustedAt: exhausted, earliestAt: exhausted, latestAt: exhausted });
  });

  it('has a range that is wider where days differ, and never less than is spent', () => {
    const wild = seriesOf(240, (hour) => (Math.floor(hour / 24) % 5 === 0 ? 2.5 : 0));
    const projection = projectSpend(wild, { ...month, amount: parseAmount('240') });
    const [low, middle, high] = [projection?.lowUsdAtEnd, projection?.usdAtEnd, projection?.highUsdAtEnd].map(Number);
    expect(middle).toBe(360);
    expect(low).toBeGreaterThanOrEqual(120);
    expect(low).toBeLessThan(300);
    expect(high).toBeGreaterThan(420);
    const [earliest = 0, at = 0, latest = 0] = [projection?.earliestAt, projection?.exhaustedAt, projection?.latestAt]
      .map((time) => Date.parse(time ?? ''))
      .map((ms) => (Number.isNaN(ms) ? Infinity : ms));
    expect(earliest).toBeLessThan(at);
    expect(at).toBeLessThan(latest);
  });

  it('tells nothing where little was spent or seen', () => {
    expect(
      projectSpend(
        seriesOf(240, () => 0),
        { ...month, amount: parseAmount('1') },
      ),
    ).toBeNull();
    expect(
      projectSpend(
        seriesOf(3, () => 1),
        { ...month, amount: parseAmount('10') },
      ),
    ).toBeNull();
  });

  it('begins with the first spending of the window', () => {
    const late = seriesOf(240, (hour) => (hour < 216 ? 0 : 0.5));
    expect(projectSpend(late, { ...month, amount: parseAmount('1000') })).toMatchObject({ usdAtEnd: '252' });
    const just = seriesOf(240, () => 0);
    just.amounts[240] = parseAmount('3');
    expect(projectSpend(just, { ...month, amount: parseAmount('1000') })).toBeNull();
  });

  it('does not end before the window does', () => {
    const projection = projectSpend(
      seriesOf(240, () => 0.5),
      { ...month, amount: parseAmount('361') },
    );
    expect(projection).toMatchObject({ usdAtEnd: '360', exhaustedAt: null, earliestAt: null, latestAt: null });
  });

  it('says since when an amount is gone', () => {
    const projection = projectSpend(
      seriesOf(240, () => 0.5),
      { ...month, amount: parseAmount('10') },
    );
    expect(projection).toMatchObject({ exhaustedAt: '2026-11-01T20:00:00.000Z', usdAtEnd: '360' });
    const atOnce = projectSpend(
      seriesOf(2, () => 5),
      { ...month, amount: parseAmount('10') },
    );
    expect(atOnce).toMatchObject({ exhaustedAt: '2026-11-01T02:00:00.000Z', usdAtEnd: null });
  });

  it('lets a rolling window forget', () => {
    // A day ago a lot, then a little each hour: what comes in is less than what leaves.
    const quiet = seriesOf(24, (hour) => (hour === 0 ? 8 : 0.01));
    expect(projectSpend(quiet, { amount: parseAmount('9'), toMs: null, isRolling: true })).toMatchObject({
      ...{ usdAtEnd: null, exhaustedAt: null },
    });
    const growing = seriesOf(24, (hour) => (hour < 12 ? 0 : 0.5));
    const projection = projectSpend(growing, { amount: parseAmount('7'), toMs: null, isRolling: true });
    expect(Date.parse(projection?.exhaustedAt ?? '')).toBeGreaterThan(fromMs + 24 * hourMs);
  });

  it('looks a year ahead where there is no end', () => {
    const slow = seriesOf(240, () => 0.001);
    const total = { toMs: null, isRolling: false };
    expect(projectSpend(slow, { ...total, amount: parseAmount('100') })).toMatchObject({ exhaustedAt: null });
    const projection = projectSpend(slow, { ...total, amount: parseAmount('4.8') });
    expect(Math.abs(Date.parse(projection?.exhaustedAt ?? '') - (fromMs + 200 * dayMs))).toBeLessThan(dayMs);
  });

  it('holds the truth in its range four times of five', () => {
    let inside = 0;
    const runs = 400;
    for (let seed = 1; seed <= runs; seed += 1) {
      const random = seeded(seed);
      const hourly = Array.from({ length: 720 }, () => (random() < 0.2 ? -Math.log(1 - random()) : 0));
      const truth = hourly.reduce((sum, usd) => sum + usd, 0);
      const series = seriesOf(240, (hour) => hourly[hour] ?? 0);
      const projection = projectSpend(series, { ...month, amount: parseAmount('1000') });
      if (truth >= Number(projection?.lowUsdAtEnd) && truth <= Number(projection?.highUsdAtEnd)) inside += 1;
    }
    expect(inside / runs).toBeGreaterThan(0.74);
    expect(inside / runs).toBeLessThan(0.87);
  });
});

/** Mulberry32: the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
