import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { spanIdOf, traceIdOf } from './fixtures.ts';
import type { BookingFixture } from './ledger-fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const hour = 3_600;
const day = 24 * hour;

const calls: Omit<BookingFixture, 'traceId' | 'spanId'>[] = [
  {
    ...{ agent: 'support', model: 'gpt', user: 'ann', session: 's1', provider: 'openai', environment: 'production' },
    ...{ service: 'shop', labels: { team: 'red', feature: 'chat' }, costUsd: '0.1', inputTokens: 10, outputTokens: 5 },
  },
  { agent: 'support', model: 'gpt', user: 'bob', session: 's2', labels: { team: 'red' }, costUsd: '0.2', at: hour },
  { agent: 'support', model: 'claude', user: 'ann', labels: { team: 'blue' }, costUsd: '0.000000000001', at: 2 * hour },
  { agent: 'search', model: 'local', user: 'ann', status: 'unpriced_model', inputTokens: 70, at: -hour },
  { agent: 'search', model: 'odd', status: 'reported', costUsd: '0.05', at: -hour },
  { model: 'gpt', status: 'unpriced_usage', at: -hour },
  { agent: 'wrapping', model: 'gpt', notCountedBecause: 'wrapper', at: 1 },
  { agent: 'support', model: 'gpt', costUsd: '1', at: 40 * day },
];
const bookings = calls.map((call, i) => ({ traceId: traceIdOf(`c${i}`), spanId: spanIdOf(i + 1), ...call }));

/** Booked for an agent that turned out to be another. */
const corrected: BookingFixture = {
  ...{ traceId: traceIdOf('cf'), spanId: spanIdOf(15), agent: 'nobody', model: 'gpt', costUsd: '0.3', pass: 1 },
};

