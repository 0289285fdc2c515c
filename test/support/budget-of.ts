import type { Budget } from '../../server/contract/budgets.ts';

/** A budget of each user's month, unless told otherwise. */
export function budgetOf(part: Partial<Budget> = {}): Budget {
  return {
    ...{ budgetId: 'b1', name: 'each user', scope: 'user', labelKey: null, value: null, amountUsd: '10' },
    period: { kind: 'calendar', unit: 'month', timeZone: 'UTC' },
    ...{
      thresholds: [50, 80, 100],
      action: 'warn',
      channelIds: [],
      missingChannels: [],
      source: 'api',
      agent: null,
      version: 1,
    },
    ...{ createdAt: '2026-11-01T00:00:00.000Z', updatedAt: '2026-11-01T00:00:00.000Z' },
    ...part,
  };
}
