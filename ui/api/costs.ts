import { type Params, getJson, toSearch } from './client.ts';
import type { CostsReply, LedgerReply, UnpricedReply } from './types.ts';

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