describe('costs', () => {
  const api = useMoneyApi(useDatabase());

  beforeAll(async () => {
    await api.ledger.book(...bookings, corrected);
    await api.ledger.reverse({ ...corrected, pass: 2 });
    await api.ledger.book({ ...corrected, agent: 'support', pass: 2 });
  });

  const byName = async (name: string, parameters: Record<string, string> = {}) => {
    const { rows } = await api.getCosts({ groupBy: name, ...parameters });
    return rows.map((row) => [
      name.startsWith('label:') ? row.labels?.[name.slice(6)] : row[name as 'agent'],
      row.cost.usd,
      row.usage.modelCalls,
    ]);
  };

  it('add up what is in force, to the last digit', async () => {
    const { totals, rows, groupCount } = await api.getCosts();
    expect(totals).toEqual({
      usage: {
        ...{ modelCalls: 7, inputTokens: 80, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 },
        reasoningTokens: 0,
      },
      cost: { usd: '0.650000000001', pricedCalls: 5, unpricedCalls: 2 },
      callsByStatus: { priced: 4, reported: 1, unpricedModel: 1, unpricedUsage: 1 },
    });
    expect(rows).toEqual([{ usage: totals.usage, cost: totals.cost }]);
    expect(groupCount).toBe(1);
  });

  it.each([
    [
      'agent',
      [
        ['support', '0.600000000001', 4],
        ['search', '0.05', 2],
        [null, null, 1],
      ],
    ],
    [
      'model',
      [
        ['gpt', '0.6', 4],
        ['odd', '0.05', 1],
        ['claude', '0.000000000001', 1],
        ['local', null, 1],
      ],
    ],
    [
      'user',
      [
        [null, '0.35', 3],
        ['bob', '0.2', 1],
        ['ann', '0.100000000001', 3],
      ],
    ],
    [
      'session',
      [
        [null, '0.350000000001', 5],
        ['s2', '0.2', 1],
        ['s1', '0.1', 1],
      ],
    ],
    [
      'provider',
      [
        [null, '0.550000000001', 6],
        ['openai', '0.1', 1],
      ],
    ],
    [
      'environment',
      [
        [null, '0.550000000001', 6],
        ['production', '0.1', 1],
      ],
    ],
    [
      'service',
      [
        [null, '0.550000000001', 6],
        ['shop', '0.1', 1],
      ],
    ],
    [
      'label:team',
      [
        [null, '0.35', 4],
        ['red', '0.3', 2],
        ['blue', '0.000000000001', 1],
      ],
    ],
  ])('by %s: the costliest first, null for what has none, nothing for what was taken back', async (name, rows) => {
    expect(await byName(name)).toEqual(rows);
    // The same where the window's first hour is not whole.
    expect(await byName(name, { from: '2026-11-20T00:00:00.000000001Z' })).toEqual(rows);
  });

  it('by three dimensions at once', async () => {
    const { rows } = await api.getCosts({ groupBy: 'label:team,agent,label:feature', user: 'ann' });
    expect(rows.map(({ labels, agent, cost }) => ({ labels, agent, usd: cost.usd }))).toEqual([
      { labels: { team: 'red', feature: 'chat' }, agent: 'support', usd: '0.1' },
      { labels: { team: 'blue', feature: null }, agent: 'support', usd: '0.000000000001' },
      { labels: { team: null, feature: null }, agent: 'search', usd: null },
    ]);
  });

  it.each([
    ['hour', '2026-11-20T11:00:00Z', '2026-11-20T12:00:00Z', '2026-11-20T13:00:00Z', '2026-11-20T14:00:00Z'],
    ['day', '2026-11-20T00:00:00Z'],
    ['month', '2026-11-01T00:00:00Z'],
  ])('by %s, in order of time', async (interval, ...times) => {
    for (const groupBy of ['', 'agent', 'user', 'session']) {
      const { rows } = await api.getCosts({ interval, groupBy });
      expect([...new Set(rows.map((row) => row.time))]).toEqual(times);
    }
  });

  it.each<[Record<string, string | string[]>, string | null]>([
    [{ agent: 'support' }, '0.600000000001'],
    [{ agent: ['search', 'support'], model: 'odd' }, '0.05'],
    [{ model: 'local' }, null],
    [{ user: 'bob' }, '0.2'],
    [{ session: 's1' }, '0.1'],
    [{ provider: 'openai' }, '0.1'],
    [{ environment: 'production', service: 'shop' }, '0.1'],
    [{ label: 'team=red' }, '0.3'],
    [{ label: ['team=red', 'team=blue'] }, '0.300000000001'],
    [{ label: ['team=red', 'feature=chat'] }, '0.1'],
    [{ unattributed: 'user' }, '0.35'],
    [{ unattributed: ['user', 'agent'] }, null],
    [{ unattributed: 'label:team' }, '0.35'],
    [{ from: '2026-11-20T12:00:00Z', to: '2026-11-20T13:00:00Z' }, '0.4'],
    [{ from: '2026-11-20T12:00:00Z', to: '2026-11-20T13:00:00.000000001Z' }, '0.6'],
    [{ to: '2027-01-01T00:00:00Z' }, '1.650000000001'],
    [{ agent: 'nobody' }, null],
  ])('of %j', async (filters, usd) => {
    for (const groupBy of ['', 'agent', 'session']) {
      const { totals, rows } = await api.getCosts({ ...filters, groupBy });
      expect(totals.cost.usd).toBe(usd);
      const calls = rows.map((row) => row.usage.modelCalls);
      expect(calls.reduce((sum, count) => sum + count, 0)).toBe(totals.usage.modelCalls);
    }
  });

  it('are nothing, not zero, where there is nothing', async () => {
    for (const parameters of [{ agent: 'nobody' }, { user: 'nobody' }, { to: '2026-11-20T00:00:00Z' }]) {
      const { totals, rows, groupCount } = await api.getCosts(parameters);
      expect([totals.usage.modelCalls, totals.cost, rows, groupCount]).toEqual([
        0,
        { usd: null, pricedCalls: 0, unpricedCalls: 0 },
        [],
        0,
      ]);
    }
  });

  it('cut at the limit keep the costliest rows, all totals and the number of rows', async () => {
    const all = await api.getCosts({ groupBy: 'model', interval: 'hour' });
    const cut = await api.getCosts({ groupBy: 'model', interval: 'hour', limit: 2 });
    expect(cut.totals).toEqual(all.totals);
    expect(cut.groupCount).toBe(all.rows.length);
    expect(cut.rows.map((row) => [row.time, row.cost.usd])).toEqual([
      ['2026-11-20T12:00:00Z', '0.4'],
      ['2026-11-20T13:00:00Z', '0.2'],
    ]);
  });

  it('are of the last 30 days unless a window is given', async () => {
    const { totals } = await api.getCosts({ from: undefined, to: undefined });
    expect(totals.cost.usd).toBe('0.650000000001');
  });

  it('come as a file', async () => {
    const { text, headers } = await api.getCostsFile({ groupBy: 'agent', interval: 'day' });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe('attachment; filename="costs-2026-11-20-to-2026-11-20.csv"');
    expect(text.split('\r\n')).toEqual([
      'day_utc,agent,model_calls,priced_calls,unpriced_calls,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,cost_usd,share_percent',
      '2026-11-20T00:00:00Z,support,4,4,0,10,5,0,0,0,0.600000000001,92.3077',
      '2026-11-20T00:00:00Z,search,2,1,1,70,0,0,0,0,0.05,7.6923',
      '2026-11-20T00:00:00Z,,1,0,1,0,0,0,0,0,,',
      '',
    ]);
    expect((await api.getCostsFile({ groupBy: 'agent', limit: 1 })).text.split('\r\n')).toHaveLength(3);
  });
});
