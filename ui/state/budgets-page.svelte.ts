import { listBudgets } from '../api/budgets.ts';
import type { BudgetsReply } from '../api/types.ts';
import { type BudgetsQuery, readBudgetsQuery } from './budgets-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

/** The budgets of a project, by the page's address. */
export class BudgetsPage extends QueryPage<BudgetsQuery, BudgetsReply> {
  constructor(router: Router) {
    super(router, readBudgetsQuery);
  }

  protected override get queryKey(): string {
    // There are few enough budgets to filter and order them here.
    return this.query.project;
  }

  protected readView({ project }: BudgetsQuery, signal: AbortSignal): Promise<BudgetsReply> {
    return listBudgets({ project }, signal);
  }
}
