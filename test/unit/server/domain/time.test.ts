import { describe, expect, it } from 'vitest';
import { bucketsOf } from '../../../../server/domain/histogram.ts';
import { slicesOf } from '../../../../server/domain/time-slices.ts';
import { msPerDay, msPerHour, parseRfc3339, shift, unixNano, unixNanoOfMs } from '../../../../server/domain/time.ts';

describe('a time', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['2026-11-22T12:00:00Z', 1795348800000000000n],
    ['2026-11-22T13:00:00+01:00', 1795348800000000000n],
    ['2026-11-22T12:00:00.123456789Z', 1795348800123456789n],
    ['2026-11-22T12:00:00.1Z', 1795348800100000000n],
    ['2026-11-22T12:00:00.1234567899999Z', 1795348800123456789n],
    ['2262-04-11T23:47:16.854775807Z', 2n ** 63n - 1n],
    ['2262-04-11T23:47:16.854775808Z', undefined],
    ['1969-12-31T23:59:59.999Z', undefined],
    ['9999-12-31T23:59:59Z', undefined],
  ])('%s keeps its nanoseconds', (text, expected) => {
    expect(parseRfc3339(text)).toBe(expected);
  });

  it('stays within what ClickHouse holds when it is moved', () => {
    expect(shift(unixNano(5n), -1)).toBe(0n);
    expect(shift(unixNano(2n ** 63n - 2n), 1)).toBe(2n ** 63n - 1n);
  });
});

describe('the buckets of a histogram', () => {
  it.each([
    [60_000, 1_000, 60],
    [15 * 60_000, 15_000, 60],
    [msPerHour, 60_000, 60],
    [msPerDay, 30 * 60_000, 48],
    [7 * msPerDay, 3 * msPerHour, 56],
    [30 * msPerDay, 12 * msPerHour, 60],
    [90 * msPerDay, 7 * msPerDay, 13],
  ])('of %i ms are %i ms long', (lengthMs, intervalMs, count) => {
    const from = unixNanoOfMs(Date.parse('2026-11-19T00:00:00Z')); // a Thursday: weeks since 1970 begin on it
    const buckets = bucketsOf({ from, to: shift(from, lengthMs) });
    expect(buckets.intervalMs).toBe(intervalMs);
    expect(buckets.starts).toHaveLength(count);
  });

  it('begin at round times and cover the window', () => {
    const window = { from: unixNanoOfMs(1_500), to: unixNanoOfMs(3_001) };
    expect(bucketsOf(window).starts).toEqual([1_000_000_000n, 2_000_000_000n, 3_000_000_000n]);
  });

  it('are few for any window and none for an empty one', () => {
    expect(bucketsOf({ from: unixNano(0n), to: unixNano(2n ** 63n - 1n) }).starts.length).toBeLessThanOrEqual(61);
    expect(bucketsOf({ from: unixNano(7n), to: unixNano(7n) }).starts).toEqual([]);
  });
});

describe('the slices of a window', () => {
  const window = { from: unixNanoOfMs(0), to: unixNanoOfMs(100 * msPerDay) };

  it.each([
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ])('cover it without gap or overlap (newest first: %s, costly: %s)', (newestFirst, isCostly) => {
    const slices = slicesOf(window, { newestFirst, isCostly });
    const ordered = newestFirst ? slices.toReversed() : slices;
    expect(ordered[0]?.from).toBe(window.from);
    expect(ordered.at(-1)?.to).toBe(window.to);
    for (const [i, slice] of ordered.entries()) {
      expect(slice.from).toBeLessThan(slice.to);
      if (i > 0) expect(slice.from).toBe(ordered[i - 1]?.to);
    }
  });

  it('begin small', () => {
    const [first] = slicesOf(window, { newestFirst: true, isCostly: false });
    expect(first).toEqual({ from: shift(window.to, -msPerHour), to: window.to });
  });

  it('are one for a short window and none for an empty one', () => {
    const short = { from: unixNanoOfMs(0), to: unixNanoOfMs(1_000) };
    expect(slicesOf(short, { newestFirst: true, isCostly: false })).toEqual([short]);
    expect(slicesOf({ from: short.to, to: short.to }, { newestFirst: true, isCostly: false })).toEqual([]);
  });
});
