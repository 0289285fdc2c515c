import { describe, expect, it } from 'vitest';
import { findRowWindow, scrollToRow } from '../../../../ui/trace/row-window.ts';
import { layOutMinimap } from '../../../../ui/trace/minimap.ts';
import {
  clampWindow,
  formatWindow,
  isWhole,
  listTicks,
  panWindow,
  parseWindow,
  zoomWindow,
} from '../../../../ui/trace/time-window.ts';
import { makeTrace } from './trace-fixture.ts';

describe('the time window', () => {
  it('zooms around a moment that stays where it is', () => {
    expect(zoomWindow({ fromMs: 0, toMs: 100 }, 0.5, 20)).toEqual({ fromMs: 10, toMs: 60 });
  });

  it('stays inside the trace', () => {
    expect(clampWindow({ fromMs: -50, toMs: 40 }, 100)).toEqual({ fromMs: 0, toMs: 90 });
    expect(clampWindow({ fromMs: 60, toMs: 400 }, 100)).toEqual({ fromMs: 0, toMs: 100 });
    expect(clampWindow({ fromMs: 30, toMs: 10 }, 100)).toEqual({ fromMs: 10, toMs: 30 });
    expect(panWindow({ fromMs: 60, toMs: 90 }, 1, 100)).toEqual({ fromMs: 70, toMs: 100 });
    expect(panWindow({ fromMs: 10, toMs: 40 }, -1, 100)).toEqual({ fromMs: 0, toMs: 30 });
  });

  it('has a length even where the trace has none', () => {
    const window = clampWindow({ fromMs: 0, toMs: 0 }, 0);
    expect(window.toMs).toBeGreaterThan(0);
    expect(isWhole(window, 0)).toBe(true);
  });

  it('survives the URL', () => {
    const window = { fromMs: 1_200.5, toMs: 3_400.000_123 };
    expect(parseWindow(formatWindow(window))).toEqual(window);
    for (const text of ['', '5', '9-3', '-4-3', 'a-b', '1e3-2e3', null]) {
      expect(parseWindow(text)).toBeUndefined();
    }
  });

  it('has ticks at round moments of the clock', () => {
    expect(listTicks({ fromMs: 0, toMs: 8_200 }, 5)).toEqual([0, 2_000, 4_000, 6_000, 8_000]);
    expect(listTicks({ fromMs: 10_000, toMs: 250_000 }, 5)).toEqual([60_000, 120_000, 180_000, 240_000]);
    expect(listTicks({ fromMs: 0, toMs: 0.000_1 }, 4).length).toBeGreaterThan(1);
  });
});

describe('the row window', () => {
  it('changes in steps and stays within the rows', () => {
    const view = { height: 560, rowHeight: 28, rowCount: 100_000 };
    const top = findRowWindow({ ...view, scrollTop: 0 });
    expect(top).toEqual({ from: 0, to: 48 });
    expect(findRowWindow({ ...view, scrollTop: 100 }).from).toBe(0);
    expect(findRowWindow({ ...view, scrollTop: 28 * 99_980 }).to).toBe(100_000);
    expect(findRowWindow({ ...view, scrollTop: 0, rowCount: 3 })).toEqual({ from: 0, to: 3 });
    expect(findRowWindow({ ...view, scrollTop: 28_000, rowCount: 0 })).toEqual({ from: 0, to: 0 });
  });

  it('scrolls only as far as a row needs', () => {
    const view = { scrollTop: 280, height: 330, rowHeight: 28, headerHeight: 30 };
    expect(scrollToRow(12, view)).toBe(280);
    expect(scrollToRow(0, view)).toBe(0);
    expect(scrollToRow(5, view)).toBe(4 * 28);
    expect(scrollToRow(30, view)).toBe(30 * 28 + 56 - 300);
  });
});

describe('the minimap', () => {
  const group = () => 0;

  it('draws a bar a span, at least a pixel wide', () => {
    const { tree, times } = makeTrace({ id: 'root', toMs: 100 }, { id: 'a', parent: 'root', fromMs: 50, toMs: 50 });
    const bars = layOutMinimap({ tree, times, groupOf: group }, { width: 200, height: 60 });
    expect(bars.count).toBe(2);
    expect(Array.from(bars.left)).toEqual([0, 100]);
    expect(Array.from(bars.width)).toEqual([200, 1]);
  });

  it('lays a large trace out by depth and leaves out what is covered to the pixel', () => {
    const steps = Array.from({ length: 10_000 }, (_, place) => ({
      id: `s${place}`,
      parent: 'root',
      fromMs: place,
      toMs: place + 1,
    }));
    const { tree, times } = makeTrace({ id: 'root', toMs: 10_000 }, ...steps);
    const bars = layOutMinimap({ tree, times, groupOf: group }, { width: 300, height: 50 });
    expect(bars.count).toBeLessThan(1_000);
    expect(new Set(bars.top.subarray(0, bars.count)).size).toBe(2);
    expect(Math.max(...bars.left.subarray(0, bars.count))).toBeGreaterThan(298);
  });
});
