import { describe, expect, it } from 'vitest';
import {
  type AccountLatches,
  stepBudgets,
  toBudgetEvent,
  type WatchedAccount,
} from '../../../../../server/domain/alerts/budget-thresholds.ts';
import { noExplanation } from '../../../../../server/domain/alerts/rule-event.ts';

const november = { key: 'month:2026-11', fromMs: Date.parse('2026-11-01'), toMs: Date.parse('2026-12-01') };
const december = { key: 'month:2026-12', fromMs: Date.parse('2026-12-01'), toMs: Date.parse('2027-01-01') };
const rolling = { key: 'rolling', fromMs: 0, toMs: null };
const start = Date.parse('2026-11-20T12:00:00Z');

const account: WatchedAccount = {
  ...{ projectId: 'default', budgetId: 'b1', name: 'Support', action: 'warn', channelIds: ['c1'] },
  ...{ accountId: 'b1:', value: null, thresholds: [50, 80], amountUsd: '10', spentUsd: '0', window: november },
  ...{ pendingUsd: '0', waitingSessions: 0, isRefusing: false, isHeldKnown: true },
};

/** What is told of a budget that goes through these moments, half a minute apart. */
function tell(...moments: readonly (Partial<WatchedAccount> | 'gone')[]) {
  let latches: AccountLatches = new Map();
  return moments.flatMap((moment, i) => {
    const accounts = moment === 'gone' ? [] : [{ ...account, ...moment }];
    const atMs = moment !== 'gone' && moment.window === december ? december.fromMs + i : start + i * 30_000;
    const step = stepBudgets(latches, accounts, atMs);
    ({ latches } = step);
    return step.findings.map((finding) => ({ i, ...toBudgetEvent(finding, noExplanation) }));
  });
}

const inWords = (events: ReturnType<typeof tell>) =>
  events.map(({ i, to, limit, severity }) => `${i}: ${String(limit)} ${to} ${String(severity)}`);

