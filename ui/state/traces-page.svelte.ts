import type { TraceSummary } from '../api/types.ts';
import { toMs } from '../components/time.ts';
import { resolveRange } from '../components/range/time-range.ts';
import { ListPage, type ListPageParts } from './list-page.svelte.ts';
import type { TraceList } from './trace-list.svelte.ts';
import { type TraceQuery, type TraceSort, readTraceQuery, toApiParams } from './trace-query.ts';

/** The traces page. */
export class TracesPage extends ListPage<TraceSort, TraceQuery, TraceList> {
  constructor(parts: ListPageParts<TraceList>) {
    super(parts, { read: readTraceQuery, rowParam: 'trace' });
  }

  /** The stream brings traces of any time; what began before the range does not belong here. */
  receive(traces: readonly TraceSummary[]): void {
    const { list, projects } = this.parts;
    const { fromMs } = resolveRange(this.query.range, Date.now());
    list.receive(
      traces.filter((trace) => toMs(trace.startTimeUnixNano) >= fromMs),
      { atTop: list.scrollTop === 0 },
    );
    if (projects.isEmpty(this.query.project)) void projects.load();
    this.refreshSoon();
  }

  /** More arrived than the stream says. */
  noteMissed(): void {
    this.parts.list.missed = true;
    this.refreshSoon();
  }

  showArrivals(): void {
    const { list } = this.parts;
    if (list.canInsert) list.showArrivals();
    else this.reload();
  }

  /** Who scrolls back to the top sees what arrived meanwhile. */
  override noteScroll(scrollTop: number): void {
    super.noteScroll(scrollTop);
    const { list } = this.parts;
    if (scrollTop === 0 && list.arrivals.length > 0 && list.canInsert) list.showArrivals();
  }

  /** At the top of the list, where new rows come in by themselves, what was missed does so too. */
  protected refresh(): void {
    const { list, overview } = this.parts;
    if (list.missed && list.scrollTop === 0 && this.query.sort === '-startTime') this.reload();
    else void overview.load(toApiParams(this.query, Date.now()));
  }
}
