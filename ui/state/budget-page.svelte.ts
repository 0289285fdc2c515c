import { getBudget } from '../api/budgets.ts';
import type { BudgetReply } from '../api/types.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

/** What the page of one budget shows, as it stands in the address. */
interface BudgetQuery {
  project: string;
  /** Whose account is drawn; null: of who is in most need. */
  value: string | null;
}

/** One budget, by the page's address. */
export class BudgetPage extends QueryPage<BudgetQuery, BudgetReply> {
  readonly #budgetId: string;

  constructor(router: Router, budgetId: string) {
    super(router, (params) => ({
      query: { project: params.get('project') ?? 'default', value: params.get('value') },
      problems: [],
    }));
    this.#budgetId = budgetId;
  }

  protected readView(query: BudgetQuery, signal: AbortSignal): Promise<BudgetReply> {
    return getBudget(this.#budgetId, { ...query }, signal);
  }
}
