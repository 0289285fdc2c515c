import { describe, expect, test } from 'vitest';
import { countTries, describeTest, lastError, mayRetry } from '../../../../../ui/pages/alerts/delivery-words.ts';
import {
  describeCause,
  describeChange,
  describeProjection,
  describeValue,
  nameEvent,
  nameEventGroup,
} from '../../../../../ui/pages/alerts/event-words.ts';
import {
  countFiring,
  describeLateness,
  keyOfState,
  listSilenced,
  sectionStates,
  shareOfLimit,
} from '../../../../../ui/pages/alerts/state-words.ts';
import { alertDelivery, alertEvent, alertState } from './alert-fixture.ts';

describe('what fires now', () => {
  const states = [
    alertState({ ruleId: 'a', state: 'ok', severity: null }),
    alertState({ ruleId: 'b', severity: 'warning', sinceMs: 5 }),
    alertState({ ruleId: 'c', group: 'late', sinceMs: 9 }),
    alertState({ ruleId: 'c', group: 'early', sinceMs: 3 }),
    alertState({ ruleId: 'd', state: 'pending', severity: null }),
  ];

  test('comes by urgency, what has fired longest first', () => {
    expect(sectionStates(states).map(({ urgency, states: own }) => [urgency, own.map(keyOfState)])).toEqual([
      ['firing critical', ['["c","early"]', '["c","late"]']],
      ['firing warning', ['["b",null]']],
      ['pending', ['["d",null]']],
      ['ok', ['["a",null]']],
    ]);
    expect(countFiring(states)).toBe('2 critical, 1 warning');
    expect(countFiring(states.slice(0, 1))).toBeNull();
  });

  test('is silenced as a rule where every group is', () => {
    const silent = states.map((state) => ({ ...state, silencedUntilMs: state.group === 'late' ? null : 100 }));
    expect([...listSilenced(silent, 99)]).toEqual(['a', 'b', 'd']);
    expect(listSilenced(silent, 100).size).toBe(0);
  });

  test('has a bar whose middle is the limit; below a limit there is none', () => {
    expect([shareOfLimit(25, 50, '>'), shareOfLimit(500, 50, '>'), shareOfLimit(-5, 50, '>')]).toEqual([0.5, 2, 0]);
    expect([shareOfLimit(25, 50, '<'), shareOfLimit(null, 50, '>'), shareOfLimit(25, null, '>')]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

test('what is not of this minute says so, and names the rule that could not be read', () => {
  const reading = { ruleId: 'r', groupCount: 1, omittedGroups: 0, failure: null };
  const nameOf = () => 'Spend';
  expect(describeLateness({ rules: [reading], evaluationLagMs: 60_000 }, nameOf)).toEqual([]);
  const rules = [{ ...reading, failure: 'it took too long' }];
  expect(describeLateness({ rules, evaluationLagMs: 300_000 }, nameOf)).toEqual([
    expect.stringContaining('of 5 min ago'),
    'Spend could not be read, what it said before is shown: it took too long',
  ]);
});

describe('an event', () => {
  test('of a rule says its state, group and value', () => {
    const event = alertEvent({ groupBy: 'agent', group: 'support', isReminder: true });
    expect(nameEvent(event)).toEqual({ text: 'still critical', tone: 'danger' });
    expect([nameEventGroup(event), nameEventGroup({ ...event, group: '' })]).toEqual(['agent support', 'no agent']);
    expect(describeValue(event)).toBe('$61.20, limit $50.00');
    expect(describeValue({ ...event, limit: null, value: null })).toBe('–');
  });

  test('of a budget says its threshold and exact sums', () => {
    const budget = {
      ...{ accountId: 'b:u-1', value: 'u-1', windowKey: '2026-11', threshold: 80 },
      ...{ spentUsd: '80.25', amountUsd: '100' },
    };
    const event = alertEvent({ source: 'budget', metric: 'budget', budget });
    expect(nameEvent(event)).toEqual({ text: '80 % of budget', tone: 'warning' });
    expect([nameEventGroup(event), describeValue(event)]).toEqual(['u-1', '$80.25 of $100.00']);
  });

  test('names causes with their change, and what was new in that time', () => {
    const cause = { dimension: 'agent', value: 'support', amount: 12.4, unit: 'usd', change: 0.35 } as const;
    expect(describeCause(cause)).toBe('agent support $12.40, +35 %');
    expect(describeCause({ ...cause, unit: 'ms', change: -0.5 })).toBe('agent support 12.0 ms, −50 %');
    expect(describeCause({ ...cause, change: 952 })).toBe('agent support $12.40, 953 times as much');
    expect(describeCause({ ...cause, unit: 'count', amount: 3, change: null })).toBe('agent support 3, new');
    const atMs = Date.UTC(2026, 10, 23, 14, 5);
    expect(describeChange({ what: 'agent revision', agent: 'support', from: '4f2a', to: '91c0', atMs }, atMs)).toBe(
      'support: agent revision 4f2a → 91c0, 14:05',
    );
    expect(describeProjection(alertEvent({ projection: { exhaustedAtMs: atMs, usdAtEnd: '120.5' } }), atMs)).toBe(
      'At this rate: used up 14:05, $120.50 at the end of the period.',
    );
    expect(describeProjection(alertEvent(), atMs)).toBeNull();
  });
});

describe('a delivery', () => {
  const attempt = { at: '2026-11-23T12:00:00.000Z', httpStatus: 500, durationMs: 12 };

  test('says why its last try failed, and how many there were', () => {
    const failed = alertDelivery({
      attempts: [{ ...attempt, result: 'refused', message: 'status 500: no such team' }],
    });
    expect([lastError(failed), countTries(failed), mayRetry(failed)]).toEqual([
      'Status 500: no such team',
      '1 of 12 tries',
      true,
    ]);
    const unknown = { ...attempt, httpStatus: null, result: 'unknown', message: 'it took longer than 10 s' } as const;
    expect(lastError(alertDelivery({ attempts: [unknown] }))).toBe(
      'No answer came; the receiver may have it. it took longer than 10 s',
    );
  });

  test('that was taken has no error, and is not sent again', () => {
    const taken = { ...attempt, httpStatus: 200, result: 'delivered', message: 'ok' } as const;
    const delivery = alertDelivery({ state: 'delivered', attempts: [taken] });
    expect([lastError(delivery), countTries(delivery), mayRetry(delivery)]).toEqual([null, '1 try', false]);
    expect(countTries(alertDelivery({ state: 'pending' }))).toBe('no try yet');
  });

  test('that was a test says in a sentence what came of it', () => {
    const delivery = alertDelivery({ isTest: true });
    expect(mayRetry(delivery)).toBe(false);
    const outcome = { status: 'delivered', httpStatus: 200, message: 'ok', durationMs: 41 } as const;
    expect(describeTest({ outcome, delivery })).toEqual({
      text: 'The test message was taken after 41 ms.',
      isGood: true,
    });
    expect(
      describeTest({
        outcome: { ...outcome, status: 'failed', httpStatus: 404, message: 'status 404: no_service' },
        delivery,
      }),
    ).toEqual({ text: 'The test message was not taken: status 404: no_service', isGood: false });
  });
});
