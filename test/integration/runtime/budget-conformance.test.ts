import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BudgetStore, Hold } from '../../../runtime/budgets/store/store.ts';
import {
  type BudgetGround,
  budgetKinds,
  makeAccount,
  makeHold,
  otherBudgetKinds,
  readSums,
} from '../../support/budget-stores.ts';

const hourMs = 3_600_000;
const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };

describe.each([...budgetKinds, ...otherBudgetKinds])('a $kind store', ({ start }) => {
  let ground: BudgetGround;
  let store: BudgetStore;
  let other: BudgetStore;
  let project: string;

  beforeAll(async () => {
    ground = await start();
    store = await ground.open();
    other = await ground.open();
  });
  afterAll(() => ground.stop());
  beforeEach(() => {
    project = randomUUID();
  });

  const hold = (overrides: Partial<Hold> = {}) => makeHold(project, overrides);
  const sums = () => readSums(other, project);

  async function keepSettled(amountUsd: string, accounts = [makeAccount()]): Promise<string> {
    const asked = hold({ amountUsd, accounts });
    expect(await store.reserve(asked)).toEqual({ granted: true });
    await store.settle(project, asked.callId, { amountUsd, ...span });
    return asked.callId;
  }

  describe('a reservation', () => {
    test('is granted up to the limit and refused beyond it with what is left', async () => {
      expect(await store.reserve(hold({ amountUsd: '0.6' }))).toEqual({ granted: true });
      expect(await store.reserve(hold({ amountUsd: '0.5' }))).toEqual({
        granted: false,
        refusals: [{ accountId: 'monthly', remainingUsd: '0.4' }],
      });
      expect(await store.reserve(hold({ amountUsd: '0.4' }))).toEqual({ granted: true });
      expect(await store.reserve(hold({ amountUsd: '0.000000001' }))).toMatchObject({ granted: false });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '1'] });
    });

    test('counts before the call: five hundred at once do not pass the check together', async () => {
      const asked = Array.from({ length: 500 }, () => hold({ amountUsd: '0.01' }));
      const answers = await Promise.all(asked.map((one, index) => (index % 2 === 0 ? store : other).reserve(one)));
      expect(answers.filter(({ granted }) => granted)).toHaveLength(100);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '1'] });
    });

    test('is of all accounts or of none', async () => {
      const accounts = [
        makeAccount({ accountId: 'wide' }),
        makeAccount({ accountId: 'narrow', limitUsd: '0.05' }),
        makeAccount({ accountId: 'spent', ledger: { spentUsd: '7', asOfMs: 1 } }),
      ];
      expect(await store.reserve(hold({ accounts }))).toEqual({
        granted: false,
        refusals: [
          { accountId: 'narrow', remainingUsd: '0.05' },
          { accountId: 'spent', remainingUsd: '0' },
        ],
      });
      expect(await sums()).toEqual({
        'wide 2026-11': ['0', '0', '0'],
        'narrow 2026-11': ['0', '0', '0'],
        'spent 2026-11': ['7', '0', '0'],
      });
    });

    test('made again adds nothing, from wherever and however often', async () => {
      const asked = hold({ amountUsd: '1' });
      const answers = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => (n % 2 === 0 ? store : other).reserve(asked)));
      expect(answers).toEqual(answers.map(() => ({ granted: true })));
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '1'] });
    });

    test('under a budget that only warns is never refused, and counts', async () => {
      const accounts = [makeAccount({ isStopping: false, limitUsd: '0' })];
      expect(await store.reserve(hold({ accounts }))).toEqual({ granted: true });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '0.1'] });
    });

    test('goes by the limit of its own moment', async () => {
      const within = (limitUsd: string) =>
        store.reserve(hold({ amountUsd: '0.6', accounts: [makeAccount({ limitUsd })] }));
      expect(await within('1')).toMatchObject({ granted: true });
      expect(await within('1')).toMatchObject({ granted: false });
      expect(await within('2')).toMatchObject({ granted: true });
      expect(await within('0.5')).toEqual({ granted: false, refusals: [{ accountId: 'monthly', remainingUsd: '0' }] });
    });

    test('that is never settled returns by itself: no call is refused for one that is gone', async () => {
      for (let n = 0; n < 50; n += 1) {
        expect(await store.reserve(hold({ amountUsd: '1', holdMs: 0 }))).toEqual({ granted: true });
      }
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '0'] });
    });

    test('made again lasts longer, never shorter', async () => {
      const kept = hold({ holdMs: 100 });
      const gone = hold({ holdMs: 100, amountUsd: '0.2' });
      await store.reserve(kept);
      await store.reserve({ ...kept, holdMs: hourMs });
      await store.reserve({ ...kept, holdMs: 0 });
      await store.reserve(gone);
      await expect.poll(sums).toEqual({ 'monthly 2026-11': ['0', '0', '0.1'] });
    });

    test('that has run out is checked anew', async () => {
      const late = hold({ amountUsd: '0.6', holdMs: 0 });
      await store.reserve(late);
      const quick = hold({ amountUsd: '0.6' });
      expect(await store.reserve(quick)).toEqual({ granted: true });
      expect(await store.reserve({ ...late, holdMs: hourMs })).toMatchObject({ granted: false });
      await store.release(project, quick.callId);
      expect(await store.reserve({ ...late, holdMs: hourMs })).toEqual({ granted: true });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '0.6'] });
    });

    test('of a new window knows nothing of the old one', async () => {
      await store.reserve(hold({ amountUsd: '1' }));
      const accounts = [makeAccount({ windowKey: '2026-12', ledger: { spentUsd: '0.3', asOfMs: 5 } })];
      expect(await store.reserve(hold({ amountUsd: '0.7', accounts }))).toEqual({ granted: true });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '1'], 'monthly 2026-12': ['0.3', '0', '0.7'] });
    });

    test('of another project has accounts of its own, though all names are the same', async () => {
      const asked = hold({ amountUsd: '1' });
      const second = `${project} "}:{\u00e9`;
      expect(await store.reserve(asked)).toEqual({ granted: true });
      expect(await store.reserve({ ...asked, project: second })).toEqual({ granted: true });
      await store.release(second, asked.callId);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '1'] });
      expect(await readSums(store, second)).toEqual({ 'monthly 2026-11': ['0', '0', '0'] });
      expect(await store.listProjects()).toEqual(expect.arrayContaining([project, second]));
    });

    test('is exact to the nano-dollar up to a billion dollars', async () => {
      const accounts = [
        makeAccount({ limitUsd: '1000000000', ledger: { spentUsd: '999999999.999999997', asOfMs: 1 } }),
      ];
      expect(await store.reserve(hold({ amountUsd: '0.000000001', accounts }))).toEqual({ granted: true });
      expect(await store.reserve(hold({ amountUsd: '0.000000003', accounts }))).toEqual({
        granted: false,
        refusals: [{ accountId: 'monthly', remainingUsd: '0.000000002' }],
      });
      expect(await store.reserve(hold({ amountUsd: '0.000000001001', accounts }))).toEqual({ granted: true });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['999999999.999999997', '0', '0.000000003'] });
      const million = [
        makeAccount({ accountId: 'large', limitUsd: '9500000.5', ledger: { spentUsd: '9500000', asOfMs: 1 } }),
      ];
      expect(await store.reserve(hold({ amountUsd: '0.500000001', accounts: million }))).toEqual({
        granted: false,
        refusals: [{ accountId: 'large', remainingUsd: '0.5' }],
      });
      expect(await store.reserve(hold({ amountUsd: '0.5', accounts: million }))).toEqual({ granted: true });
    });

    test('without a budget is granted and leaves nothing', async () => {
      const asked = hold({ accounts: [] });
      expect(await store.reserve(asked)).toEqual({ granted: true });
      await store.settle(project, asked.callId, { amountUsd: '1', ...span });
      expect(await sums()).toEqual({});
    });

    test('that no store could count is an error that says why', async () => {
      const many = Array.from({ length: 65 }, (_, n) => makeAccount({ accountId: `${n}` }));
      await expect(store.reserve(hold({ accounts: many }))).rejects.toThrow('65 budgets; allowed are 64');
      await expect(store.reserve(hold({ accounts: [makeAccount(), makeAccount()] }))).rejects.toThrow('twice');
      await expect(store.reserve(hold({ amountUsd: '-1' }))).rejects.toThrow('-1 is below zero');
      await expect(store.reserve(hold({ amountUsd: '1000000001' }))).rejects.toThrow('more than 1000000000');
      await expect(store.reserve(hold({ amountUsd: 'much' }))).rejects.toThrow('much is no decimal amount');
      expect(await sums()).toEqual({});
    });
  });

  describe('a settlement', () => {
    test('puts what it cost in the place of what was reserved', async () => {
      const cheap = hold({ amountUsd: '0.5' });
      const dear = hold({ amountUsd: '0.5' });
      await store.reserve(cheap);
      await store.reserve(dear);
      await store.settle(project, cheap.callId, { amountUsd: '0.2', ...span });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0.2', '0.5'] });
      // Nobody could foresee that: it counts all the same.
      await other.settle(project, dear.callId, { amountUsd: '0.9', ...span });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '1.1', '0'] });
      expect(await store.reserve(hold({ amountUsd: '0' }))).toMatchObject({ granted: false });
    });

    test('made again adds nothing, whatever it says then', async () => {
      const callId = await keepSettled('0.3');
      await Promise.all([store, other, store].map((one) => one.settle(project, callId, { amountUsd: '0.3', ...span })));
      await other.settle(project, callId, { amountUsd: '0.8', ...span });
      await store.release(project, callId);
      expect(await store.reserve(hold({ callId }))).toEqual({ granted: true });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0.3', '0'] });
    });

    test('counts also when the reservation has run out before', async () => {
      const asked = hold({ holdMs: 0 });
      await store.reserve(asked);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '0'] });
      await store.settle(project, asked.callId, { amountUsd: '0.07', ...span });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0.07', '0'] });
      await store.settle(project, asked.callId, { amountUsd: '0.07', ...span });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0.07', '0'] });
    });

    test('of a call that is not known does nothing', async () => {
      await store.settle(project, 'nobody knows it', { amountUsd: '5', ...span });
      await store.release(project, 'nobody knows it');
      expect(await sums()).toEqual({});
      expect(await store.takePendingCalls(project, 10)).toEqual([]);
    });

    test('of nothing leaves nothing', async () => {
      const asked = hold();
      await store.reserve(asked);
      await store.settle(project, asked.callId, { amountUsd: '0', ...span });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '0'] });
      expect(await store.takePendingCalls(project, 10)).toEqual([]);
    });

    test('does not count to a window that is over, and to the others it does', async () => {
      const accounts = [
        makeAccount({ accountId: 'day', untilMs: Date.now() - 1 }),
        makeAccount({ accountId: 'month', untilMs: Date.now() + hourMs }),
      ];
      await keepSettled('0.1', accounts);
      expect(await sums()).toEqual({ 'day 2026-11': ['0', '0', '0'], 'month 2026-11': ['0', '0.1', '0'] });
      expect(await store.takePendingCalls(project, 10)).toMatchObject([
        { accounts: [{ accountId: 'month', windowKey: '2026-11' }] },
      ]);
    });

    test('stops to count when the window ends', async () => {
      await keepSettled('0.1', [makeAccount({ untilMs: Date.now() + 400 })]);
      await expect.poll(sums).toEqual({ 'monthly 2026-11': ['0', '0', '0'] });
      expect(await store.takePendingCalls(project, 10)).toEqual([]);
    });
  });

  describe('a release', () => {
    test('gives everything back, once', async () => {
      const asked = hold({ amountUsd: '1' });
      await store.reserve(asked);
      await store.reserve(hold({ amountUsd: '0' }));
      await other.release(project, asked.callId);
      await store.release(project, asked.callId);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '0'] });
      expect(await store.reserve(asked)).toEqual({ granted: true });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '1'] });
    });

    test('of one that has run out gives nothing back twice', async () => {
      const asked = hold({ holdMs: 0 });
      await store.reserve(asked);
      await store.reserve(hold({ amountUsd: '0.5' }));
      await store.release(project, asked.callId);
      await store.settle(project, asked.callId, { amountUsd: '0.1', ...span });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0', '0.5'] });
    });
  });

  describe('the ledger', () => {
    const account = { accountId: 'monthly', windowKey: '2026-11' };

    test('is set, never added: as many processes as you like may say the same', async () => {
      const callId = await keepSettled('0.25');
      const reading = { asOfMs: 100, accounts: [{ ...account, spentUsd: '0.25' }], bookedCallIds: [callId] };
      const stores = await Promise.all([0, 1, 2, 3].map(() => ground.open()));
      await Promise.all([...stores, ...stores, store, other].map((one) => one.reconcile(project, reading)));
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0.25', '0', '0'] });
      expect(await store.takePendingCalls(project, 10)).toEqual([]);
    });

    test('that many new processes bring along with their first call is not added either', async () => {
      const accounts = [makeAccount({ ledger: { spentUsd: '0.4', asOfMs: 100 } })];
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, n) => (n % 2 === 0 ? store : other).reserve(hold({ accounts }))),
      );
      expect(answers.filter(({ granted }) => granted)).toHaveLength(6);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0.4', '0', '0.6'] });
    });

    test('of another reading does not come with a reservation: what it has booked would count twice', async () => {
      const callId = await keepSettled('0.4');
      const accounts = [makeAccount({ ledger: { spentUsd: '0.4', asOfMs: 500 } })];
      expect(await store.reserve(hold({ amountUsd: '0.6', accounts }))).toEqual({ granted: true });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0.4', '0.6'] });
      const reading = { asOfMs: 500, accounts: [{ ...account, spentUsd: '0.4' }], bookedCallIds: [callId] };
      await store.reconcile(project, reading);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0.4', '0', '0.6'] });
    });

    test('as it was before never replaces what is newer, nor drops a call', async () => {
      const first = await keepSettled('0.1');
      const second = await keepSettled('0.2');
      const reading = (asOfMs: number, spentUsd: string, bookedCallIds: string[]) =>
        store.reconcile(project, { asOfMs, accounts: [{ ...account, spentUsd }], bookedCallIds });
      await reading(200, '0.1', [first]);
      await reading(199, '0', [second]);
      await reading(200, '9', [second]);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0.1', '0.2', '0'] });
      // Corrections make it smaller, too.
      await reading(201, '0.05', [second]);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0.05', '0', '0'] });
    });

    test('drops a call from those accounts whose sum has it', async () => {
      const accounts = [makeAccount(), makeAccount({ accountId: 'ada' })];
      const callId = await keepSettled('0.3', accounts);
      await store.reconcile(project, {
        asOfMs: 100,
        accounts: [{ ...account, spentUsd: '0.3' }],
        bookedCallIds: [callId],
      });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0.3', '0', '0'], 'ada 2026-11': ['0', '0.3', '0'] });
      expect(await store.takePendingCalls(project, 10)).toEqual([
        { callId, amountUsd: '0.3', ...span, accounts: [{ accountId: 'ada', windowKey: '2026-11' }] },
      ]);
      await store.settle(project, callId, { amountUsd: '0.3', ...span });
      await other.reconcile(project, {
        asOfMs: 101,
        accounts: [{ ...account, accountId: 'ada', spentUsd: '0.3' }],
        bookedCallIds: [callId],
      });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0.3', '0', '0'], 'ada 2026-11': ['0.3', '0', '0'] });
      await store.settle(project, callId, { amountUsd: '0.3', ...span });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0.3', '0', '0'], 'ada 2026-11': ['0.3', '0', '0'] });
    });

    test('of a budget that is gone is waited for no longer: its account goes, those of others keep the call', async () => {
      const gone = { accountId: 'gone', windowKey: 'total' };
      const accounts = [makeAccount(), makeAccount({ ...gone, untilMs: null })];
      const shared = await keepSettled('0.3', accounts);
      const own = await keepSettled('0.2', [makeAccount({ ...gone, untilMs: null })]);
      const drop = (callIds: string[], idleMs: number) =>
        other.dropAccounts(project, { accounts: [gone, { accountId: 'never seen', windowKey: 'x' }], callIds, idleMs });
      await drop([shared, own], hourMs);
      expect((await sums())['gone total']).toEqual(['0', '0.5', '0']);
      const open = hold({ amountUsd: '0.1', accounts: [makeAccount({ ...gone, untilMs: null })] });
      await store.reserve(open);
      await drop([shared, own, open.callId, 'never seen'], 0);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0.3', '0'], 'gone total': ['0', '0', '0.1'] });
      await store.release(project, open.callId);
      await drop([], 0);
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0', '0.3', '0'] });
      expect((await store.takePendingCalls(project, 10)).map(({ callId }) => callId)).toEqual([shared]);
    });

    test('that does not have a call yet leaves it pending, and one under way reserved', async () => {
      await keepSettled('0.3');
      const open = hold({ amountUsd: '0.2' });
      await store.reserve(open);
      await store.reconcile(project, {
        asOfMs: 100,
        accounts: [{ ...account, spentUsd: '0.1' }],
        bookedCallIds: [open.callId, 'nobody knows it'],
      });
      expect(await sums()).toEqual({ 'monthly 2026-11': ['0.1', '0.3', '0.2'] });
    });

    test('that was read by a clock far ahead is replaced by any other', async () => {
      const reading = (asOfMs: number, spentUsd: string) =>
        store.reconcile(project, { asOfMs, accounts: [{ ...account, spentUsd }], bookedCallIds: [] });
      await reading(Date.now() + hourMs, '5');
      await reading(Date.now(), '6');
      expect(await sums()).toEqual({ 'monthly 2026-11': ['6', '0', '0'] });
    });

    test('below zero gives no more to spend than there is', async () => {
      await store.reconcile(project, { asOfMs: 1, accounts: [{ ...account, spentUsd: '-3.5' }], bookedCallIds: [] });
      expect(await store.reserve(hold({ amountUsd: '1.1' }))).toEqual({
        granted: false,
        refusals: [{ accountId: 'monthly', remainingUsd: '1' }],
      });
    });

    test('is asked for those calls first that it was asked for longest ago', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 3; n += 1) {
        ids.push(await keepSettled('0.01'));
        await nextMillisecond();
      }
      const taken: (string | undefined)[] = [];
      for (let n = 0; n < 7; n += 1) {
        taken.push((await (n % 2 === 0 ? store : other).takePendingCalls(project, 1))[0]?.callId);
        await nextMillisecond();
      }
      expect(taken).toEqual([...ids, ...ids, ids[0]]);
    });
  });

  test('remembers what did not fit, as long as the account', async () => {
    await keepSettled('0.3', [makeAccount(), makeAccount({ accountId: 'ada' })]);
    const refusing = { accountId: 'ada', windowKey: '2026-11', amountUsd: '0.4' };
    const refusals = async () =>
      Object.fromEntries((await other.readAccounts(project, 10)).map(({ accountId, refused }) => [accountId, refused]));
    expect(await refusals()).toEqual({ monthly: null, ada: null });
    await store.noteRefusal(project, [refusing, { ...refusing, accountId: 'never seen' }]);
    expect(await refusals()).toEqual({
      monthly: null,
      ada: { amountUsd: '0.4', atMs: expect.closeTo(Date.now(), -4) as number },
    });
    await store.noteRefusal(project, [{ ...refusing, amountUsd: '1.5' }]);
    expect((await refusals())['ada']?.amountUsd).toBe('1.5');
  });

  test('lists the accounts that were used last first', async () => {
    for (const accountId of ['a', 'b', 'c', 'a']) {
      await store.reserve(hold({ accounts: [makeAccount({ accountId })] }));
      await nextMillisecond();
    }
    const listed = await store.readAccounts(project, 2);
    expect(listed.map(({ accountId }) => accountId)).toEqual(['a', 'c']);
    expect(listed[0]).toEqual({
      ...{ accountId: 'a', windowKey: '2026-11', refused: null },
      ...{ spentUsd: '0', asOfMs: 0, pendingUsd: '0', reservedUsd: '0.2' },
    });
  });

  test('answers a ping, and nothing after it was closed', async () => {
    const closing = await ground.open();
    await closing.ping();
    await closing.close();
    await closing.close();
    await expect(closing.ping()).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    await expect(closing.reserve(hold())).rejects.toMatchObject({ name: 'StoreUnavailableError' });
  });
});

/** Order is by the millisecond. */
async function nextMillisecond(): Promise<void> {
  const nowMs = Date.now();
  while (Date.now() <= nowMs + 1) await new Promise((resolve) => setImmediate(resolve));
}
