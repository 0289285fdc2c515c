import type { AlertEvent, AlertState, BackTestReply } from '../../../../../ui/api/alerts.ts';
import type { Delivery } from '../../../../../ui/api/channels.ts';

const window = { from: '2026-11-23T00:00:00.000Z', to: '2026-11-23T12:00:00.000Z' };

export function alertState(state: Partial<AlertState> = {}): AlertState {
  return {
    ...{ ruleId: 'rule', group: null, state: 'firing', severity: 'critical', value: 61.2, unit: 'usd', limit: 50 },
    ...{ sinceMs: 1_000, acknowledgedBy: null, silencedUntilMs: null, window, links: [] },
    ...state,
  };
}

export function alertEvent(event: Partial<AlertEvent> = {}): AlertEvent {
  return {
    ...{ eventId: 'e1', projectId: 'default', source: 'rule', ruleId: 'rule', budgetId: null, name: 'Spend per day' },
    ...{ metric: 'spend', unit: 'usd', group: null, groupBy: null, from: 'ok', to: 'firing', isReminder: false },
    ...{
      severity: 'critical',
      value: 61.2,
      limit: 50,
      window,
      sinceMs: 1_000,
      atMs: 2_000,
      action: null,
      budget: null,
    },
    ...{ projection: null, causes: [], changes: [], links: [], channelIds: [], isSilenced: false, isTest: false },
    ...event,
  };
}

export function alertDelivery(delivery: Partial<Delivery> = {}): Delivery {
  const time = '2026-11-23T12:00:00.000Z';
  return {
    ...{ deliveryId: `msg_${'0'.repeat(32)}`, eventId: 'e1', channelId: '0'.repeat(16), channelName: '#on-call' },
    ...{ channelType: 'slack', name: 'Spend per day', group: null, to: 'firing', state: 'failed', attempts: [] },
    ...{ attemptsMax: 12, nextAttemptAt: null, createdAt: time, updatedAt: time, isTest: false },
    ...delivery,
  };
}

export function backTest(reply: Partial<BackTestReply> = {}): BackTestReply {
  return {
    ...{ fromMs: 0, toMs: 100, stepMs: 10, measured: 'ledger', unit: 'usd', firedCount: 0, fired: [], messages: 0 },
    ...{ series: [], groupCount: 0, omittedGroups: 0 },
    ...reply,
  };
}
