import { getCacheSavings, getForecast, getMovers, getSessionCosts } from '../api/costs.ts';
import type { CacheSavingsReply, ForecastReply, MoversReply, SessionCostsReply } from '../api/types.ts';
import { listIntervals } from './cost-intervals.ts';
import {
  type CostQuery,
  type GroupName,
  pickInterval,
  readCostQuery,
  resolveWindow,
  toCostParams,
} from './cost-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

export interface CostInsightsView {
  query: CostQuery;
  forecast: ForecastReply;
  sessions: SessionCostsReply;
  savings: CacheSavingsReply;
}

/** What the sums of a range mean: where the month ends, what a session costs, what caching saved. */
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
    const [forecast, sessions, savings] = await Promise.all([
      getForecast({ project: query.project, ...query.filters, timeZone }, signal),
      getSessionCosts(params, signal),
      getCacheSavings(params, signal),
    ]);
    return { query, forecast, sessions, savings };
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
