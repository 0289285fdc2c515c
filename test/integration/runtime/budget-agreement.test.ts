import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BudgetStore, HeldAccount, PendingCall } from '../../../runtime/budgets/store/store.ts';
import { formatUsd, parseUsd } from '../../../runtime/run/money.ts';
import { BudgetModel } from '../../support/budget-model.ts';
import { type BudgetGround, budgetKinds, makeHold, readSums } from '../../support/budget-stores.ts';

const runs = 150;
const callsPerRun = 60;
const hourMs = 3_600_000;

/** Whole nano-dollars, up to 20 of them or of millions of dollars: sums pass limits now and then. */
const usd = fc
  .oneof(fc.nat(20), fc.constantFrom(0, 9e15, 9.1e15, 3e17))
  .map((nanos) => formatUsd(BigInt(nanos) * 1000n));
const callId = fc.nat(5).map((n) => `call ${n}`);
const window = fc.constantFrom('2026-11', '2026-12');
const account: fc.Arbitrary<HeldAccount> = fc.record({
  accountId: fc.constantFrom('project', 'agent', 'user "ada"'),
  windowKey: window,
  limitUsd: usd,
  isStopping: fc.boolean(),
  untilMs: fc.constantFrom(null, 1_000, Date.now() + hourMs),
  ledger: fc.record({ spentUsd: usd, asOfMs: fc.nat(20) }),
});
const accounts = fc.uniqueArray(account, {
  selector: ({ accountId, windowKey }) => `${accountId} ${windowKey}`,
  minLength: 1,
  maxLength: 4,
});
const reserve = fc.record({
  do: fc.constant('reserve' as const),
  callId,
  amountUsd: usd,
  holdMs: fc.constantFrom(0, hourMs),
  accounts,
});
const settle = fc.record({ do: fc.constant('settle' as const), callId, amountUsd: usd });
const release = fc.record({ do: fc.constant('release' as const), callId });
const reconcile = fc.record({
  do: fc.constant('reconcile' as const),
  asOfMs: fc.nat(20),
  accounts,
  bookedCallIds: fc.uniqueArray(callId),
});
const sweep = fc.record({ do: fc.constant('sweep' as const) });
const order = fc.oneof(
  { weight: 10, arbitrary: reserve },
  { weight: 8, arbitrary: settle },
  { weight: 3, arbitrary: release },
  { weight: 5, arbitrary: reconcile },
  { weight: 1, arbitrary: sweep },
);
type Order = typeof order extends fc.Arbitrary<infer One> ? One : never;

let grounds: BudgetGround[];
let stores: BudgetStore[];

beforeAll(async () => {
  grounds = await Promise.all(budgetKinds.map(({ start }) => start()));
  stores = await Promise.all(grounds.map((ground) => ground.open()));
});
afterAll(() => Promise.all(grounds.map((ground) => ground.stop())));

test('all stores do what is said of them, whatever they are asked', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(order, { minLength: 10, maxLength: callsPerRun, size: 'max' }), async (orders) => {
      const project = randomUUID();
      const model = new BudgetModel();
      for (const one of orders) {
        const expected = await give(model, project, one);
        const answers = await Promise.all(stores.map((store) => give(store, project, one)));
        expect(answers).toEqual(stores.map(() => expected));
        const sums = await Promise.all(stores.map((store) => readSums(store, project)));
        expect(sums).toEqual(stores.map(() => model.sums()));
      }
      const pending = await Promise.all(stores.map((store) => store.takePendingCalls(project, 100)));
      expect(pending.map(sorted)).toEqual(stores.map(() => sorted(model.pending())));
    }),
    { numRuns: runs },
  );
});

test('whatever happens, a budget is never overspent by calls whose price is known', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(order, { minLength: 10, maxLength: callsPerRun, size: 'max' }), async (orders) => {
      const limit = 40n;
      const project = randomUUID();
      const [store] = stores;
      const reserved = new Map<string, bigint>();
      for (const one of orders) {
        if (one.do === 'reserve') {
          const own = { accountId: 'one', windowKey: 'w', limitUsd: nano(limit), isStopping: true, untilMs: null };
          const hold = makeHold(project, {
            callId: one.callId,
            amountUsd: one.amountUsd,
            accounts: [{ ...own, ledger: { spentUsd: '0', asOfMs: 0 } }],
          });
          const answer = await store?.reserve(hold);
          if (answer?.granted === true && !reserved.has(one.callId)) reserved.set(one.callId, nanos(one.amountUsd));
        } else if (one.do === 'settle') {
          const most = reserved.get(one.callId) ?? 0n;
          const cost = nanos(one.amountUsd) < most ? nanos(one.amountUsd) : most;
          await store?.settle(project, one.callId, { amountUsd: nano(cost), traceId: 't', spanId: one.callId });
          if (reserved.has(one.callId) && cost === 0n) reserved.delete(one.callId);
        }
        const [sums] = Object.values(store === undefined ? {} : await readSums(store, project));
        const all = (sums ?? []).reduce((sum, part) => sum + nanos(part), 0n);
        expect(all <= limit).toBe(true);
      }
    }),
    { numRuns: runs / 3 },
  );
});

async function give(store: BudgetStore | BudgetModel, project: string, one: Order): Promise<unknown> {
  switch (one.do) {
    case 'reserve':
      return store.reserve(makeHold(project, one));
    case 'settle':
      return store.settle(project, one.callId, { amountUsd: one.amountUsd, traceId: 'trace', spanId: one.callId });
    case 'release':
      return store.release(project, one.callId);
    case 'reconcile':
      return store.reconcile(project, {
        asOfMs: one.asOfMs,
        accounts: one.accounts.map(({ accountId, windowKey, ledger }) => ({
          accountId,
          windowKey,
          spentUsd: ledger.spentUsd,
        })),
        bookedCallIds: one.bookedCallIds,
      });
    case 'sweep':
      if (store instanceof BudgetModel) store.look();
      else await store.sweep();
      return undefined;
  }
}

function sorted(calls: readonly PendingCall[]): PendingCall[] {
  const names = ({ accountId, windowKey }: { accountId: string; windowKey: string }) => `${accountId} ${windowKey}`;
  return calls
    .map((call) => ({ ...call, accounts: call.accounts.toSorted((a, b) => names(a).localeCompare(names(b))) }))
    .toSorted((a, b) => a.callId.localeCompare(b.callId));
}

function nano(amount: bigint): string {
  return formatUsd(amount * 1000n);
}

function nanos(amountUsd: string): bigint {
  return parseUsd(amountUsd) / 1000n;
}
