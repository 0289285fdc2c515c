import type { DoorDeps } from './deps.ts';

/** `GET /v1/budgets`: what calls hold and have spent on top of the ledger, and which sessions wait. */
export async function readBudgets({ budgets }: DoorDeps, project = 'default') {
  return budgets === undefined ? { accounts: [], paused: [] } : budgets.describe(project);
}
