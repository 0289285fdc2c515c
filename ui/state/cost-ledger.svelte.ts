import { type ApiFailure, isAborted, toFailure } from '../api/client.ts';
import { getCosts, listLedger } from '../api/costs.ts';
import type { BookingStatus, CostsReply, LedgerEntryReply, LedgerSort } from '../api/types.ts';
import { type CostSelection, readOneOf, readSelection, resolveWindow, toCostParams } from './cost-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

const statuses: readonly BookingStatus[] = ['priced', 'reported', 'unpriced_model', 'unpriced_usage'];
const countedValues = ['true', 'false', 'all'] as const;
const sorts: readonly LedgerSort[] = ['-startTime', '-cost'];
const pageRows = 100;
/** Rows that one page of the browser holds; beyond it, filters find them. */
export const ledgerRowsMax = 5_000;

/** What the ledger page shows, as it stands in the address. */
export interface LedgerQuery extends CostSelection {
  status: BookingStatus | null;
  counted: (typeof countedValues)[number];
  sort: LedgerSort;
  /** Only this trace, at any time. */
  traceId: string | null;
  /** Also what was taken back; of one trace only. */
  history: boolean;
}

/** Reads the address; what is wrong in it is left out and named. */
export function readLedgerQuery(params: URLSearchParams): { query: LedgerQuery; problems: readonly string[] } {
  const problems: string[] = [];
  const traceId = params.get('traceId');
  const isId = traceId !== null && /^[0-9a-f]{32}$/.test(traceId);
  if (traceId !== null && !isId) problems.push(`“traceId=${traceId}” is not 32 lower-case hex digits.`);
  const query: LedgerQuery = {
    ...readSelection(params, problems),
    status: readOneOf('booking', statuses, params, problems) ?? null,
    counted: readOneOf('counted', countedValues, params, problems) ?? 'true',
    sort: readOneOf('sort', sorts, params, problems) ?? '-startTime',
    traceId: isId ? traceId : null,
    history: isId && params.get('history') === 'true',
  };
  return { query, problems };
}

/** One answer, and the pages that were added to it. */
export interface LedgerView {
  query: LedgerQuery;
  window: { fromMs: number; toMs: number };
  entries: readonly LedgerEntryReply[];
  nextCursor: string | null;
  /** The sums of the same selection, as the costs page shows them; null for a single trace, which has no such sum. */
  costs: CostsReply | null;
}

/** The rows behind a sum, by the page's address. */
export class LedgerPage extends QueryPage<LedgerQuery, LedgerView> {
  loadingMore = $state(false);
  moreFailure: ApiFailure | null = $state.raw(null);

  constructor(router: Router) {
    super(router, readLedgerQuery);
  }

  override load(): Promise<void> {
    this.moreFailure = null;
    return super.load();
  }

  async loadMore(): Promise<void> {
    const { view } = this;
    const cursor = view?.nextCursor ?? null;
    if (view === null || cursor === null || this.loadingMore || view.entries.length >= ledgerRowsMax) return;
    const { signal } = this;
    this.loadingMore = true;
    try {
      const page = await listLedger({ ...toLedgerParams(view.query, view.window), cursor }, signal);
      this.view = { ...view, entries: [...view.entries, ...page.entries], nextCursor: page.nextCursor };
      this.moreFailure = null;
    } catch (error) {
      if (!isAborted(error)) this.moreFailure = toFailure(error);
    }
    this.loadingMore = false;
  }

  protected async readView(query: LedgerQuery, signal: AbortSignal): Promise<LedgerView> {
    const window = resolveWindow(query, Date.now());
    const [page, costs] = await Promise.all([
      listLedger(toLedgerParams(query, window), signal),
      query.traceId === null ? getCosts({ ...toCostParams(query, window), limit: 1 }, signal) : null,
    ]);
    return { query, window, entries: page.entries, nextCursor: page.nextCursor, costs };
  }
}

function toLedgerParams(query: LedgerQuery, window: { fromMs: number; toMs: number }) {
  return {
    ...toCostParams(query, window),
    status: query.status,
    counted: query.counted,
    sort: query.sort,
    traceId: query.traceId,
    history: query.history ? 'true' : null,
    limit: pageRows,
  };
}
