import { type Params, getJson, toSearch } from './client.ts';
import type {
  CacheSavingsReply,
  CostsReply,
  ForecastReply,
  LedgerReply,
  MoversReply,
  SessionCostsReply,
  UnpricedReply,
} from './types.ts';

/** Sums of the ledger: in all, by group, by interval. */
export function getCosts(params: Params, signal?: AbortSignal): Promise<CostsReply> {
  return getJson<CostsReply>('/costs', params, signal);
}

/** Where the same sums are a file. */
export function costsCsvHref(params: Params): string {
  return `/api/costs.csv${toSearch(params)}`;
}

/** One page of the rows behind a sum. */
export function listLedger(params: Params, signal?: AbortSignal): Promise<LedgerReply> {
  return getJson<LedgerReply>('/ledger', params, signal);
}

/** What has no price, with its volume and what would price it. */
export function listUnpriced(params: Params, signal?: AbortSignal): Promise<UnpricedReply> {
  return getJson<UnpricedReply>('/unpriced', params, signal);
}

/** Which agents, models and users made a period cost more or less. */
export function getMovers(params: Params, signal?: AbortSignal): Promise<MoversReply> {
  return getJson<MoversReply>('/costs/movers', params, signal);
}

/** What this month will have cost. */
export function getForecast(params: Params, signal?: AbortSignal): Promise<ForecastReply> {
  return getJson<ForecastReply>('/costs/forecast', params, signal);
}

/** What a session costs. */
export function getSessionCosts(params: Params, signal?: AbortSignal): Promise<SessionCostsReply> {
  return getJson<SessionCostsReply>('/costs/sessions-summary', params, signal);
}

/** What cached tokens saved. */
export function getCacheSavings(params: Params, signal?: AbortSignal): Promise<CacheSavingsReply> {
  return getJson<CacheSavingsReply>('/costs/cache-savings', params, signal);
}