describe('the thresholds of a budget', () => {
  it('are told once each, two that are passed at once both', () => {
    expect(inWords(tell({ spentUsd: '4.99' }, { spentUsd: '5' }, { spentUsd: '6' }, { spentUsd: '9' }))).toEqual([
      '1: 50 firing warning',
      '3: 80 firing warning',
    ]);
    expect(inWords(tell({ spentUsd: '8' }))).toEqual(['0: 50 firing warning', '0: 80 firing warning']);
  });

  it.each(['warn', 'downgrade', 'pause', 'block'] as const)(
    'below 100 %% are told whatever happens there: %s',
    (action) => {
      const events = tell({ action, spentUsd: '4' }, { action, spentUsd: '6' }, { action, spentUsd: '8.6' });
      expect(inWords(events)).toEqual(['1: 50 firing warning', '2: 80 firing warning']);
    },
  );

  it('are told as used up when calls are refused, whatever is left, until it is raised', () => {
    const refusing = { action: 'block', isRefusing: true, spentUsd: '8.6' } as const;
    const events = tell(
      { ...refusing, isRefusing: false },
      refusing,
      { ...refusing, isRefusing: false },
      { ...refusing, isRefusing: false, amountUsd: '20' },
    );
    expect(inWords(events)).toEqual([
      '0: 50 firing warning',
      '0: 80 firing warning',
      '1: 100 firing critical',
      '3: 100 resolved critical',
    ]);
    expect(inWords(tell({ ...refusing, action: 'warn' }))).not.toContain('0: 100 firing critical');
  });

  it('are told when calls are stopped, also where no threshold says so', () => {
    const stopping = { action: 'pause', spentUsd: '10.2' } as const;
    expect(inWords(tell(stopping))).toEqual(['0: 50 firing warning', '0: 80 firing warning', '0: 100 firing critical']);
    expect(inWords(tell({ spentUsd: '10.2' }))).not.toContain('0: 100 firing critical');
  });

  it('passed at one look arrive in their order: each is a moment after the one before', () => {
    const events = tell({ action: 'pause', spentUsd: '10.2' });
    expect(events.map(({ limit, atMs }) => [limit, atMs - start])).toEqual([
      [50, 0],
      [80, 1],
      [100, 2],
    ]);
  });

  it('are not told again when a correction takes spend back', () => {
    expect(inWords(tell({ spentUsd: '5.1' }, { spentUsd: '4.9' }, { spentUsd: '5.2' }))).toEqual([
      '0: 50 firing warning',
    ]);
  });

  it('are over when the window ends, and begin anew', () => {
    const events = tell(
      { spentUsd: '8.5' },
      { window: december, spentUsd: '0.1' },
      { window: december, spentUsd: '5' },
    );
    expect(inWords(events)).toEqual([
      '0: 50 firing warning',
      '0: 80 firing warning',
      '1: 80 resolved warning',
      '2: 50 firing warning',
    ]);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(4);
  });

  it('are over when the window ends of a budget that has no spend in the next', () => {
    let latches: AccountLatches = stepBudgets(new Map(), [{ ...account, spentUsd: '6' }], start).latches;
    const still = stepBudgets(latches, [], start + 30_000);
    expect(still.findings).toEqual([]);
    ({ latches } = still);
    expect(stepBudgets(latches, [], november.toMs).findings).toMatchObject([{ threshold: 50, to: 'resolved' }]);
  });

  it('are over when the amount is raised, and told again when that is used up', () => {
    const events = tell({ spentUsd: '9' }, { spentUsd: '9', amountUsd: '15' }, { spentUsd: '12', amountUsd: '15' });
    expect(inWords(events)).toEqual([
      '0: 50 firing warning',
      '0: 80 firing warning',
      '1: 80 resolved warning',
      '2: 80 firing warning',
    ]);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(4);
  });

  it('are all told when sessions wait for it, once, and are over when it is raised', () => {
    const pausing = { action: 'pause', spentUsd: '9.6' } as const;
    const events = tell(
      { ...pausing, spentUsd: '5' },
      { ...pausing, waitingSessions: 72 },
      { ...pausing, waitingSessions: 80 },
      // Raised; the sessions go on a moment later.
      { ...pausing, waitingSessions: 80, amountUsd: '20' },
      { ...pausing, amountUsd: '20' },
      { ...pausing, amountUsd: '20' },
    );
    expect(inWords(events)).toEqual([
      '0: 50 firing warning',
      '1: 80 firing warning',
      '1: 100 firing critical',
      '4: 100 resolved critical',
    ]);
    expect(events[2]?.budget?.waitingSessions).toBe(72);
  });

  it('below it are not told when sessions wait for it, nor afterwards', () => {
    const pausing = { action: 'pause', waitingSessions: 3 } as const;
    const events = tell({ ...pausing, spentUsd: '6.7' }, { ...pausing, spentUsd: '8.2' });
    expect(inWords(events)).toEqual(['0: 50 firing warning', '0: 100 firing critical']);
  });

  it('of a rolling window are not over because the runtime does not answer', () => {
    const waited = { window: rolling, action: 'pause', spentUsd: '9', waitingSessions: 2 } as const;
    const away = { ...waited, spentUsd: '1', waitingSessions: 0, isHeldKnown: false };
    expect(inWords(tell(waited, away, waited, { ...away, isHeldKnown: true }))).toEqual([
      ...['0: 50 firing warning', '0: 80 firing warning', '0: 100 firing critical'],
      '3: 100 resolved critical',
    ]);
  });

  it('of a rolling window are over when it has gone down by a twentieth', () => {
    const at = (spentUsd: string) => ({ window: rolling, spentUsd });
    const events = tell(at('5'), at('4.8'), at('4.7'), at('5'));
    expect(inWords(events)).toEqual(['0: 50 firing warning', '2: 50 resolved warning', '3: 50 firing warning']);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(3);
  });

  it('have the same ids whoever finds them and when', () => {
    const [one] = tell({ spentUsd: '5' });
    const [, other] = [undefined, tell({}, {}, { spentUsd: '7' })[0]];
    expect(one?.eventId).toBe(other?.eventId);
    expect(one?.budget).toEqual({
      ...{ accountId: 'b1:', value: null, windowKey: november.key, threshold: 50 },
      ...{ spentUsd: '5', amountUsd: '10', pendingUsd: '0', waitingSessions: 0 },
    });
    expect(one?.value).toBe(50);
  });
});
