// How long do reservation and settlement of a call take, with PARALLEL (default 500) calls at a time under three budgets each?
import { randomUUID } from 'node:crypto';
import type { BudgetStore } from '../../runtime/budgets/store/store.ts';
import { budgetKinds, makeAccount, makeHold, otherBudgetKinds } from '../support/budget-stores.ts';

const parallel = Number(process.env['PARALLEL'] ?? 500);
const callsPerLine = Number(process.env['CALLS'] ?? 40);
const [threaded] = otherBudgetKinds;

console.log('store                calls/s   reserve p50 ms  p99 ms   settle p50 ms  p99 ms');
for (const { kind, start } of [...budgetKinds, threaded]) {
  const ground = await start();
  try {
    const store = await ground.open();
    await measure(store, { calls: 2 }); // warms up
    const { perSecond, reserve, settle } = await measure(store, { calls: callsPerLine });
    const figures = [at(reserve, 0.5), at(reserve, 0.99), at(settle, 0.5), at(settle, 0.99)];
    console.log([kind.padEnd(20), perSecond.toFixed(0).padEnd(9), ...figures.map((one) => one.padEnd(11))].join(' '));
  } finally {
    await ground.stop();
  }
}

async function measure(store: BudgetStore, { calls }: { calls: number }) {
  const project = randomUUID();
  const accounts = ['project', 'agent', 'user'].map((accountId) => makeAccount({ accountId, limitUsd: '1000000' }));
  const reserve: number[] = [];
  const settle: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (let n = 0; n < calls; n += 1) {
        const hold = makeHold(project, { accounts });
        reserve.push(await time(() => store.reserve(hold)));
        const settlement = { amountUsd: '0.05', traceId: 'trace', spanId: hold.callId };
        settle.push(await time(() => store.settle(project, hold.callId, settlement)));
      }
    }),
  );
  return { perSecond: (parallel * calls * 1000) / (performance.now() - began), reserve, settle };
}

async function time(call: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await call();
  return performance.now() - began;
}

function at(took: readonly number[], share: number): string {
  const sorted = took.toSorted((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
}
