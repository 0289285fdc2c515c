import { listUnpriced } from '../api/costs.ts';
import type { UnpricedReply } from '../api/types.ts';
import { type CostSelection, readSelection, resolveWindow, toCostParams } from './cost-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

/** Groups that one page shows; filters find the others. */
const groupsMax = 500;

/** One answer, and the window it is of. */
export interface UnpricedView {
  query: CostSelection;
  window: { fromMs: number; toMs: number };
  reply: UnpricedReply;
}

/** What has no price, by the page's address. */
export class UnpricedPage extends QueryPage<CostSelection, UnpricedView> {
  constructor(router: Router) {
    super(router, (params) => {
      const problems: string[] = [];
      return { query: readSelection(params, problems), problems };
    });
  }

  protected async readView(query: CostSelection, signal: AbortSignal): Promise<UnpricedView> {
    const window = resolveWindow(query, Date.now());
    const reply = await listUnpriced({ ...toCostParams(query, window), limit: groupsMax }, signal);
    return { query, window, reply };
  }
}
