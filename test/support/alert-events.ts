import type { AlertEvent } from '../../server/contract/alerts.ts';

const atMs = Date.parse('2026-11-23T14:00:00Z');

/** A rule that fires, with everything that a message can hold. */
export function ruleEvent(changes: Partial<AlertEvent> = {}): AlertEvent {
  return {
    ...{ eventId: 'event-1', projectId: 'shop', source: 'rule', ruleId: 'rule-1', budgetId: null },
    ...{ name: 'Spend of one agent', metric: 'spend', unit: 'usd', group: 'checkout', groupBy: 'agent' },
    ...{ from: 'ok', to: 'firing', isReminder: false, severity: 'critical', value: 61.8, limit: 50 },
    window: { from: '2026-11-23T13:00:00.000Z', to: '2026-11-23T14:00:00.000Z' },
    ...{ sinceMs: atMs - 300_000, atMs, action: null, budget: null },
    projection: { exhaustedAtMs: atMs + 3_600_000, usdAtEnd: '120.5' },
    causes: [
      { dimension: 'model', value: 'gpt-5', amount: 40, unit: 'usd', change: 0.35 },
      { dimension: 'user', value: 'u_17', amount: 12.5, unit: 'usd', change: null },
      { dimension: 'session', value: 's-9', amount: 0.0042, unit: 'usd', change: 24 },
    ],
    changes: [{ what: 'agent revision', agent: 'checkout', from: 'a1b2', to: 'c3d4', atMs: atMs - 1_800_000 }],
    links: [
      { label: 'Open in Sightglass', path: '/alerts?event=event-1' },
      { label: 'Its calls', path: '/costs?agent=checkout&from=2026-11-23T13:00:00Z&to=2026-11-23T14:00:00Z' },
    ],
    channelIds: [],
    ...{ isSilenced: false, isTest: false },
    ...changes,
  };
}

/** A budget at a threshold. */
export function budgetEvent(threshold: number, changes: Partial<AlertEvent> = {}): AlertEvent {
  return ruleEvent({
    ...{ source: 'budget', ruleId: null, budgetId: 'budget-1', name: 'November', metric: 'budget', unit: 'percent' },
    ...{ group: null, groupBy: null, value: threshold, limit: threshold, action: 'pause' },
    severity: threshold >= 100 ? 'critical' : 'warning',
    budget: {
      ...{ accountId: 'budget-1:', value: null, windowKey: '2026-11', threshold },
      ...{ spentUsd: '41.2', amountUsd: '50' },
    },
    ...changes,
  });
}
