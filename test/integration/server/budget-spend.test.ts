import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { monthly, useBudgets } from './budgets-api.ts';

const database = useDatabase();

describe('what the accounts of budgets have spent', () => {
  const api = useBudgets(database);

  beforeAll(async () => {
    const calls = [
      { time: '2026-10-31T22:59:59.999Z', user: 'ada', agent: 'desk', session: 's1', costUsd: '100' },
      { time: '2026-10-31T23:00:00Z', user: 'ada', agent: 'desk', session: 's1', costUsd: '0.000000000001' },
      { time: '2026-11-01T00:00:00Z', user: 'ada', agent: 'desk', session: 's2', costUsd: '1.5' },
      { time: '2026-11-10T12:00:00Z', user: 'eve', agent: 'desk', session: 's3', costUsd: '4' },
      { time: '2026-11-15T12:00:00Z', user: 'eve', agent: 'sales', session: 's3', costUsd: '0.25' },
      { time: '2026-11-19T17:59:59Z', user: 'ada', agent: 'sales', session: 's4', costUsd: '0.125' },
      { time: '2026-11-19T18:00:00Z', user: 'ada', agent: 'sales', session: 's4', costUsd: '0.5' },
      { time: '2026-11-20T17:30:00Z', agent: 'desk', session: 's5', costUsd: '0.75', labels: { tenant: 'acme' } },
      { time: '2026-11-20T17:31:00Z', user: 'bob', agent: 'desk', session: 's5', costUsd: null },
      { time: '2026-12-01T00:00:00Z', user: 'ada', agent: 'desk', session: 's6', costUsd: '1000' },
    ] as const;
    const booked = await api.book(...calls);
    // Booked at a wrong price, taken back and booked again; and one that was taken back for good.
    const [wrong, gone] = await api.book(
      { time: '2026-11-10T12:00:01Z', user: 'eve', agent: 'desk', session: 's3', costUsd: '3' },
      { time: '2026-11-10T12:00:02Z', user: 'zoe', agent: 'desk', session: 's7', costUsd: '7' },
    );
    if (wrong === undefined || gone === undefined) throw new Error('two were booked');
    await api.ledger.reverse(wrong, gone);
    await api.ledger.bookAll([{ ...wrong, costUsd: '2' }]);
    expect(booked).toHaveLength(calls.length);
  });

  const november = "start_time >= '2026-11-01' AND start_time < '2026-12-01'";

  it('is the sum of the ledger, corrections in it, for a project, an agent and a user', async () => {
    for (const [input, where, usd] of [
      [{ scope: 'project' }, november, '9.125'],
      [{ scope: 'agent', value: 'desk' }, `agent_name = 'desk' AND ${november}`, '8.25'],
      [{ scope: 'user', value: 'eve' }, `user_id = 'eve' AND ${november}`, '6.25'],
      [{ scope: 'session', value: 's3' }, `session_id = 's3' AND ${november}`, '6.25'],
      [{ scope: 'label', labelKey: 'tenant', value: 'acme' }, `labels['tenant'] = 'acme' AND ${november}`, '0.75'],
    ] as const) {
      const { budgetId } = await api.create({ ...input, amountUsd: '1000' });
      const { accounts, focus, accountCount } = await api.get(budgetId);
      expect(await api.sumLedger(where)).toBe(usd);
      expect(accounts.map(({ spentUsd }) => spentUsd)).toEqual([usd]);
      expect(accountCount).toBe(1);
      expect(focus?.series.at(-1)?.spentUsd).toBe(usd);
      expect(focus?.account.window).toMatchObject({ from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' });
    }
  });

  it('begins where the month of a time zone begins, also behind the end of summer time', async () => {
    const { budgetId } = await api.create({ period: { ...monthly, timeZone: 'Europe/Berlin' }, amountUsd: '1000' });
    const { accounts } = await api.get(budgetId);
    expect(accounts[0]).toMatchObject({ spentUsd: '9.125000000001', unpricedCalls: 1 });
    const berlin = "start_time >= '2026-10-31 23:00:00' AND start_time < '2026-11-30 23:00:00'";
    expect(await api.sumLedger(berlin)).toBe('9.125000000001');
    // New York still has summer time when its November begins, and none when it ends.
    const other = await api.create({ period: { ...monthly, timeZone: 'America/New_York' }, amountUsd: '1000' });
    const ofOther = await api.get(other.budgetId);
    expect(ofOther.accounts[0]?.window).toMatchObject({
      ...{ from: '2026-11-01T04:00:00.000Z', to: '2026-12-01T05:00:00.000Z' },
    });
    expect(ofOther.accounts[0]?.spentUsd).toBe('1007.625');
  });

  it('is of each user, costliest first, and of nobody where a call has none', async () => {
    const { budgetId } = await api.create({ scope: 'user', amountUsd: '6.25', thresholds: [30, 90] });
    const { accounts, accountCount } = await api.get(budgetId);
    expect(accounts.map(({ value, spentUsd, state }) => [value, spentUsd, state])).toEqual([
      ['eve', '6.25', 'exhausted'],
      ['ada', '2.125', 'warned'],
      ['bob', '0', 'ok'],
    ]);
    expect(accountCount).toBe(3);
    for (const { value, spentUsd } of accounts) {
      expect(await api.sumLedger(`user_id = '${value ?? ''}' AND ${november}`)).toBe(spentUsd);
    }
    const listed = (await api.list()).budgets.find((one) => one.budgetId === budgetId);
    expect(listed).toMatchObject({ accountCount: 3, warnedCount: 1, exhaustedCount: 1, account: { value: 'eve' } });
  });

  it('rolls: what is older than its hours is out, to the moment', async () => {
    const { budgetId } = await api.create({ period: { kind: 'rolling', hours: 24 } });
    const { accounts, focus } = await api.get(budgetId);
    // Of 18:00:00 a day ago the call at 18:00:00 is in, the one a second before is not; the one ahead is.
    expect(accounts[0]?.spentUsd).toBe('1001.25');
    expect(await api.sumLedger("start_time >= '2026-11-19 18:00:00'")).toBe('1001.25');
    expect(focus?.series.at(-1)).toEqual({ time: '2026-11-20T18:00:00.000Z', spentUsd: '1001.25' });
  });

  it('is everything there is in total, and its course begins with the first call', async () => {
    const { budgetId } = await api.create({ scope: 'user', value: 'ada', period: { kind: 'total' } });
    const { accounts, focus } = await api.get(budgetId);
    expect(accounts[0]?.spentUsd).toBe(await api.sumLedger("user_id = 'ada'"));
    expect(focus?.series[0]?.spentUsd).toBe('101.500000000001');
    expect(focus?.series.length).toBeLessThan(400);
  });

  it('has drivers that are sums too, with what they were in the same part of the window before', async () => {
    await api.book(
      { time: '2026-10-05T00:00:00Z', user: 'eve', agent: 'desk', model: 'm1', session: 's0', costUsd: '3' },
      // The 20th at 18:00 is as far as November has come.
      { time: '2026-10-20T18:00:00Z', user: 'eve', agent: 'desk', model: 'm1', session: 's0', costUsd: '50' },
    );
    const { budgetId } = await api.create({ amountUsd: '1000' });
    const { focus } = await api.get(budgetId);
    const of = (dimension: string) =>
      focus?.drivers
        .filter((one) => one.dimension === dimension)
        .map(({ value, usd, previousUsd }) => [value, usd, previousUsd]);
    expect(of('user')).toEqual([
      ['eve', '6.25', '3'],
      ['ada', '2.125', '0'],
      [null, '0.75', '0'],
    ]);
    expect(of('agent')).toEqual([
      ['desk', '8.25', '3'],
      ['sales', '0.875', '0'],
    ]);
    expect(of('session')?.[0]).toEqual(['s3', '6.25', '0']);
    expect(focus?.drivers.find(({ value }) => value === 'eve')?.share).toBeCloseTo(6.25 / 9.125, 5);
  });
});

describe('budgets of cost centres', () => {
  const api = useBudgets(database);

  it('count what the owner rules give them, by the rules of the day', async () => {
    await api.book(
      { time: '2026-11-02T12:00:00Z', agent: 'support-de', costUsd: '1' },
      { time: '2026-11-12T12:00:00Z', agent: 'support-de', costUsd: '2' },
      { time: '2026-11-12T12:00:00Z', agent: 'sales', costUsd: '4' },
      { time: '2026-11-12T12:00:00Z', agent: 'other', costUsd: '8' },
    );
    const match = { match: { agent: 'support-*' }, team: 'desk' };
    const rules = [
      { ...match, costCentre: 'CC-1', validFrom: '2026-01-01', validTo: '2026-11-10', priority: 1 },
      { ...match, costCentre: 'CC-2', validFrom: '2026-11-11', validTo: null, priority: 1 },
      {
        match: { agent: 'sales' },
        team: 'sales',
        costCentre: 'CC-2',
        validFrom: '2026-01-01',
        validTo: null,
        priority: 1,
      },
    ];
    await api.writeOwners(rules);
    const { budgetId } = await api.create({ scope: 'costCentre' });
    const { accounts } = await api.get(budgetId);
    expect(accounts.map(({ value, spentUsd }) => [value, spentUsd])).toEqual([
      ['CC-2', '6'],
      ['CC-1', '1'],
    ]);
    const team = await api.create({ scope: 'team', value: 'desk' });
    expect((await api.get(team.budgetId)).accounts[0]?.spentUsd).toBe('3');
    const { accounts: resolved } = await api.resolve({ agent: 'support-fr' });
    expect(resolved.map(({ value, spentUsd }) => [value, spentUsd]).toSorted()).toEqual([
      ['CC-2', '6'],
      ['desk', '3'],
    ]);
  });
});
