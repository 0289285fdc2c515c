import { describe, expect, it } from 'vitest';
import { parseAmount } from '../../../server/domain/prices/amount.ts';
import { useDatabase } from '../../support/database.ts';
import { monthly, useBudgets } from './budgets-api.ts';

const database = useDatabase();
const declared = [{ scope: 'session', usd: '2', period: 'total', timezone: 'UTC', notifyAt: [50], action: 'pause' }];

describe('what the runtime asks of its accounts', () => {
  const api = useBudgets(database);
  const context = { agent: 'desk', user: 'ada', session: 's1', labels: { tenant: 'acme' }, declared };

  it('is nothing without budgets', async () => {
    expect(await api.resolve({ agent: 'desk', user: 'ada' })).toMatchObject({
      ...{ accounts: [], bookedCalls: [], revision: '' },
    });
  });

  it('is every account that the call falls on, as the ledger has it, and which of its calls are booked', async () => {
    const booked = await api.book(
      {
        time: '2026-11-20T10:00:00Z',
        agent: 'desk',
        user: 'ada',
        session: 's1',
        labels: { tenant: 'acme' },
        costUsd: '0.5',
      },
      { time: '2026-11-20T11:00:00Z', agent: 'desk', user: 'eve', session: 's2', costUsd: '0.25' },
      { time: '2026-10-20T11:00:00Z', agent: 'desk', user: 'ada', session: 's1', costUsd: '1' },
      // Not counted: it is another span's copy. The decision is booked all the same.
      { time: '2026-11-20T11:00:00Z', agent: 'desk', user: 'ada', session: 's1', notCountedBecause: 'duplicate' },
      { time: '2026-11-20T11:00:00Z', agent: 'sales', user: 'ada', session: 's1', costUsd: null },
    );
    const [taken] = await api.book({ time: '2026-11-20T10:00:00Z', agent: 'desk', user: 'ada', costUsd: '7' });
    if (taken === undefined) throw new Error('one was booked');
    await api.ledger.reverse(taken);
    const project = await api.create({ name: 'all', scope: 'project', action: 'block' });
    const users = await api.create({ name: 'users', scope: 'user', period: { ...monthly, timeZone: 'Asia/Tokyo' } });
    const eve = await api.create({ name: 'eve', scope: 'user', value: 'eve' });
    const unknown = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
    const calls = [...booked, taken].map(({ traceId, spanId }) => ({ traceId, spanId }));
    const reply = await api.resolve({ ...context, calls: [...calls, unknown] });
    expect(
      reply.accounts.map(({ name, value, spentUsd, unpricedCalls }) => [name, value, spentUsd, unpricedCalls]),
    ).toEqual([
      ['all', null, '0.75', 1],
      ['users', 'ada', '0.5', 1],
      ['desk: each session, in total', 's1', '1.5', 0],
    ]);
    expect(reply.accounts.map(({ isStopping, priceRequired }) => [isStopping, priceRequired])).toEqual([
      ...[
        [true, true],
        [false, false],
        [true, true],
      ],
    ]);
    expect(reply.accounts[1]?.window).toMatchObject({
      from: '2026-10-31T15:00:00.000Z',
      to: '2026-11-30T15:00:00.000Z',
    });
    // Not the one that was taken back, nor the one that nobody knows.
    expect(sorted(reply.bookedCalls)).toEqual(sorted(calls.slice(0, 5)));
    expect(Math.abs(reply.nowMs - Date.now())).toBeLessThan(60_000);

    const ids = [
      `${project.budgetId}:`,
      `${users.budgetId}:eve`,
      `${eve.budgetId}:eve`,
      `${eve.budgetId}:ada`,
      'gone:x',
    ];
    const named = await api.resolve({ accounts: ids });
    expect(named.accounts.map(({ accountId, spentUsd }) => [accountId, spentUsd])).toEqual([
      [ids[0], '0.75'],
      [ids[1], '0.25'],
      [ids[2], '0.25'],
    ]);
    expect(named.revision).toBe(reply.revision);
    const [session] = (await api.resolve({ ...context, accounts: [reply.accounts[2]?.accountId ?? ''] })).accounts;
    expect(session).toMatchObject({ value: 's1', spentUsd: '1.5' });
    await api.change(eve.budgetId, {
      name: 'eve',
      scope: 'user',
      value: 'eve',
      amountUsd: '11',
      period: monthly,
      version: 1,
    });
    expect((await api.resolve({ accounts: [] })).revision).not.toBe(reply.revision);
  });

  it('has exactly those calls in its sums that it says to be booked, while they are being booked', async () => {
    const { budgetId } = await api.create({ scope: 'user', value: 'racer', amountUsd: '1000' });
    const call = { time: '2026-11-20T12:00:00Z', user: 'racer', agent: 'desk', costUsd: '0.1' };
    const planned = await api.place(...Array.from({ length: 60 }, () => call));
    const calls = planned.map(({ traceId, spanId }) => ({ traceId, spanId }));
    let isBooking = true as boolean;
    const booking = (async () => {
      for (let at = 0; at < planned.length; at += 2) await api.ledger.bookAll(planned.slice(at, at + 2));
      isBooking = false;
    })();
    const seen = new Set<number>();
    while (isBooking) {
      const { accounts, bookedCalls } = await api.resolve({ accounts: [`${budgetId}:racer`], calls });
      expect(parseAmount(accounts[0]?.spentUsd ?? '')).toBe(parseAmount('0.1') * BigInt(bookedCalls.length));
      seen.add(bookedCalls.length);
    }
    await booking;
    expect(seen.size).toBeGreaterThan(2);
    const { accounts, bookedCalls } = await api.resolve({ accounts: [`${budgetId}:racer`], calls });
    expect([accounts[0]?.spentUsd, bookedCalls.length]).toEqual(['6', 60]);
  });

  it('takes as many accounts and calls as it says, and no more', async () => {
    const { budgetId } = await api.create({ scope: 'user', amountUsd: '1' });
    const accounts = Array.from({ length: 500 }, (_, i) => `${budgetId}:user ${i}`);
    const calls = Array.from({ length: 1_000 }, (_, i) => ({
      traceId: i.toString(16).padStart(32, '0'),
      spanId: (i + 1).toString(16).padStart(16, '0'),
    }));
    const reply = await api.resolve({ accounts, calls });
    expect(reply.accounts).toHaveLength(500);
    expect(reply.accounts.every(({ spentUsd, state }) => spentUsd === '0' && state === 'ok')).toBe(true);
    expect(await api.refuse('POST', '/resolve', { accounts: [...accounts, 'x'] })).toEqual([
      ...[400, 'invalid_request', '`accounts` must be at most 500 accounts'],
    ]);
    expect(await api.refuse('POST', '/resolve', { calls: [...calls, ...calls.slice(0, 1)] })).toEqual([
      ...[400, 'invalid_request', '`calls` must be at most 1000 calls'],
    ]);
  });
});

function sorted(calls: readonly { traceId: string; spanId: string }[]): string[] {
  return calls.map(({ traceId, spanId }) => traceId + spanId).toSorted();
}
