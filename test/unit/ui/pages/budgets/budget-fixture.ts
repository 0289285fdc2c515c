import type { Budget, BudgetAccount } from '../../../../../ui/api/types.ts';
import type { BudgetLine } from '../../../../../ui/pages/budgets/budget-need.ts';

/** A budget of $10 a day for agent support, told at 50 and 80 %. */
export function makeBudget(changes: Partial<Budget> = {}): Budget {
  return {
    ...{ budgetId: 'b1', name: 'Support, a day', scope: 'agent', labelKey: null, value: 'support', amountUsd: '10' },
    period: { kind: 'calendar', unit: 'day', timeZone: 'UTC' },
    ...{
      thresholds: [50, 80],
      action: 'pause',
      channelIds: [],
      missingChannels: [],
      source: 'api',
      agent: null,
      version: 1,
    },
    ...{ createdAt: '2026-11-01T00:00:00Z', updatedAt: '2026-11-01T00:00:00Z' },
    ...changes,
  };
}

export function makeAccount(changes: Partial<BudgetAccount> = {}): BudgetAccount {
  return {
    ...{ accountId: 'b1:support', budgetId: 'b1', value: 'support', amountUsd: '10', action: 'pause' },
    thresholds: [50, 80],
    window: { key: '2026-11-22', from: '2026-11-22T00:00:00Z', to: '2026-11-23T00:00:00Z' },
    ...{ spentUsd: '4', unpricedCalls: 0, pendingUsd: '0.5', reservedUsd: '0.25', remainingUsd: '5.25', state: 'ok' },
    ...changes,
  };
}

export function makeLine(changes: Partial<BudgetLine> = {}): BudgetLine {
  const account = makeAccount();
  return {
    ...{ ...makeBudget(), account, accountCount: 1, warnedCount: 0, exhaustedCount: 0, pausedSessions: 0 },
    projection: null,
    ...changes,
  };
}
