import { describe, expect, test } from 'vitest';
import type { CacheSavingsReply, ForecastReply, MoversReply } from '../../../../ui/api/types.ts';
import { describeForecast, describeSavings } from '../../../../ui/pages/costs/insight-words.ts';
import { describeTotals, listMovers, signed } from '../../../../ui/pages/costs/mover-rows.ts';
import { listGroupRows } from '../../../../ui/pages/costs/group-rows.ts';
import { costRow, costsReply, costView, usageOf } from '../cost-fixture.ts';

const period = (usd: string | null, modelCalls = 1) => ({
  usage: usageOf({ modelCalls }),
  cost: { usd, pricedCalls: usd === null ? 0 : modelCalls, unpricedCalls: usd === null ? modelCalls : 0 },
});

describe('movers', () => {
  const reply: MoversReply = {
    window: { from: '2026-11-17T00:00:00Z', to: '2026-11-18T00:00:00Z' },
    before: { from: '2026-11-16T00:00:00Z', to: '2026-11-17T00:00:00Z' },
    totals: { now: period('7', 3), before: period('4', 2), changeUsd: '3' },
    dimensions: [
      {
        ...{ name: 'agent', groupCount: 4, restUsd: '-1.5' },
        movers: [
          { value: 'a', now: period('6'), before: period('2'), changeUsd: '4' },
          { value: null, now: period('0.5'), before: period('1'), changeUsd: '-0.5' },
          { value: 'same', now: period('1'), before: period('1'), changeUsd: '0' },
        ],
      },
      {
        name: 'user',
        groupCount: 1,
        restUsd: null,
        movers: [{ value: 'u', now: period(null), before: period('1'), changeUsd: null }],
      },
    ],
    booked: { verifiedTo: null },
  };

  test('have their amount, its size among all, and what the others did', () => {
    const [agents, users] = listMovers(reply);
    expect(agents?.rows.map(({ name, change, share, direction }) => [name, change, share, direction])).toEqual([
      ['a', '+$4.00', 1, 'up'],
      ['no agent', '−$0.50', 0.125, 'down'],
    ]);
    expect(agents?.rest).toBe('1 other: −$1.50');
    expect(users?.rows.map(({ name, change, direction }) => [name, change, direction])).toEqual([
      ['u', '–', 'unknown'],
    ]);
    expect(agents?.rows[0]?.title).toBe('+$4: from $2 to $6. 1 call before, 1 call now.');
    expect(describeTotals(reply)).toMatchObject({ text: '+75.0 %', direction: 'up' });
  });

  test('have a sign where something changed', () => {
    expect([signed('0.25'), signed('-0.25'), signed('0'), signed(null)]).toEqual(['+$0.25', '−$0.25', '$0', '–']);
  });
});

describe('a forecast in words', () => {
  const reply: ForecastReply = {
    ...{ month: '2026-11', timeZone: 'UTC', from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' },
    spent: { usd: '804.2', pricedCalls: 9, unpricedCalls: 0 },
    forecast: {
      ...{ usd: '1204.567890', lowUsd: '1020.4', highUsd: '1400', confidence: 0.8, dailyUsd: '21.3' },
      ...{ historyDays: 50, isWeekdayAware: true },
    },
    ...{ missing: null, booked: { verifiedTo: null } },
  };

  test('has its range and what it rests on', () => {
    expect(describeForecast(reply)).toMatchObject({
      ...{ title: 'Forecast to the end of November', text: '$1,205.00', range: '$1,020.00 – $1,400.00' },
      words: '$804.20 spent so far, $21.30 a day lately',
    });
  });

  test('says why there is none', () => {
    const none = describeForecast({ ...reply, forecast: null, missing: 'history' });
    expect([none.text, none.words]).toEqual([
      '–',
      '$804.20 spent so far; no forecast: it needs seven whole days with what came before',
    ]);
  });
});

describe('what caching saved, in words', () => {
  const reply: CacheSavingsReply = {
    ...{ savedUsd: '3.2', cachedUsd: '0.4', uncachedUsd: '3.6', isExact: true },
    tokens: { read: 1_000, written: 0, inferred: 0, unknown: 0 },
  };

  test('is exact, or says what is not in it', () => {
    expect(describeSavings(reply)).toMatchObject({ text: '$3.20', words: '$0.40 instead of $3.60', gap: null });
    const gaps = describeSavings({ ...reply, tokens: { read: 1_000, written: 0, inferred: 200, unknown: 100 } });
    expect(gaps.gap).toBe('100 tok without a price are not in it, 200 tok at the plain price of like calls');
    expect(describeSavings({ ...reply, savedUsd: null, cachedUsd: null, uncachedUsd: null }).text).toBe('–');
  });
});

test('groups that only the period before has are listed with their change, where all groups are known', () => {
  const before = costsReply([costRow('2', { agent: 'gone' }), costRow('1', { agent: 'a' })], costRow('3'));
  const groups = costsReply([costRow('3', { agent: 'a' })], costRow('3'));
  const order = { column: 'change', descending: true } as const;
  const rows = listGroupRows(costView({ groups, before }), order);
  expect(rows.map(({ name, size, change }) => [name, size, change?.text])).toEqual([
    ['a', 3_000_000_000_000n, '+200 %'],
    ['gone', 0n, '−100 %'],
  ]);
  const cut = costsReply([costRow('3', { agent: 'a' })], costRow('3'), 200);
  expect(listGroupRows(costView({ groups: cut, before }), order).map(({ name }) => name)).toEqual(['a']);
});
