import { getCacheSavings, getForecast, getMovers, getSessionCosts } from '../api/costs.ts';
import type { CacheSavingsReply, ForecastReply, MoversReply, SessionCostsReply } from '../api/types.ts';
import { listIntervals } from './cost-intervals.ts';
import {
  type CostQuery,
  type GroupName,
  countsSessions,
  pickInterval,
  readCostQuery,
  resolveWindow,
  toCostParams,
  writeGroups,
} from './cost-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

export interface CostInsightsView {
  query: CostQuery;
  forecast: ForecastReply;
  savings: CacheSavingsReply;
}

/** What the sums of a range mean: where the month ends, what caching saved. */
export class CostInsights extends QueryPage<CostQuery, CostInsightsView> {
  constructor(router: Router) {
    super(router, readCostQuery);
  }

  protected override get queryKey(): string {
    const { project, range, filters } = this.query;
    return JSON.stringify([project, range, filters]);
  }

  protected async readView(query: CostQuery, signal: AbortSignal): Promise<CostInsightsView> {
    const params = toCostParams(query, resolveWindow(query, Date.now()));
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const [forecast, savings] = await Promise.all([
      getForecast({ project: query.project, ...query.filters, timeZone }, signal),
      getCacheSavings(params, signal),
    ]);
    return { query, forecast, savings };
  }
}

/** Groups of which it is asked; the API answers at most so many. */
const sessionGroupsMax = 1_000;

export interface CostSessionsView {
  query: CostQuery;
  /** By the groups of the query, where sessions can be counted by them. */
  reply: SessionCostsReply;
}

/** What a session costs, in all and in each group of the table: counting them reads rows, so it is a question of its own. */
export class CostSessions extends QueryPage<CostQuery, CostSessionsView> {
  constructor(router: Router) {
    super(router, readCostQuery);
  }

  protected override get queryKey(): string {
    const { project, range, filters, by } = this.query;
    return JSON.stringify([project, range, filters, countsSessions(by) ? by : []]);
  }

  protected async readView(query: CostQuery, signal: AbortSignal): Promise<CostSessionsView> {
    const params = toCostParams(query, resolveWindow(query, Date.now()));
    const groups = countsSessions(query.by) ? { groupBy: writeGroups(query.by), limit: sessionGroupsMax } : {};
    return { query, reply: await getSessionCosts({ ...params, ...groups }, signal) };
  }
}

export interface MoversView {
  query: CostQuery;
  /** Null: the whole range. */
  interval: { startMs: number; endMs: number; of: 'hour' | 'day' | 'month' } | null;
  reply: MoversReply;
}

const dimensionsMax = 3;
/** What movers are looked for among; those that the filters have narrowed to one value are left out. */
const candidates = ['agent', 'model', 'user', 'session', 'provider'] as const satisfies readonly GroupName[];

/** What changed: in one interval of the chart, or in the whole range. */
export class CostMovers extends QueryPage<CostQuery, MoversView> {
  constructor(router: Router) {
    super(router, readCostQuery);
  }

  protected override get queryKey(): string {
    const { project, range, filters, at, against, interval } = this.query;
    return JSON.stringify([project, range, filters, at, against, at === null ? null : interval]);
  }

  protected async readView(query: CostQuery, signal: AbortSignal): Promise<MoversView> {
    const nowMs = Date.now();
    const range = resolveWindow(query, nowMs);
    const of = pickInterval(query.interval, range);
    const { at, filters } = query;
    const found = at === null ? undefined : listIntervals(of, { fromMs: at, toMs: at + 1 })[0];
    // Of an interval that is not over as much is compared as there is.
    const window =
      found === undefined
        ? range
        : { fromMs: Math.max(found.startMs, range.fromMs), toMs: Math.min(found.endMs, range.toMs) };
    const isOpen = (name: (typeof candidates)[number]) =>
      filters[name]?.length !== 1 && filters.unattributed?.includes(name) !== true;
    const dimensions = candidates.filter(isOpen).slice(0, dimensionsMax).join(',');
    const isInside = window.fromMs < window.toMs;
    const reply = await getMovers(
      {
        ...toCostParams(query, isInside ? window : range),
        ...{ dimensions, against: query.against },
      },
      signal,
    );
    return { query, interval: found === undefined || !isInside ? null : { ...found, of }, reply };
  }
}
