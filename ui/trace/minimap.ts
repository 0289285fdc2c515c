import type { SpanTimes } from './span-times.ts';
import type { SpanTree } from './span-tree.ts';

/** Thinner lines vanish, and thicker ones look like a chart of something else. */
const rowHeightMaxPx = 6;
const levelHeightMaxPx = 10;
/** Where a line a span would be thinner than this, the map has a line a level of the tree instead. */
const rowHeightMinPx = 2;
const barShare = 0.8;
/** Kinds, each with and without error, and room. */
const groupsMax = 32;

/** Rectangles in canvas pixels, in drawing order; six numbers each would be objects by the hundred thousand. */
export type MinimapBars = {
  count: number;
  index: Int32Array;
  left: Float32Array;
  top: Float32Array;
  width: Float32Array;
  height: number;
  /** A line a level of the tree, because there are too many spans for one each. */
  byDepth: boolean;
};

/**
 * Lays the whole trace out as one thin bar a span, from top to bottom in tree order. A trace with too many
 * spans for that is laid out by depth, and a bar that an equal one already covers to the pixel is left out.
 */
export function layOutMinimap(
  { tree, times, groupOf }: { tree: SpanTree; times: SpanTimes; groupOf: (index: number) => number },
  size: { width: number; height: number },
): MinimapBars {
  const spanCount = tree.order.length;
  const byDepth = spanCount * rowHeightMinPx > size.height;
  const lineCount = byDepth ? tree.depth.reduce((most, depth) => Math.max(most, depth), 0) + 1 : spanCount;
  const rowHeight = Math.min(byDepth ? levelHeightMaxPx : rowHeightMaxPx, size.height / Math.max(1, lineCount));
  const perMs = size.width / Math.max(times.lengthMs, Number.MIN_VALUE);
  const bars = {
    count: 0,
    index: new Int32Array(spanCount),
    left: new Float32Array(spanCount),
    top: new Float32Array(spanCount),
    width: new Float32Array(spanCount),
    height: Math.max(1, rowHeight * barShare),
    byDepth,
  };
  // By group and line: the stretch that is already drawn, in whole pixels.
  const drawn = new Map<number, { from: number; to: number }>();
  for (let row = 0; row < spanCount; row++) {
    const index = tree.order[row] ?? 0;
    const left = times.lengthMs === 0 ? 0 : (times.startMs[index] ?? 0) * perMs;
    const right = times.lengthMs === 0 ? size.width : Math.max(left + 1, (times.endMs[index] ?? 0) * perMs);
    const line = byDepth ? (tree.depth[index] ?? 0) : row;
    const key = line * groupsMax + groupOf(index);
    const [from, to] = [Math.floor(left), Math.ceil(right)];
    const before = drawn.get(key);
    if (byDepth && before && from >= before.from && to <= before.to) continue;
    // What touches grows the stretch; a gap begins a new one.
    const joins = before !== undefined && from >= before.from && from <= before.to;
    drawn.set(key, joins ? { from: before.from, to: Math.max(to, before.to) } : { from, to });
    bars.index[bars.count] = index;
    bars.left[bars.count] = left;
    bars.top[bars.count] = line * rowHeight;
    bars.width[bars.count] = right - left;
    bars.count++;
  }
  return bars;
}
