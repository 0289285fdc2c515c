import { createContext } from 'svelte';
import type { SpanKind, SpanSkeleton, TraceSummary } from '../api/types.ts';
import { SpanSearch, isFiltering, splitWords } from './span-search.ts';
import { SpanTable } from './span-table.ts';
import { type SpanTimes, toSpanTimes } from './span-times.ts';
import { type SpanTree, buildSpanTree } from './span-tree.ts';
import { type TimeWindow, clampWindow, isWhole, wholeTrace } from './time-window.ts';
import type { TraceAddress } from './trace-address.svelte.ts';
import {
  collapseAll,
  collapseLevel,
  expandLevel,
  keepWithAncestors,
  listVisibleRows,
  revealSpan,
} from './visible-rows.ts';

/** A tree rebuilt at every page would cost the square of the trace; at every half more it costs thrice. */
const rebuildGrowth = 1.5;

/**
 * The open trace as it is looked at: its spans, which of them are shown, and where one stands. Spans lie in
 * flat arrays; what is reactive is the whole, never a span.
 */
export class TraceView {
  readonly address: TraceAddress;
  readonly table = new SpanTable();
  readonly #search = new SpanSearch();
  #builtLength = 0;
  /** Counts up when the drawn spans change. */
  #version = $state(0);
  #collapsed: ReadonlySet<number> = $state.raw(new Set<number>());
  /** While a filter is on, everything found is open until closed again. */
  #collapsedInFilter: ReadonlySet<number> = $state.raw(new Set<number>());
  #cursor = $state(-1);
  /** Counts up whenever the cursor is sent somewhere, even to where it is. */
  #moves = $state(0);
  /** The detail was closed; without this the first span's is open on wide screens. */
  #closed = $state(false);
  #summary: TraceSummary | null = $state.raw(null);
  readonly #isWide: () => boolean;

