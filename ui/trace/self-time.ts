import type { SpanTimes } from './span-times.ts';
import type { SpanTree } from './span-tree.ts';

/** Milliseconds of a span in which none of its children ran; children's overlaps count once. Linear in its children. */
export function getSelfTimeMs(tree: SpanTree, times: SpanTimes, index: number): number {
  const from = times.startMs[index] ?? 0;
  const to = times.endMs[index] ?? 0;
  let covered = 0;
  let reached = from;
  // Children stand in order of start, so one pass joins their intervals.
  for (const child of listChildren(tree, index)) {
    const start = Math.max(reached, times.startMs[child] ?? 0);
    const end = Math.min(to, times.endMs[child] ?? 0);
    if (end <= start) continue;
    covered += end - start;
    reached = end;
  }
  return to - from - covered;
}

/** A span's children in order of start. */
export function* listChildren(tree: SpanTree, index: number): Generator<number> {
  const first = (tree.place[index] ?? 0) + 1;
  const end = (tree.place[index] ?? 0) + (tree.size[index] ?? 1);
  for (let row = first; row < end;) {
    const child = tree.order[row] ?? 0;
    yield child;
    row += tree.size[child] ?? 1;
  }
}
