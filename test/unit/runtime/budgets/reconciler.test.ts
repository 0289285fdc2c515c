import { expect, test } from 'vitest';
import { BudgetBook } from '../../../../runtime/budgets/budget-book.ts';
import { Reconciler } from '../../../../runtime/budgets/reconciler.ts';
import type { AskedBudgets } from '../../../../runtime/budgets/resolve-budgets.ts';
import type { GoneAccounts, PendingCall } from '../../../../runtime/budgets/store/store.ts';

const span = { amountUsd: '1', traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const call = (callId: string, ...accountIds: string[]): PendingCall => ({
  ...{ ...span, callId },
  accounts: accountIds.map((accountId) => ({ accountId, windowKey: 'total' })),
});

function reconcilerOf(pending: PendingCall[], { isAway = false } = {}) {
  const asked: AskedBudgets[] = [];
  const dropped: GoneAccounts[] = [];
  const clock = { nowMs: 1_000_000 };
  const ask = (question: AskedBudgets) => {
    asked.push(question);
    if (isAway) return Promise.resolve(undefined);
    const kept = (question.accounts ?? []).filter((id) => id === 'kept:');
    const window = { key: 'total', from: '1970-01-01T00:00:00Z', to: null };
    const accounts = kept.map((accountId) => ({
      ...{ accountId, window, budgetId: 'kept', name: 'Kept', scope: 'project', labelKey: null, value: null },
      ...{ amountUsd: '10', action: 'pause' as const, spentUsd: '0', asOfMs: clock.nowMs },
    }));
    return Promise.resolve({ accounts, revision: 'r1', nowMs: clock.nowMs, bookedCalls: [] });
  };
  const nowMs = () => clock.nowMs;
  const reconciler = new Reconciler({
    ...{ ask, nowMs, book: new BudgetBook({ ask, nowMs }), listDeclarers: () => Promise.resolve([]) },
    store: {
      takePendingCalls: () => Promise.resolve(pending),
      reconcile: () => Promise.resolve(),
      dropAccounts: (_, gone) => Promise.resolve(void dropped.push(gone)),
    },
  });
  return { reconciler, asked, dropped, clock };
}

test('calls of a budget that is gone are taken off it, and it is not asked for at every look', async () => {
  const pending = [call('c1', 'gone:'), call('c2', 'gone:', 'kept:'), call('c3', 'kept:')];
  const { reconciler, asked, dropped, clock } = reconcilerOf(pending);
  expect(await reconciler.run('default', [])).toBe(true);
  expect(dropped).toEqual([
    { accounts: [{ accountId: 'gone:', windowKey: 'total' }], callIds: ['c1', 'c2'], idleMs: 300_000 },
  ]);
  for (let look = 0; look < 5; look += 1) await reconciler.run('default', []);
  expect(asked.filter(({ accounts }) => accounts?.includes('gone:'))).toHaveLength(1);
  expect(dropped).toHaveLength(1);
  // One that was used a moment ago stays: it is looked at again.
  clock.nowMs += 60_000;
  await reconciler.run('default', []);
  expect(dropped).toHaveLength(2);
});

test('while the server does not answer nothing is gone', async () => {
  const { reconciler, dropped } = reconcilerOf([call('c1', 'gone:')], { isAway: true });
  expect(await reconciler.run('default', [])).toBe(false);
  expect(dropped).toEqual([]);
});
