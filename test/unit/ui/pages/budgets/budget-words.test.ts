import { expect, test } from 'vitest';
import { sliceHref } from '../../../../../ui/pages/budgets/budget-links.ts';
import { describeMissingChannels, describeScope } from '../../../../../ui/pages/budgets/budget-words.ts';
import { describeChange, groupDrivers } from '../../../../../ui/pages/budgets/drivers.ts';
import { describeExhaustion } from '../../../../../ui/pages/budgets/exhaustion.ts';
import { describeRaise, raiseSteps, readRaise } from '../../../../../ui/pages/budgets/raise.ts';
import { describeWindow } from '../../../../../ui/pages/budgets/window-words.ts';
import { makeAccount, makeBudget } from './budget-fixture.ts';

const nowMs = Date.parse('2026-11-22T12:00:00Z');
const at = (hour: number) => new Date(Date.parse('2026-11-22T00:00:00Z') + hour * 3_600_000).toISOString();
const driver = (usd: string, previousUsd: string | null) =>
  ({ dimension: 'user', value: 'ada', usd, share: 0.5, previousUsd }) as const;

test('a declared budget names its agent once', () => {
  const declared = { labelKey: null, value: null, agent: 'support' } as const;
  expect(describeScope({ ...declared, scope: 'agent', value: 'support' })).toBe('agent support');
  expect(describeScope({ ...declared, scope: 'session' })).toBe('each session of agent support');
  expect(describeScope({ scope: 'label', labelKey: 'team', value: 'care', agent: null })).toBe('label team=care');
});

test('channels that are not there are named, and what can be done', () => {
  expect(describeMissingChannels(['oncall'])).toBe(
    'The file tells oncall, and no channel of this project is called that: nobody hears of this budget there. Make it, or name another in the file.',
  );
  expect(describeMissingChannels(['oncall', 'finance'])).toContain('tells oncall and finance, and no channels of');
});

test('a slice is the account’s window and value, and a driver narrows it', () => {
  const slice = { project: 'shop', budget: makeBudget(), account: makeAccount(), nowMs };
  expect(sliceHref('/costs/ledger', slice, driver('1', null))).toBe(
    '/costs/ledger?project=shop&from=2026-11-22T00%3A00%3A00.000Z&to=2026-11-22T12%3A00%3A00.000Z&agent=support&user=ada',
  );
  const ofLabel = { scope: 'label', labelKey: 'team', agent: 'support' } as const;
  expect(
    decodeURIComponent(
      sliceHref(
        '/costs',
        { ...slice, project: 'default', budget: ofLabel, account: makeAccount({ value: 'care' }) },
        { ...driver('1', null), dimension: 'model', value: null },
      ),
    ),
  ).toContain('&agent=support&label=team=care&unattributed=model');
});

test('change against the period before is a share, a factor where it is large, or new', () => {
  expect(describeChange(driver('1.35', '1'))).toMatchObject({ text: '+ 35 %', tone: 'more' });
  expect(describeChange(driver('0.5', '1'))).toMatchObject({ text: '− 50 %', tone: 'less' });
  expect(describeChange(driver('20', '1'))).toMatchObject({ text: '× 20' });
  expect(describeChange(driver('1', '1'))).toMatchObject({ text: '± 0 %' });
  expect(describeChange(driver('1', '0'))).toMatchObject({ text: 'new' });
  expect(describeChange(driver('1', null))).toBeNull();
});

test('a dimension that nobody names is left out', () => {
  const none = { ...driver('1', null), dimension: 'session', value: null } as const;
  expect(groupDrivers([driver('1', null), none]).map(({ dimension }) => dimension)).toEqual(['user']);
});

test('when it is used up: now, a moment with its range, or not at this pace', () => {
  const projection = {
    ...{ usdAtEnd: '12', lowUsdAtEnd: null, highUsdAtEnd: null },
    ...{ exhaustedAt: at(18), earliestAt: at(16), latestAt: at(21) },
  };
  const say = (changes: Partial<typeof projection> | null, state: 'ok' | 'exhausted' = 'ok') =>
    describeExhaustion(
      {
        account: makeAccount({ state }),
        projection: changes === null ? null : { ...projection, exhaustedAt: null, ...changes },
      },
      nowMs,
    );
  expect(say(projection)).toMatchObject({ text: '18:00', tone: 'warning' });
  expect(say(projection)?.title).toContain('Likely between 16:00 and 21:00.');
  expect(say({})?.text).toBe('not at this pace');
  expect(say(projection, 'exhausted')?.text).toBe('now');
  expect(say({ exhaustedAt: at(9) }, 'exhausted')?.text).toBe('since 09:00');
  expect(say(null)).toBeNull();
});

test('raising says what is left then, and who goes on', () => {
  const raise = { budget: makeBudget(), account: makeAccount(), pausedSessions: 2 };
  expect(describeRaise({ ...raise, usd: null })).toBe(
    'It is $10 now. 2 paused sessions go on as soon as there is room.',
  );
  expect(describeRaise({ ...raise, usd: '20' })).toContain('Then $15.25 are left. 2 paused sessions go on');
  const over = makeAccount({ spentUsd: '40' });
  expect(describeRaise({ ...raise, account: over, usd: '20' })).toBe(
    'That is still $20.75 less than is used: nothing goes on.',
  );
  expect(describeRaise({ ...raise, budget: makeBudget({ scope: 'user', value: null }), usd: '20' })).toContain(
    'Each user then has $20. Then $15.25 of support are left.',
  );
  expect(raiseSteps('10', over)[0]).toEqual({ label: 'used + 25 %: $50.94', usd: '50.94' });
  expect(raiseSteps('10', makeAccount()).map(({ usd }) => usd)).toEqual(['12.5', '15', '20']);
  expect(readRaise('9', makeBudget()).problem).toBe('More than the $10 that it has; edit it to lower it.');
  expect(readRaise('10.01', makeBudget())).toEqual({ usd: '10.01', problem: null });
});

test('a window says since when, and when it begins anew', () => {
  const { period } = makeBudget();
  expect(describeWindow(period, makeAccount().window, nowMs).text).toBe('since 00:00; begins anew in 12 h');
  expect(describeWindow({ kind: 'total' }, { key: 'total', from: at(0), to: null }, nowMs).text).toBe(
    'from the first call on',
  );
});