  readonly times: SpanTimes = $derived.by(() => {
    void this.#version;
    return toSpanTimes(this.table);
  });
  readonly tree: SpanTree = $derived(buildSpanTree(this.table, this.times));
  readonly filter = $derived.by(() => ({
    text: this.address.find,
    kinds: this.address.kinds,
    errorsOnly: this.address.errorsOnly,
  }));
  readonly words = $derived.by(() => splitWords(this.address.find));
  readonly isFiltered = $derived(isFiltering(this.filter));
  /** 1 for spans that the filter finds; undefined without one. */
  readonly matches: Uint8Array | undefined = $derived.by(() => {
    void this.#version;
    return this.isFiltered ? this.#search.find(this.table, this.filter) : undefined;
  });
  readonly matchCount = $derived(this.matches?.reduce((sum, one) => sum + one, 0) ?? 0);
  readonly focus = $derived.by(() => this.#find(this.address.focus));
  readonly collapsed = $derived(this.isFiltered ? this.#collapsedInFilter : this.#collapsed);
  /** Span indexes from top to bottom. */
  readonly rows: Int32Array = $derived(
    listVisibleRows(this.tree, {
      collapsed: this.collapsed,
      keep: this.matches && keepWithAncestors(this.tree, this.matches),
      focus: this.focus,
    }),
  );
  readonly window: TimeWindow = $derived.by(() =>
    this.address.window === undefined
      ? wholeTrace(this.times.lengthMs)
      : clampWindow(this.address.window, this.times.lengthMs),
  );
  readonly isZoomed = $derived(!isWhole(this.window, this.times.lengthMs));
  readonly kindCounts: ReadonlyMap<SpanKind, number> = $derived.by(() => {
    void this.#version;
    const counts = new Map<SpanKind, number>();
    for (const { kind } of this.table.spans) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts;
  });
  readonly errorCount = $derived.by(() => {
    void this.#version;
    return this.table.spans.reduce((sum, span) => sum + (span.status === 'error' ? 1 : 0), 0);
  });

  /** The span whose detail is open, or -1. */
  readonly opened = $derived.by(() => {
    if (this.address.span !== null) return this.#find(this.address.span);
    return this.#closed || !this.#isWide() ? -1 : (this.tree.order[0] ?? -1);
  });
  /** The row that keys act on. */
  readonly cursor = $derived.by(() => {
    if (this.opened >= 0) return this.opened;
    return this.#cursor >= 0 ? this.#cursor : (this.rows[0] ?? -1);
  });
  readonly cursorRow = $derived(this.rows.indexOf(this.cursor));
  readonly openedSpan: SpanSkeleton | undefined = $derived(this.getSpan(this.opened));

  constructor(address: TraceAddress, isWide: () => boolean) {
    this.address = address;
    this.#isWide = isWide;
  }

  get moves(): number {
    return this.#moves;
  }

  get summary(): TraceSummary | null {
    return this.#summary;
  }

  getSpan(index: number): SpanSkeleton | undefined {
    void this.#version;
    return this.table.spans[index];
  }

  /** Takes in a page of spans; the tree is drawn anew when it grew by half, or when the last page came. */
  add(summary: TraceSummary, spans: readonly SpanSkeleton[], isLast: boolean): void {
    this.table.add(spans);
    this.#summary = summary;
    if (!isLast && this.table.length < this.#builtLength * rebuildGrowth) return;
    this.#builtLength = this.table.length;
    this.#version += 1;
  }

  /** Opens a span's detail; from closed this is a step that going back undoes. */
  open(index: number): void {
    const span = this.table.spans[index];
    if (!span) return;
    this.#cursor = index;
    this.#moves += 1;
    this.#reveal(index);
    if (this.opened >= 0) this.address.change({ span: span.spanId });
    else this.address.step({ span: span.spanId });
    this.#closed = false;
  }

  close(): void {
    this.#cursor = this.cursor;
    this.#closed = true;
    this.address.change({ span: null, full: null });
  }

  /** Puts the cursor on a row; an open detail follows it. */
  moveTo(index: number): void {
    if (index < 0) return;
    if (this.opened >= 0) this.open(index);
    else {
      this.#reveal(index);
      this.#moves += 1;
      this.#cursor = index;
    }
  }

  moveBy(rows: number): void {
    const last = this.rows.length - 1;
    const row = Math.min(Math.max(this.cursorRow + rows, 0), last);
    this.moveTo(this.rows[row] ?? -1);
  }

  /** The next span, wrapping around, for which the test holds; in the order of the whole tree. */
  moveToNext(direction: 1 | -1, test: (index: number) => boolean): void {
    const { order, place } = this.tree;
    const from = this.cursor < 0 ? -1 : (place[this.cursor] ?? -1);
    for (let step = 1; step <= order.length; step++) {
      const index = order[(from + direction * step + order.length * 2) % order.length] ?? -1;
      if (!test(index)) continue;
      this.moveTo(index);
      return;
    }
  }

  toggle(index: number): void {
    const next = new Set(this.collapsed);
    if (!next.delete(index)) next.add(index);
    this.#setCollapsed(next);
  }

  hasChildren(index: number): boolean {
    return (this.tree.childCount[index] ?? 0) > 0;
  }

  isCollapsed(index: number): boolean {
    return this.collapsed.has(index);
  }

  collapseAll(): void {
    this.#setCollapsed(collapseAll(this.tree));
  }

  expandAll(): void {
    this.#setCollapsed(new Set());
  }

  collapseLevel(): void {
    this.#setCollapsed(collapseLevel(this.tree, this.rows, this.collapsed));
  }

  expandLevel(): void {
    this.#setCollapsed(expandLevel(this.tree, this.collapsed));
  }

  setFilter(changes: { text?: string; kinds?: ReadonlySet<SpanKind>; errorsOnly?: boolean }): void {
    this.#collapsedInFilter = new Set();
    if (changes.text !== undefined) this.address.change({ find: changes.text || null });
    if (changes.kinds !== undefined || changes.errorsOnly !== undefined) {
      this.address.setShown(changes.kinds ?? this.filter.kinds, changes.errorsOnly ?? this.filter.errorsOnly);
    }
  }

  setWindow(window: TimeWindow): void {
    const { lengthMs } = this.times;
    const clamped = clampWindow(window, lengthMs);
    this.address.setWindow(isWhole(clamped, lengthMs) ? undefined : clamped);
  }

  /** Shows one span's subtree only, over its own time; again, or with -1, the whole trace. */
  focusOn(index: number): void {
    const span = this.table.spans[index];
    const already = index < 0 || this.focus === index;
    this.address.change({ focus: already || !span ? null : span.spanId });
    if (already) this.address.setWindow(undefined);
    else {
      const { startMs, endMs } = this.times;
      this.setWindow({ fromMs: startMs[index] ?? 0, toMs: endMs[index] ?? 0 });
    }
  }

  #find(spanId: string | null): number {
    void this.#version;
    return this.table.indexOf(spanId);
  }

  #reveal(index: number): void {
    this.#setCollapsed(revealSpan(this.tree, this.collapsed, index));
    if (this.focus >= 0 && !this.#isBelow(index, this.focus)) this.address.change({ focus: null });
  }

  #isBelow(index: number, top: number): boolean {
    const { place, size } = this.tree;
    const offset = (place[index] ?? 0) - (place[top] ?? 0);
    return offset >= 0 && offset < (size[top] ?? 0);
  }

  #setCollapsed(collapsed: ReadonlySet<number>): void {
    if (this.isFiltered) this.#collapsedInFilter = collapsed;
    else this.#collapsed = collapsed;
  }
}

export const [getTraceView, setTraceView] = createContext<TraceView>();
