import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBudgetStore } from '../../runtime/budgets/store/open-store.ts';
import type { BudgetStore } from '../../runtime/budgets/store/store.ts';
import { formatUsd } from '../../runtime/run/money.ts';
import { makeAccount, makeHold } from './budget-stores.ts';

/**
 * What a worker did, one JSON a line. `spent` is written when the provider has answered, before the store hears of it, `gone` where
 * the store never hears of the call again.
 */
export type BudgetNote =
  | { type: 'spent'; callId: string; costUsd: string; spanId: string }
  | { type: 'settled'; callId: string }
  | { type: 'gone'; callId: string };

export interface BudgetWorkerOptions {
  settings: { redisUrl?: string; dataDir: string };
  project: string;
  /** What its calls begin with. */
  name: string;
  /** Calls at a time. */
  parallel: number;
  /** Of its account `one`; a message with a number of dollars changes it. */
  limitUsd: string;
  /** The most that a call may cost, in nano-dollars. */
  worstNanos: number;
  holdMs: number;
  notes: string;
}

const answerLimitMs = 200;
const refusedPauseMs = 200;
const repeatPauseMs = 20;

/**
 * A process that makes calls, many at a time, until it is told to stop: the provider fails, answers are lost, and a call in twenty
 * is never heard of again.
 */
async function work(options: BudgetWorkerOptions): Promise<void> {
  const { settings, parallel } = options;
  const store = await openBudgetStore({ redisUrl: settings.redisUrl, dataDir: settings.dataDir });
  const state = { limitUsd: options.limitUsd, isStopping: false };
  process.on('message', (message: string) => {
    if (message === 'stop') state.isStopping = true;
    else state.limitUsd = message;
  });
  process.send?.('ready');
  await Promise.all(
    Array.from({ length: parallel }, async (_, line) => {
      for (let n = 0; !state.isStopping; n += 1) {
        const callId = `${options.name} ${line} ${n}`;
        await call(store, { ...options, callId, limitUsd: state.limitUsd });
      }
    }),
  );
  await store.close();
  process.disconnect?.();
}

async function call(store: BudgetStore, options: BudgetWorkerOptions & { callId: string }): Promise<void> {
  const { project, callId, worstNanos, holdMs, limitUsd } = options;
  const note = (one: BudgetNote) => {
    appendFileSync(options.notes, `${JSON.stringify(one)}\n`);
  };
  const hold = makeHold(project, {
    callId,
    amountUsd: usdOf(worstNanos),
    holdMs,
    accounts: [
      makeAccount({ accountId: 'one', limitUsd }),
      makeAccount({ accountId: 'told', limitUsd: '0', isStopping: false }),
    ],
  });
  const { granted } = await repeat(() => store.reserve(hold));
  if (!granted) {
    await sleep(refusedPauseMs * (0.5 + Math.random()));
    return;
  }
  if (chance(0.1)) await repeat(() => store.reserve(hold));
  await sleep(Math.random() * answerLimitMs);
  if (chance(0.05)) {
    note({ type: 'gone', callId });
    return;
  }
  if (chance(0.1)) return repeat(() => store.release(project, callId));
  const costUsd = usdOf(1 + Math.floor((Math.random() * worstNanos) / 2));
  const spanId = `span of ${callId}`;
  note({ type: 'spent', callId, costUsd, spanId });
  if (chance(0.05)) {
    note({ type: 'gone', callId });
    return;
  }
  const settle = () => store.settle(project, callId, { amountUsd: costUsd, traceId: 'trace', spanId });
  await repeat(settle);
  note({ type: 'settled', callId });
  if (chance(0.2)) await repeat(settle);
}

async function repeat<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'StoreUnavailableError') throw error;
      await sleep(repeatPauseMs);
    }
  }
}

function chance(share: number): boolean {
  return Math.random() < share;
}

function usdOf(nanos: number): string {
  return formatUsd(BigInt(nanos) * 1000n);
}

if (import.meta.main) await work(JSON.parse(process.argv[2] ?? '') as BudgetWorkerOptions);
