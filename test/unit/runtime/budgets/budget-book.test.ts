import { beforeEach, describe, expect, test } from 'vitest';
import { BudgetBook } from '../../../../runtime/budgets/budget-book.ts';
import type {
  AskedBudgets,
  BudgetContext,
  Resolution,
  ResolvedAccount,
} from '../../../../runtime/budgets/resolve-budgets.ts';

let nowMs = 0;
let asked: AskedBudgets[];
/** What the server says; undefined: nothing. */
let answer: ((asking: AskedBudgets) => Resolution) | undefined;
let book: BudgetBook;

beforeEach(() => {
  nowMs = 0;
  asked = [];
  answer = undefined;
  book = new BudgetBook({
    ask: (asking) => {
      asked.push(asking);
      return Promise.resolve(answer?.(asking));
    },
    nowMs: () => nowMs,
  });
});

function context(fields: Partial<BudgetContext> = {}): BudgetContext {
  return { project: 'p', agent: 'clerk', user: 'ann', session: 's', labels: {}, declared: [], ...fields };
}

function account(fields: Partial<ResolvedAccount> = {}): ResolvedAccount {
  return {
    ...{ accountId: 'b1:ann', budgetId: 'b1', name: 'Each user', scope: 'user', labelKey: null, value: 'ann' },
    ...{ amountUsd: '5', action: 'block', spentUsd: '1', asOfMs: 0 },
    window: { key: 'total', from: '1970-01-01T00:00:00Z', to: null },
    ...fields,
  };
}

function resolution(accounts: ResolvedAccount[], fields: Partial<Resolution> = {}): Resolution {
  return { revision: 'r1', nowMs: 1, bookedCalls: [], accounts, ...fields };
}

describe('a project without budgets', () => {
  test('is asked for once, and then known without waiting', async () => {
    answer = () => resolution([], { revision: '' });
    expect(book.isEmpty('p')).toBe(false);
    expect(await book.applyingTo(context())).toEqual({ status: 'known', accounts: [] });
    expect(book.isEmpty('p')).toBe(true);
    await book.applyingTo(context({ user: 'bob' }));
    expect(asked).toHaveLength(1);
  });

  test('is asked for again when nobody has for half a minute', async () => {
    answer = () => resolution([], { revision: '' });
    await book.applyingTo(context());
    nowMs = 30_001;
    expect(book.isEmpty('p')).toBe(false);
    await book.applyingTo(context());
    expect(asked).toHaveLength(2);
  });
});

describe('what applies to a context', () => {
  test('is asked for once by calls that come together', async () => {
    answer = () => resolution([account()]);
    const both = await Promise.all([book.applyingTo(context()), book.applyingTo(context())]);
    expect(both).toEqual(Array(2).fill({ status: 'known', accounts: [account()] }));
    expect(asked).toHaveLength(1);
  });

  test('is asked for again when the budgets of the project have changed, as a refresh tells', async () => {
    answer = () => resolution([account()]);
    await book.applyingTo(context());
    book.note('p', resolution([account({ amountUsd: '9' })], { nowMs: 2 }), { agent: null, declared: [] }, ['b1:ann']);
    expect(await book.applyingTo(context())).toMatchObject({ accounts: [{ amountUsd: '9' }] });
    expect(asked).toHaveLength(1);
    book.note('p', resolution([], { revision: 'r2', nowMs: 3 }), { agent: null, declared: [] }, []);
    answer = () => resolution([account(), account({ accountId: 'b2:' })], { revision: 'r2', nowMs: 4 });
    expect(await book.applyingTo(context())).toMatchObject({ accounts: [{}, { accountId: 'b2:' }] });
    expect(asked).toHaveLength(2);
  });

  test('is asked for again when a period is over', async () => {
    const until = (ms: number) => ({ key: String(ms), from: '1970-01-01T00:00:00Z', to: new Date(ms).toISOString() });
    answer = () => resolution([account({ window: until(1_000) })]);
    await book.applyingTo(context());
    nowMs = 1_000;
    answer = () => resolution([account({ window: until(2_000), asOfMs: 2 })], { nowMs: 2 });
    expect(await book.applyingTo(context())).toMatchObject({ accounts: [{ window: { key: '2000' } }] });
  });

  test('an older answer does not take the place of a newer one', async () => {
    answer = () => resolution([account({ spentUsd: '3', asOfMs: 5 })], { nowMs: 5 });
    await book.applyingTo(context());
    const late = resolution([account({ spentUsd: '1', asOfMs: 4 })], { nowMs: 4, revision: 'r0' });
    book.note('p', late, { agent: null, declared: [] }, ['b1:ann']);
    expect(await book.applyingTo(context())).toMatchObject({ accounts: [{ spentUsd: '3' }] });
    expect(asked).toHaveLength(1);
  });
});

describe('while the server is away', () => {
  test('nothing is known of which it never spoke, and it is not asked at every call', async () => {
    expect(await book.applyingTo(context())).toEqual({ status: 'unknown' });
    expect(await book.applyingTo(context())).toEqual({ status: 'unknown' });
    expect(asked).toHaveLength(1);
    nowMs = 2_000;
    await book.applyingTo(context());
    expect(asked).toHaveLength(2);
  });

  test('what it said last holds, also for those of whom it said nothing', async () => {
    const all = account({ accountId: 'b0:', scope: 'project', value: null });
    const labelled = account({ accountId: 'b2:gold', scope: 'label', labelKey: 'tier', value: 'gold' });
    answer = () => resolution([all, account(), labelled]);
    await book.applyingTo(context());
    answer = undefined;
    nowMs = 60_000;
    expect(await book.applyingTo(context())).toMatchObject({ status: 'known', accounts: [{}, {}, {}] });
    const idsOf = async (fields: Partial<BudgetContext>) => {
      const applying = await book.applyingTo(context({ session: 'other', ...fields }));
      return applying.status === 'known' ? applying.accounts.map(({ accountId }) => accountId) : applying.status;
    };
    expect(await idsOf({})).toEqual(['b0:', 'b1:ann']);
    expect(await idsOf({ user: 'bob' })).toEqual(['b0:']);
    expect(await idsOf({ user: null, labels: { tier: 'gold' } })).toEqual(['b0:', 'b2:gold']);
  });
});

test('accounts that a definition declares are asked for with it, all others without', async () => {
  const declared = [
    { scope: 'session', usd: '1', period: 'day', timezone: 'UTC', notifyAt: [80], action: 'block' },
  ] as unknown as BudgetContext['declared'];
  answer = () =>
    resolution([
      account({ accountId: 'd:s', scope: 'session', value: 's' }),
      account({ accountId: 'b0:', scope: 'project' }),
    ]);
  await book.applyingTo(context({ declared }));
  expect(book.groupByDeclarer('p', ['d:s', 'b0:', 'unknown'])).toEqual([
    { declarer: { agent: 'clerk', declared }, accountIds: ['d:s'] },
    { declarer: { agent: null, declared: [] }, accountIds: ['b0:', 'unknown'] },
  ]);
});

test('an account of a budget that is gone is forgotten', async () => {
  answer = () => resolution([account()]);
  await book.applyingTo(context());
  book.note('p', resolution([], { nowMs: 2 }), { agent: null, declared: [] }, ['b1:ann']);
  expect(book.find('p', 'b1:ann')).toBeUndefined();
});
