import { type Budget, type BudgetInput, budgetInput } from '../../contract/budgets.ts';

/** A budget as it is kept: what was asked for, and since when there is one. */
export interface StoredBudget extends BudgetInput {
  createdMs: number;
}

/** Budgets are written through the API alone, which has checked them. */
export function toBudget({
  objectId,
  body,
  version,
  updatedAtMs,
}: {
  objectId: string;
  body: unknown;
  version: number;
  updatedAtMs: number;
}): Budget {
  const { createdMs, ...input } = body as StoredBudget;
  return {
    budgetId: objectId,
    ...budgetInput.parse(input),
    ...{ source: 'api', agent: null, missingChannels: [], version },
    createdAt: new Date(createdMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}
