import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Budget, BudgetInput } from '../../server/contract/budgets.ts';
import { makeTempDir } from './temp-dir.ts';

/** $10 in any 24 hours for agent support, told at 50 and 80 %. */
const usual: BudgetInput = {
  ...{ name: 'Support', scope: 'agent', labelKey: null, value: 'support', amountUsd: '10' },
  period: { kind: 'rolling', hours: 24 },
  ...{ thresholds: [50, 80], action: 'warn', channelIds: [] },
};

/** Makes a budget as a page would. */
export async function makeBudget(
  url: string,
  changes: Partial<BudgetInput> = {},
  project = 'default',
): Promise<Budget> {
  const reply = await fetch(`${url}/api/budgets?project=${encodeURIComponent(project)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...usual, ...changes }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`POST /api/budgets: HTTP ${reply.status} ${text}`);
  return (JSON.parse(text) as { budget: Budget }).budget;
}

/** Changes a budget as somebody else would. */
export async function changeBudget(url: string, budget: Budget, changes: Partial<BudgetInput>): Promise<void> {
  const { name, scope, labelKey, value, amountUsd, period, thresholds, action, channelIds, version } = budget;
  const body = { name, scope, labelKey, value, amountUsd, period, thresholds, action, channelIds, version };
  const reply = await fetch(`${url}/api/budgets/${budget.budgetId}?project=default`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, ...changes }),
  });
  if (!reply.ok) throw new Error(`PUT /api/budgets: HTTP ${reply.status} ${await reply.text()}`);
}

/** A folder with an agent that declares no budget: the only ones are those that a test makes. */
export function makePlainAgents(): ReturnType<typeof makeTempDir> {
  const dir = makeTempDir('plain-agents');
  const definition = { name: 'idle', instructions: 'You wait.', model: ['simulated/quick'] };
  writeFileSync(join(dir.path, 'idle.yaml'), JSON.stringify(definition));
  return dir;
}
