import { accountsPerCall } from './kept.ts';
import { nanoDown, nanoOfSum, nanoUp } from './nano-usd.ts';
import type { Hold } from './store.ts';

/** A hold as stores count it, in nano-dollars. */
export interface CheckedHold {
  amount: bigint;
  holdMs: number;
  accounts: CheckedAccount[];
}

export interface CheckedAccount {
  accountId: string;
  windowKey: string;
  limit: bigint;
  isStopping: boolean;
  untilMs: number | null;
  spent: bigint;
  asOfMs: number;
}

/** Throws for what no store could count: more than 64 accounts, one account twice, an amount below zero or above a billion. */
export function checkHold({ amountUsd, holdMs, accounts }: Hold): CheckedHold {
  if (accounts.length > accountsPerCall)
    throw new Error(`a call counts to ${accounts.length} budgets; allowed are ${accountsPerCall}`);
  const names = new Set(accounts.map(({ accountId, windowKey }) => JSON.stringify([accountId, windowKey])));
  if (names.size < accounts.length) throw new Error('a call counts to one budget account twice');
  return {
    amount: nanoUp(amountUsd),
    holdMs: Math.max(0, Math.trunc(holdMs)),
    accounts: accounts.map(({ accountId, windowKey, limitUsd, isStopping, untilMs, ledger }) => ({
      accountId,
      windowKey,
      limit: nanoDown(limitUsd),
      isStopping,
      untilMs: untilMs === null ? null : Math.trunc(untilMs),
      spent: nanoOfSum(ledger.spentUsd),
      asOfMs: ledger.asOfMs,
    })),
  };
}
