import { toSearch } from '../../api/client.ts';
import type { Budget, BudgetAccount, BudgetDriver } from '../../api/types.ts';

interface Slice {
  project: string;
  budget: Pick<Budget, 'scope' | 'labelKey' | 'agent'>;
  account: Pick<BudgetAccount, 'value' | 'window'>;
  nowMs: number;
}

/** The costs page or the ledger with exactly what the account counts: its value and its window. */
export function sliceHref(path: '/costs' | '/costs/ledger', slice: Slice, driver?: BudgetDriver): string {
  const { project, budget, account, nowMs } = slice;
  const to = account.window.to === null ? nowMs : Math.min(nowMs, Date.parse(account.window.to));
  const filters = { ...scopeFilters(budget, account.value), ...(driver === undefined ? {} : driverFilters(driver)) };
  return `${path}${toSearch({
    project: project === 'default' ? null : project,
    from: new Date(Date.parse(account.window.from)).toISOString(),
    to: new Date(to).toISOString(),
    ...filters,
  })}`;
}

/** As the pages of money name their filters. */
function scopeFilters(
  { scope, labelKey, agent }: Pick<Budget, 'scope' | 'labelKey' | 'agent'>,
  value: string | null,
): Record<string, string> {
  const ofAgent = agent === null ? {} : { agent };
  if (value === null || scope === 'project') return ofAgent;
  if (scope === 'label') return { ...ofAgent, label: `${labelKey ?? ''}=${value}` };
  return { ...ofAgent, [scope]: value };
}

function driverFilters({ dimension, value }: BudgetDriver): Record<string, string> {
  return value === null ? { unattributed: dimension } : { [dimension]: value };
}
