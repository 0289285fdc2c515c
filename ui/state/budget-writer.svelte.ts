import { changeBudget, createBudget, deleteBudget, getBudget } from '../api/budgets.ts';
import { type ApiFailure, toFailure } from '../api/client.ts';
import type { Budget, BudgetInput } from '../api/types.ts';

/** What a form does with a budget. What somebody else did meanwhile is shown before it is written over. */
export class BudgetWriter {
  busy = $state(false);
  failure: ApiFailure | null = $state.raw(null);
  /** As it is stored by now, where that is not what the form began with. */
  meanwhile: Budget | null = $state.raw(null);
  readonly #project: string;
  #stored: Pick<Budget, 'budgetId' | 'version'> | null;

  /** `stored`: the budget that the form began with; null for a new one. */
  constructor(project: string, stored: Budget | null) {
    this.#project = project;
    this.#stored = stored;
  }

  /** The budget as it is now stored; null where it is not, `failure` says why. */
  save(input: BudgetInput): Promise<Budget | null> {
    return this.#try(async () => {
      if (this.#stored === null) return createBudget(this.#project, input);
      return changeBudget({ project: this.#project, ...this.#stored }, input);
    });
  }

  /** True once it is gone. */
  async remove(): Promise<boolean> {
    const stored = this.#stored;
    if (stored === null) return true;
    const done = await this.#try(async () => {
      await deleteBudget(this.#project, stored.budgetId);
      return true;
    });
    return done ?? false;
  }

  async #try<Done>(act: () => Promise<Done>): Promise<Done | null> {
    if (this.busy) return null;
    this.busy = true;
    this.failure = null;
    try {
      return await act();
    } catch (error) {
      this.failure = toFailure(error);
      if (this.failure.code === 'changed_meanwhile') await this.#readMeanwhile();
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** From then on a save writes over what was read here. */
  async #readMeanwhile(): Promise<void> {
    if (this.#stored === null) return;
    try {
      const { budget } = await getBudget(this.#stored.budgetId, { project: this.#project });
      this.meanwhile = budget;
      this.#stored = { budgetId: budget.budgetId, version: budget.version };
    } catch {
      // The failure of the save is what is shown.
    }
  }
}
