import { type RuntimeBudgets, runtimeBudgets } from '../contract/budget-calls.ts';
import { ApiError } from '../contract/errors.ts';
import type { Held } from '../domain/budgets/account.ts';
import { parseAmount } from '../domain/prices/amount.ts';
import type { RuntimeClient } from '../runtime-client.ts';

/** A page does not wait longer for what calls hold. */
const answerTimeoutMs = 2_000;

/** What the runtime holds of a project's accounts beside the ledger. */
export interface HeldAccounts {
  runtime: 'answered' | 'unavailable' | 'none';
  /** Of an account in this window; of an older window nothing counts any more. */
  find: (accountId: string, windowKey: string) => Held | undefined;
  /** Accounts of a budget that hold something in this window. */
  ofBudget: (budgetId: string, windowKey: string) => string[];
  /** When it last refused a call for which this amount, of this window, was too little; undefined: not that it is known. */
  findRefusal: (accountId: string, of: { windowKey: string; amountUsd: string }) => number | undefined;
  /** Null: not known. */
  countPaused: (accountIds: (accountId: string) => boolean) => number | null;
  paused: RuntimeBudgets['paused'];
}

/** Never throws: without the runtime an account is what the ledger says. */
export async function readHeld(runtime: RuntimeClient, projectId: string): Promise<HeldAccounts> {
  if (!runtime.isConfigured) return describeHeld('none', { accounts: [], paused: [] });
  const path = `/v1/budgets?project=${encodeURIComponent(projectId)}`;
  const signal = AbortSignal.timeout(answerTimeoutMs);
  try {
    const request = { method: 'GET', path, projectId, signal } as const;
    return describeHeld('answered', await runtime.ask(request, { schema: runtimeBudgets, expected: [] }));
  } catch (error) {
    if (error instanceof ApiError) return describeHeld('unavailable', { accounts: [], paused: [] });
    throw error;
  }
}

function describeHeld(runtime: HeldAccounts['runtime'], { accounts, paused }: RuntimeBudgets): HeldAccounts {
  const byId = new Map(accounts.map((one) => [one.accountId, one]));
  return {
    runtime,
    paused,
    find: (accountId, windowKey) => {
      const held = byId.get(accountId);
      return held?.windowKey === windowKey ? held : undefined;
    },
    findRefusal: (accountId, { windowKey, amountUsd }) => {
      const held = byId.get(accountId);
      if (held?.windowKey !== windowKey || held.refused === null) return undefined;
      return parseAmount(held.refused.amountUsd) === parseAmount(amountUsd) ? held.refused.atMs : undefined;
    },
    ofBudget: (budgetId, windowKey) =>
      accounts
        .filter((one) => one.windowKey === windowKey && one.accountId.startsWith(`${budgetId}:`))
        .map(({ accountId }) => accountId),
    countPaused: (isMeant) => {
      if (runtime === 'none') return 0;
      if (runtime === 'unavailable') return null;
      return accounts.filter(({ accountId }) => isMeant(accountId)).reduce((sum, one) => sum + one.pausedSessions, 0);
    },
  };
}
