import type { AlertEvent } from '../../contract/alerts.ts';

const hourMs = 3_600_000;

/** A message that looks like an alert and says that it is none. */
export function testEvent({
  projectId,
  eventId,
  channelId,
  channelName,
  nowMs,
}: {
  projectId: string;
  eventId: string;
  channelId: string;
  channelName: string;
  nowMs: number;
}): AlertEvent {
  return {
    ...{ projectId, eventId, source: 'rule', ruleId: null, budgetId: null },
    name: `messages to “${channelName}” arrive; nothing is wrong`,
    ...{ metric: 'spend', unit: 'usd', group: null, groupBy: null },
    ...{ from: 'ok', to: 'firing', isReminder: false, severity: 'warning' },
    ...{ value: 41.2, limit: 50 },
    window: { from: new Date(nowMs - hourMs).toISOString(), to: new Date(nowMs).toISOString() },
    ...{ sinceMs: nowMs, atMs: nowMs, action: null, budget: null, projection: null },
    causes: [{ dimension: 'agent', value: 'an example', amount: 20.6, unit: 'usd', change: 0.35 }],
    changes: [],
    links: [{ label: 'Open in Sightglass', path: '/alerts' }],
    channelIds: [channelId],
    ...{ isSilenced: false, isTest: true },
  };
}
