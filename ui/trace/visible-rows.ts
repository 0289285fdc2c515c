import type { SpanTree } from './span-tree.ts';

type RowChoice = {
  /** Spans whose children are hidden. */
  collapsed: ReadonlySet<number>;
  /** 0 hides a span; by span index. Absent: everything is shown. */
  keep?: Uint8Array | undefined;
  /** Only this span's subtree; -1 for the whole trace. */
  focus: number;
};

/** The span indexes to show, from top to bottom; linear in the spans of the trace. */
export function listVisibleRows(tree: SpanTree, { collapsed, keep, focus }: RowChoice): Int32Array {
  const start = focus < 0 ? 0 : (tree.place[focus] ?? 0);
  const end = focus < 0 ? tree.order.length : start + (tree.size[focus] ?? 0);
  const rows = new Int32Array(end - start);
  let count = 0;
  let row = start;
  while (row < end) {
    const index = tree.order[row] ?? 0;
    const hidden = keep?.[index] === 0;
    if (!hidden) rows[count++] = index;
    // Ancestors of what is kept are kept, so nothing below a hidden span is shown.
    row += hidden || collapsed.has(index) ? (tree.size[index] ?? 1) : 1;
  }
  return rows.subarray(0, count);
}

/** Marks the matching spans and all their ancestors. */
export function keepWithAncestors(tree: SpanTree, matches: Uint8Array): Uint8Array {
  const keep = matches.slice();
  // From the bottom up, a span passes its mark to its parent.
  for (let row = tree.order.length - 1; row >= 0; row--) {
    const index = tree.order[row] ?? 0;
    const above = tree.parent[index] ?? -1;
    if (above >= 0 && keep[index] !== 0) keep[above] = 1;
  }
  return keep;
}

/** Every span with children: collapsing all of them leaves the roots. */
export function collapseAll(tree: SpanTree): Set<number> {
  const collapsed = new Set<number>();
  tree.childCount.forEach((children, index) => {
    if (children > 0) collapsed.add(index);
  });
  return collapsed;
}

/** Hides the deepest level that is shown. */
export function collapseLevel(tree: SpanTree, rows: Int32Array, collapsed: ReadonlySet<number>) {
  let deepest = 0;
  for (const index of rows) deepest = Math.max(deepest, tree.depth[index] ?? 0);
  const next = new Set(collapsed);
  for (const index of rows) {
    if (tree.depth[index] === deepest - 1 && (tree.childCount[index] ?? 0) > 0) next.add(index);
  }
  return next;
}

/** Opens the topmost level that is hidden. */
export function expandLevel(tree: SpanTree, collapsed: ReadonlySet<number>): Set<number> {
  let topmost = Infinity;
  for (const index of collapsed) topmost = Math.min(topmost, tree.depth[index] ?? Infinity);
  const next = new Set(collapsed);
  for (const index of collapsed) if (tree.depth[index] === topmost) next.delete(index);
  return next;
}

/** Opens everything above a span, so that it is shown; the same set if it already is. */
export function revealSpan(tree: SpanTree, collapsed: ReadonlySet<number>, index: number): ReadonlySet<number> {
  const closed: number[] = [];
  for (let above = tree.parent[index] ?? -1; above >= 0; above = tree.parent[above] ?? -1) {
    if (collapsed.has(above)) closed.push(above);
  }
  if (closed.length === 0) return collapsed;
  const next = new Set(collapsed);
  for (const above of closed) next.delete(above);
  return next;
}
