import { type Params, getJson, send } from './client.ts';
import type { Budget, BudgetInput, BudgetReply, BudgetsReply } from './types.ts';

/** Every budget of a project, with the account of it that is in most need. */
export function listBudgets(params: Params, signal?: AbortSignal): Promise<BudgetsReply> {
  return getJson<BudgetsReply>('/budgets', params, signal);
}

/** One budget: its accounts, and how one of them goes. */
export function getBudget(budgetId: string, params: Params, signal?: AbortSignal): Promise<BudgetReply> {
  return getJson<BudgetReply>(`/budgets/${encodeURIComponent(budgetId)}`, params, signal);
}

/** Makes a budget. */
export async function createBudget(project: string, body: BudgetInput): Promise<Budget> {
  const response = await send(`/budgets?project=${encodeURIComponent(project)}`, { method: 'POST', body });
  return ((await response.json()) as { budget: Budget }).budget;
}

/** Changes a budget, unless somebody else did since `version`: `changed_meanwhile`. */
export async function changeBudget(
  { project, budgetId, version }: { project: string; budgetId: string; version: number },
  input: BudgetInput,
): Promise<Budget> {
  const path = `/budgets/${encodeURIComponent(budgetId)}?project=${encodeURIComponent(project)}`;
  const response = await send(path, { method: 'PUT', body: { ...input, version } });
  return ((await response.json()) as { budget: Budget }).budget;
}

/** From then on nothing is held back by it. */
export async function deleteBudget(project: string, budgetId: string): Promise<void> {
  await send(`/budgets/${encodeURIComponent(budgetId)}?project=${encodeURIComponent(project)}`, { method: 'DELETE' });
}
