import { costsCsvHref, getCosts } from '../api/costs.ts';
import type { CostInterval, CostRow, CostsReply } from '../api/types.ts';
import type { GroupValues } from './cost-drill.ts';
import { assignSlots, keyOfGroup, pickTop, selectGroups } from './cost-groups.ts';
import { type Sums, measure } from './cost-measure.ts';
import {
  type CostQuery,
  countsSessions,
  pickInterval,
  previousWindow,
  readCostQuery,
  resolveWindow,
  toCostParams,
  writeGroups,
} from './cost-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

/** Rows of the table at first, and when more are asked for. */
export const groupRows = { first: 200, more: 1_000 } as const;
/** The API answers at most this many rows: eight groups over as many intervals as are drawn stay below it. */
const seriesRowsMax = 10_000;

/** One consistent answer: everything in it is of the same query and window. */
export interface CostView {
  query: CostQuery;
  window: { fromMs: number; toMs: number };
  interval: CostInterval;
  groups: CostsReply;
  /** Of the period before; null unless compared. */
  before: CostsReply | null;
  /** All groups together, by interval. */
  byTime: readonly CostRow[];
  /** The top groups, by interval. */
  parts: readonly CostRow[];
  top: readonly GroupValues[];
  /** Colour of each of the top groups. */
  slots: ReadonlyMap<string, number>;
}

/** What the costs page shows, by its address, and how that is kept fresh while it is open. */
export class CostPage extends QueryPage<CostQuery, CostView> {
  rowLimit: number = $state(groupRows.first);

  constructor(router: Router) {
    super(router, readCostQuery);
  }

  /** The file of what is shown: the same filters, window and groups; `interval` as the chart has it, or the whole window. */
  csvHref(view: CostView, options: { interval: boolean }): string {
    return costsCsvHref({
      ...toCostParams(view.query, view.window),
      groupBy: writeGroups(view.query.by),
      interval: options.interval ? view.interval : null,
      metric: view.query.metric === 'cost' ? null : view.query.metric,
      compare: view.before !== null && !options.interval ? 'previous' : null,
      sessions: countsSessions(view.query.by) && !options.interval ? 'true' : null,
    });
  }

  protected override get queryKey(): string {
    // What only orders the rows or follows time asks for nothing new.
    const unasked = { order: undefined, live: undefined, drill: undefined, at: undefined, against: undefined };
    return JSON.stringify({ ...this.query, ...unasked, limit: this.rowLimit });
  }

  protected async readView(query: CostQuery, signal: AbortSignal): Promise<CostView> {
    const window = resolveWindow(query, Date.now());
    const interval = pickInterval(query.interval, window);
    const params = toCostParams(query, window);
    const byGroup = { groupBy: writeGroups(query.by), limit: this.rowLimit };
    const [groups, byTime, before] = await Promise.all([
      getCosts({ ...params, ...byGroup }, signal),
      getCosts({ ...params, interval, limit: seriesRowsMax }, signal),
      query.compare ? getCosts({ ...toCostParams(query, previousWindow(window)), ...byGroup }, signal) : null,
    ]);
    const sizeOf = (row: Sums) => measure(query.metric, row);
    const top = pickTop({ by: query.by, rows: groups.rows, sizeOf });
    const parts = await Promise.all(
      selectGroups(query, top).map((filters) =>
        getCosts(
          { ...toCostParams({ ...query, filters }, window), groupBy: byGroup.groupBy, interval, limit: seriesRowsMax },
          signal,
        ),
      ),
    );
    return {
      ...{ query, window, interval, groups, before, byTime: byTime.rows, top },
      parts: parts.flatMap((reply) => reply.rows),
      slots: assignSlots(this.view?.slots ?? new Map<string, number>(), top.map(keyOfGroup)),
    };
  }
}
