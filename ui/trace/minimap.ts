import type { SpanTimes } from './span-times.ts';
import type { SpanTree } from './span-tree.ts';

/** Thinner lines vanish, and thicker ones look like a chart of something else. */
const rowHeightMaxPx = 6;
const barShare = 0.8;

/** Rectangles in canvas pixels, in drawing order; six numbers each would be objects by the hundred thousand. */
export type MinimapBars = {
  count: number;
  index: Int32Array;
  left: Float32Array;
  top: Float32Array;
  width: Float32Array;
  height: number;
};

/**
 * Lays the whole trace out as one thin bar a span, from top to bottom in tree order. With more spans than
 * pixel rows several spans share a row, and a bar that an equal one already covers is left out.
 */
export function layOutMinimap(
  { tree, times, groupOf }: { tree: SpanTree; times: SpanTimes; groupOf: (index: number) => number },
  size: { width: number; height: number },
): MinimapBars {
  const spanCount = tree.order.length;
  const rowHeight = Math.min(rowHeightMaxPx, size.height / Math.max(1, spanCount));
  const perMs = size.width / Math.max(times.lengthMs, Number.MIN_VALUE);
  const bars = {
    count: 0,
    index: new Int32Array(spanCount),
    left: new Float32Array(spanCount),
    top: new Float32Array(spanCount),
    width: new Float32Array(spanCount),
    height: Math.max(1, rowHeight * barShare),
  };
  const last = new Map<number, { top: number; left: number; right: number }>();
  for (let row = 0; row < spanCount; row++) {
    const index = tree.order[row] ?? 0;
    const left = times.lengthMs === 0 ? 0 : (times.startMs[index] ?? 0) * perMs;
    const right = times.lengthMs === 0 ? size.width : Math.max(left + 1, (times.endMs[index] ?? 0) * perMs);
    const exactTop = row * rowHeight;
    const top = rowHeight < 1 ? Math.floor(exactTop) : exactTop;
    const group = groupOf(index);
    const drawn = last.get(group);
    if (drawn?.top === top && left >= drawn.left && right <= drawn.right) continue;
    last.set(group, { top, left, right });
    bars.index[bars.count] = index;
    bars.left[bars.count] = left;
    bars.top[bars.count] = top;
    bars.width[bars.count] = right - left;
    bars.count++;
  }
  return bars;
}
