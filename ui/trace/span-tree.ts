import type { SpanTable } from './span-table.ts';
import type { SpanTimes } from './span-times.ts';

/** What is odd about a span's place or times; a bit set in `SpanTree.marks`. */
export const mark = {
  /** Its parent is not among the received spans. */
  orphan: 1,
  /** Its chain of parents leads back to itself. */
  cycle: 2,
  startsBeforeParent: 4,
  endsAfterParent: 8,
  /** Its end lies before its start. */
  negative: 16,
  noEnd: 32,
} as const;

/** All arrays but `order` are by span index. */
export type SpanTree = {
  /** Span indexes from top to bottom with everything open; siblings by start, then span id. */
  order: Int32Array;
  /** The place in `order`. */
  place: Int32Array;
  /** The parent as shown, -1 at the top. */
  parent: Int32Array;
  depth: Int32Array;
  /** Spans in the subtree, itself included. */
  size: Int32Array;
  childCount: Int32Array;
  /** Errors below, itself not included. */
  errorsBelow: Int32Array;
  marks: Uint8Array;
};

/**
 * Puts spans into the tree their parent ids describe. Every span is shown exactly once: one whose parent is
 * missing, or that is its own ancestor, stands at the top with a mark. Linear, but for the sort when spans
 * did not arrive in order of start; no recursion, so depth has no limit.
 */
export function buildSpanTree(table: SpanTable, times: SpanTimes): SpanTree {
  // The times say which spans are drawn; the table may already hold more.
  const count = times.startMs.length;
  const parent = new Int32Array(count).fill(-1);
  const marks = new Uint8Array(count);
  const sorted = inOrder(table, times);

  for (let index = 0; index < count; index++) {
    const parentId = at(table.spans, index).parentSpanId;
    if (parentId === null) continue;
    const found = table.indexOf(parentId);
    const parentIndex = found < count ? found : -1;
    parent[index] = parentIndex;
    if (parentIndex < 0) setMark(marks, index, mark.orphan);
  }
  cutCycles(parent, marks, sorted);
  markTimes(table, times, parent, marks);
  return { parent, marks, ...walk(table, parent, sorted) };
}

/** Whether the span carries this mark. */
export function hasMark(tree: SpanTree, index: number, bit: number): boolean {
  return ((tree.marks[index] ?? 0) & bit) !== 0;
}

function inOrder(table: SpanTable, { startMs }: SpanTimes): Int32Array {
  const sorted = Int32Array.from({ length: startMs.length }, (_, index) => index);
  const compare = (a: number, b: number) => {
    const byStart = (startMs[a] ?? 0) - (startMs[b] ?? 0);
    if (byStart !== 0) return byStart;
    return at(table.spans, a).spanId < at(table.spans, b).spanId ? -1 : 1;
  };
  // The API answers in order of start, so the sort is the exception.
  for (let index = 1; index < sorted.length; index++) {
    if (compare(index - 1, index) > 0) return sorted.sort(compare);
  }
  return sorted;
}

/** Makes the earliest span of every loop a root, so that all spans hang below some root. */
function cutCycles(parent: Int32Array, marks: Uint8Array, sorted: Int32Array): void {
  const rank = new Int32Array(parent.length);
  sorted.forEach((index, place) => (rank[index] = place));
  // 0: not seen; otherwise the number of the walk that saw it.
  const seenBy = new Int32Array(parent.length);
  for (let first = 0; first < parent.length; first++) {
    const walkNumber = first + 1;
    let index = first;
    while (index >= 0 && seenBy[index] === 0) {
      seenBy[index] = walkNumber;
      index = at(parent, index);
    }
    if (index < 0 || seenBy[index] !== walkNumber) continue;
    let earliest = index;
    for (let next = at(parent, index); next !== index; next = at(parent, next)) {
      if (at(rank, next) < at(rank, earliest)) earliest = next;
    }
    parent[earliest] = -1;
    setMark(marks, earliest, mark.cycle);
  }
}

function markTimes(table: SpanTable, { startMs, endMs }: SpanTimes, parent: Int32Array, marks: Uint8Array): void {
  const { startNs, endNs } = table;
  for (let index = 0; index < parent.length; index++) {
    const end = at(endNs, index);
    if (end === 0n) setMark(marks, index, mark.noEnd);
    else if (end < at(startNs, index)) setMark(marks, index, mark.negative);
    const above = at(parent, index);
    if (above < 0) continue;
    if (at(startMs, index) < at(startMs, above)) setMark(marks, index, mark.startsBeforeParent);
    const parentEnded = at(endNs, above) !== 0n;
    if (parentEnded && at(endMs, index) > at(endMs, above)) {
      setMark(marks, index, mark.endsAfterParent);
    }
  }
}

function walk(table: SpanTable, parent: Int32Array, sorted: Int32Array) {
  const count = parent.length;
  const order = new Int32Array(count);
  const place = new Int32Array(count);
  const depth = new Int32Array(count);
  const size = new Int32Array(count).fill(1);
  const childCount = new Int32Array(count);
  const errorsBelow = new Int32Array(count);
  const firstChild = new Int32Array(count).fill(-1);
  const nextSibling = new Int32Array(count).fill(-1);

  // Linking from last to first leaves every list of children in order.
  let firstRoot = -1;
  for (let position = count - 1; position >= 0; position--) {
    const index = at(sorted, position);
    const above = at(parent, index);
    if (above < 0) {
      nextSibling[index] = firstRoot;
      firstRoot = index;
    } else {
      nextSibling[index] = at(firstChild, above);
      firstChild[above] = index;
      childCount[above] = at(childCount, above) + 1;
    }
  }

  let row = 0;
  let index = firstRoot;
  while (index >= 0) {
    const above = at(parent, index);
    depth[index] = above < 0 ? 0 : at(depth, above) + 1;
    place[index] = row;
    order[row++] = index;
    let next = at(firstChild, index);
    for (let from = index; next < 0 && from >= 0; from = at(parent, from)) next = at(nextSibling, from);
    index = next;
  }

  for (let position = count - 1; position >= 0; position--) {
    const child = at(order, position);
    const above = at(parent, child);
    if (above < 0) continue;
    size[above] = at(size, above) + at(size, child);
    const own = at(table.spans, child).status === 'error' ? 1 : 0;
    errorsBelow[above] = at(errorsBelow, above) + at(errorsBelow, child) + own;
  }
  return { order, place, depth, size, childCount, errorsBelow };
}

function setMark(marks: Uint8Array, index: number, bit: number): void {
  marks[index] = (marks[index] ?? 0) | bit;
}

/** Reads an index that is in range by construction. */
function at<T>(list: Readonly<Record<number, T>>, index: number): T {
  return list[index] as T;
}
